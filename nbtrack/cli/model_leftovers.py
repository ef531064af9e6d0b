"""Copies of models that no registered version has: of deleted ones, and of killed processes."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nbtrack.artifact_store.paths import TEMPORARY
from nbtrack.artifact_store.paths import folder_of as folder_of_uri
from nbtrack.cli.leftovers import SETTLED_SECONDS
from nbtrack.errors import RegistryBroken
from nbtrack.records.registry import EventKind, RegistryQuery
from nbtrack.stores.store import Store

_MODEL = re.compile(r".+-[0-9]+")  # as `model_registry.copies.place_of` makes them
_VERSION = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCopy:
    """*age_seconds*: since anything in it, or its name, was changed."""

    folder: Path
    size: int
    age_seconds: float
    is_unfinished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelGarbage:
    """*strangers* may be of a database that was moved away or replaced: they stay."""

    copies: list[StoredCopy]
    strangers: list[StoredCopy]


def model_garbage(store: Store) -> ModelGarbage:
    """What could go now. Raises StoreError."""
    stored = list(_stored(folder_of_uri(store.models_uri)))  # before the records
    live, deleted = places_of_versions(store)
    is_whole = _fits_its_note(store)
    copies: list[StoredCopy] = []
    strangers: list[StoredCopy] = []
    for copy in stored:
        place = f"{copy.folder.parent.name}/{copy.folder.name}"
        if place in live:
            continue
        if place in deleted or (copy.is_unfinished and copy.age_seconds > SETTLED_SECONDS):
            copies.append(copy)
        elif not copy.is_unfinished and copy.age_seconds > SETTLED_SECONDS:
            (copies if is_whole else strangers).append(copy)
    return ModelGarbage(copies=copies, strangers=strangers)


def remove_copies(copies: list[StoredCopy]) -> None:
    for copy in copies:
        shutil.rmtree(copy.folder, ignore_errors=True)
        with suppress(OSError):  # another version is in it
            if not copy.is_unfinished:
                copy.folder.parent.rmdir()


def places_of_versions(store: Store) -> tuple[set[str], set[str]]:
    """Where the copies of versions are that there are, and of those that were deleted."""
    alive = {v.event_number for v in store.search_model_versions(RegistryQuery())}
    live: set[str] = set()
    deleted: set[str] = set()
    for event in store.registry_events():
        if event.kind == EventKind.VERSION_CREATED:
            place = str(json.loads(event.details).get("place"))
            (live if event.n in alive else deleted).add(place)
    return live, deleted - live


def _fits_its_note(store: Store) -> bool:
    """Whether the events are surely all there: else a copy may be the last of its version."""
    try:
        noted = store.noted_registry_head()
    except RegistryBroken:
        return False
    if noted is None:
        return False
    return any(event.hash == noted.hash for event in store.registry_events(n=noted.number))


def _stored(root: Path) -> Iterator[StoredCopy]:
    for model in _folders(root):
        if model.name.startswith(TEMPORARY):
            yield _copy(model, is_unfinished=True)
        elif _MODEL.fullmatch(model.name):
            for version in _folders(model):
                is_unfinished = version.name.startswith(TEMPORARY)
                if is_unfinished or _VERSION.fullmatch(version.name):
                    yield _copy(version, is_unfinished=is_unfinished)


def _folders(root: Path) -> list[Path]:
    try:
        with os.scandir(root) as entries:
            return sorted(Path(e.path) for e in entries if e.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return []


def _copy(folder: Path, *, is_unfinished: bool) -> StoredCopy:
    size, newest = 0, 0.0
    for place, _, names in os.walk(folder):
        for path in (Path(place), *(Path(place, name) for name in names)):
            facts = path.lstat()
            newest = max(newest, facts.st_mtime)
            size += 0 if path.is_dir() else facts.st_size
    # When a folder is renamed into its place, its own ctime says so.
    newest = max(newest, folder.lstat().st_ctime)
    return StoredCopy(
        folder=folder, size=size, age_seconds=time.time() - newest, is_unfinished=is_unfinished
    )
