"""Files and folders of an export: each appears whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbtrack.artifact_store.staging import Staging, chunks_of
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.base.file_digest import sha256_of
from nbtrack.base.locks import held, holder_of
from nbtrack.base.whole_folders import put_in_place
from nbtrack.errors import InvalidValue, NbtrackError, StoreBusy

MARK = ".nbtrack-export"  # a file in what we wrote; MLflow looks at folders alone
_LONGEST_NAME = 255  # bytes of a file's name


class ExportFolder:
    """A folder that is ours to write; folders in it are made beside it, and renamed into it."""

    def __init__(self, folder: Path, beside: Path) -> None:
        self.folder, self._beside = folder, beside
        self._number = 0

    def new_folder(self) -> Path:
        made = self._free_place()
        made.mkdir()
        return made

    def put(self, made: Path, target: Path) -> None:
        """*made* becomes *target*; killed in between, it is missing, and the next export makes it
        again."""
        target.parent.mkdir(parents=True, exist_ok=True)
        put_in_place(made, target, self._free_place())

    def _free_place(self) -> Path:
        self._number += 1
        return self._beside / str(self._number)


@contextmanager
def export_folder(folder: Path) -> Iterator[ExportFolder]:
    """*folder*, made if it is not there. Raises InvalidValue if something else is in it, StoreBusy
    if another export is at it."""
    mark = folder / MARK
    if folder.exists() and not mark.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidValue(
            f"{str(folder)!r} is there, and not from an export of nbtrack; name a new folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with held(mark) as is_ours:
        if not is_ours:
            raise StoreBusy(f"{mark} is held by {holder_of(mark)}: another export is at it.")
        beside = folder.parent / f".{folder.name}.exporting"
        shutil.rmtree(beside, ignore_errors=True)  # of one that was killed
        beside.mkdir()
        try:
            yield ExportFolder(folder, beside)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def noted(folder: Path) -> dict[str, Any]:
    """What `note` left in a folder; {} if it did not."""
    try:
        found = json.loads((folder / MARK).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def note(folder: Path, **facts: Any) -> None:
    (folder / MARK).write_text(json.dumps(facts), encoding="utf-8")


def write_whole(file: Path, text: str) -> None:
    with Staging() as staging:
        staging.add(file, [text.encode()])


def write_texts(folder: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """A file per key; a slash in one is a folder. What cannot be a file, and why."""
    refused: dict[str, str] = {}
    for key, text in texts.items():
        place = folder.joinpath(*key.split("/"))
        if why := _not_a_file(key):
            refused[key] = why
            continue
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            refused[key] = "another key is the beginning of its name, and would be its folder"
    return refused


def _not_a_file(key: str) -> str:
    parts = key.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        return "no file can have this name"
    if any(len(part.encode()) > _LONGEST_NAME for part in parts):
        return f"a part of its name has more than {_LONGEST_NAME} bytes"
    return ""


def copy_out(
    artifacts: ArtifactStore, paths: Iterable[str], target: Path, *, link_from: Path | None = None
) -> tuple[dict[str, str], dict[str, str]]:
    """{path: sha256} of what is in *target* then, and why the others are not. With *link_from*,
    equal files there have a second name in *target* instead of a second place on the disk."""
    copied, missing = {}, {}
    for path in paths:
        place = target.joinpath(*path.split("/"))
        try:
            source = artifacts.download(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            copied[path] = _copy(source, place, link_from and link_from.joinpath(*path.split("/")))
        except NbtrackError as exc:
            missing[path] = str(exc)
    return copied, missing


def renew_file(artifacts: ArtifactStore, path: str, target: Path, known: str | None) -> str:
    """*target* is the artifact then; one that has the digest *known* is left as it is. Else, why
    it is not."""
    try:
        if known is not None and target.is_file() and sha256_of(target) == known:
            return ""
        source = artifacts.download(path)
    except NbtrackError as exc:
        return str(exc)
    with Staging() as staging:
        staging.add(target, chunks_of(source))
    return ""


def _copy(source: Path, target: Path, twin: Path | None) -> str:
    digest = sha256_of(source)
    if twin is not None and twin.is_file() and sha256_of(twin) == digest:
        try:
            os.link(twin, target)
            return digest
        except OSError:  # a disk without second names
            pass
    shutil.copyfile(source, target)
    return digest
