"""The registry's own copies of models.

A copy is made in a folder of its own, checked, and brought to the disk, before anything is
recorded; under the lock it is renamed into its place, and then the version is recorded. A process
that dies in between leaves a folder that no event names: `nbtrack gc` removes it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbtrack.artifact_store.paths import TEMPORARY
from nbtrack.base.locks import make_shared_folder, to_disk
from nbtrack.errors import ModelNotFound
from nbtrack.models.digests import check_files, files_in, folder_digest
from nbtrack.models.mlmodel_file import FILE_NAME
from nbtrack.models.model_place import ModelPlace
from nbtrack.models.registered_places import copies_folder
from nbtrack.stores.store import Store

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """*files* is {path in the folder: sha256}."""

    folder: Path
    files: Mapping[str, str]

    @property
    def digest(self) -> str:
        return folder_digest(self.files)


def place_of(name: str, model_key: int, version: int) -> str:
    """Where a version's copy is kept; it stays there when the model is renamed."""
    readable = _UNSAFE.sub("_", name).strip("._")[:40]
    return f"{readable or 'model'}-{model_key}/{version}"


@contextmanager
def staged_copy(store: Store, source: ModelPlace) -> Iterator[Copy]:
    """A checked copy, on the disk; it is gone after the block unless it was moved away.

    Raises ModelNotFound if there is no MLmodel, ModelChanged if the files are not those recorded.
    """
    if not (source.folder / FILE_NAME).is_file():
        raise ModelNotFound(
            f"There is no model in {str(source.folder)!r}: it has no file {FILE_NAME}."
        )
    place = copies_folder(store)
    make_shared_folder(place)
    staging = place / f"{TEMPORARY}{os.urandom(8).hex()}"
    try:
        if source.recorded is not None:
            check_files(source.folder, source.recorded)
        files = dict(source.recorded or files_in(source.folder))
        _copy(source.folder, staging, files)
        check_files(staging, files)
        yield Copy(folder=staging, files=files)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _copy(source: Path, target: Path, files: Mapping[str, str]) -> None:
    folders = {target}
    for path in files:
        file = target / path
        make_shared_folder(file.parent)
        folders.update(level for level in file.parents if level.is_relative_to(target))
        shutil.copyfile(source / path, file)
        to_disk(file)
    for folder in folders:
        to_disk(folder)
