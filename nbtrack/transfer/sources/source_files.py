"""The files of a run or a logged model of the source: where they are, and copying them.

A store is data from somebody: a place in it is looked into only if it is one that MLflow makes for
that very run, so that no store makes us copy a home folder; links that lead out are not followed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbtrack.artifact_store.local import LocalArtifacts
from nbtrack.artifact_store.paths import SCHEME, folder_of, stays_within
from nbtrack.artifact_store.sources import checked_file
from nbtrack.base.file_digest import sha256_of
from nbtrack.errors import NbtrackError, StoreError
from nbtrack.records.runs import FileInfo
from nbtrack.transfer.sources.source_records import FoundFiles, SourceFile

_END = "artifacts"
_SERVED = "mlartifacts"  # where `mlflow server` keeps what it hands out, if nobody says otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """*folder* None: nothing can be copied, and if there is a *trouble*, that is why."""

    folder: Path | None = None
    trouble: str = ""


class MlflowReader:
    """What the readers of MLflow's stores have in common."""

    kind = "mlflow"
    _folder: str  # relative places are below it

    def notes(self) -> Sequence[str]:
        return ()

    def files(self, artifact_uri: str, owner: str) -> FoundFiles:
        near = self._near(artifact_uri, owner)
        place = _find(artifact_uri, owner, below=self._folder, near=near)
        files = None if place.folder is None else dict(list_files(place.folder))
        return FoundFiles(files=files, trouble=place.trouble)

    def _near(self, artifact_uri: str, owner: str) -> Iterable[str]:
        """Folders in which they are if the store was moved."""
        raise NotImplementedError


def _find(artifact_uri: str, owner: str, *, below: str, near: Iterable[str]) -> Place:
    scheme = SCHEME.match(artifact_uri)
    is_local = scheme is None or scheme[1].lower() == "file"
    try:
        said = [Path(below) / folder_of(artifact_uri)] if is_local and artifact_uri else []
    except NbtrackError as exc:
        return Place(trouble=str(exc))
    said = [Path(os.path.normpath(each)) for each in said]
    # Beside the store first: of a copy, the address is that of the other one.
    folders = [*(Path(os.path.normpath(each)) for each in near), *said]
    for folder in folders:
        if folder.is_dir() and folder.parts[-2:] == (owner, _END) and not is_linked(folder):
            return Place(folder=folder)
    if not is_local and not _is_served_here(artifact_uri, folders):
        return Place(trouble=f"its files are at a {scheme and scheme[1]}: address, not here")
    if any(folder.is_dir() for folder in said):
        return Place(trouble=f"its files are said to be in {str(said[0])!r}, no folder of MLflow's")
    # MLflow makes the folders with the first file: those that are not there may never have been.
    roots = [folder.parents[2] for folder in folders if len(folder.parents) > 2]
    if roots and not any(root.is_dir() for root in roots):
        return Place(trouble=f"{str(roots[-1])!r} is not here, where its files were, if it had any")
    return Place()


def _is_served_here(artifact_uri: str, near: Iterable[Path]) -> bool:
    """The server keeps files of such an address beside the store, in a folder that is there."""
    above = (parent for folder in near for parent in folder.parents)
    is_there = any(parent.name == _SERVED and parent.is_dir() for parent in above)
    return is_there and artifact_uri.startswith("mlflow-artifacts:")


def is_linked(folder: Path) -> bool:
    return folder.is_symlink() or folder.parent.is_symlink()


def list_files(folder: Path) -> Iterator[tuple[str, Path | str]]:
    """Every file below *folder*, by its path there, or in words why it is left out."""
    unread: list[OSError] = []
    for level, folders, names in os.walk(folder, onerror=unread.append):
        folders.sort()
        for name in sorted([*names, *(f for f in folders if Path(level, f).is_symlink())]):
            file = Path(level, name)
            path = file.relative_to(folder).as_posix()
            if file.is_symlink() and not (stays_within(file, folder) and file.is_file()):
                yield path, "a link that leads elsewhere"
            else:
                yield path, file
    for exc in unread:
        yield Path(os.fsdecode(exc.filename)).relative_to(folder).as_posix(), str(exc.strerror)


def stamp_of(files: Mapping[str, SourceFile]) -> str:
    """Another one as soon as a file is added, is gone, or was written."""
    return hashlib.sha256(
        json.dumps([(path, _facts(file)) for path, file in sorted(files.items())]).encode()
    ).hexdigest()


def _facts(file: SourceFile) -> tuple[object, ...]:
    try:
        found = os.stat(file) if isinstance(file, Path) else None
    except OSError:
        found = None
    return () if found is None else (found.st_size, found.st_mtime_ns, found.st_ino)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """*files* are all that are in the source, *written* those that were not here; *missing* says
    of each path why it could not be copied."""

    files: Mapping[str, FileInfo]
    written: tuple[FileInfo, ...]
    missing: Mapping[str, str]


def copy_files(
    found: Mapping[str, SourceFile], target: LocalArtifacts, *, known: Mapping[str, str]
) -> Copied:
    """Each file that is not *known*, {path: sha256}, to be here as it is there. Raises StoreError
    if whoever serves them goes away."""
    files: dict[str, FileInfo] = {}
    written, missing = [], {}
    for path, file in found.items():
        try:
            info = _copy(path, file, target, known.get(path))
        except StoreError:
            raise
        except (NbtrackError, OSError) as exc:
            if isinstance(exc, OSError) and not _is_of(exc, file):
                raise  # our own disk is full, or read-only
            missing[path] = exc.strerror or str(exc) if isinstance(exc, OSError) else str(exc)
            continue
        files[info.path] = info
        if known.get(path) != info.sha256:
            written.append(info)
    return Copied(files=files, written=tuple(written), missing=missing)


def _copy(path: str, file: SourceFile, target: LocalArtifacts, known: str | None) -> FileInfo:
    if isinstance(file, str):
        raise OSError(0, file, path)
    if not isinstance(file, Path):
        return target.write(path, file.chunks())
    checked_file(file)
    if known is not None and known == (sha256 := sha256_of(file)):
        return FileInfo(path=path, is_dir=False, file_size=file.stat().st_size, sha256=sha256)
    with open(file, "rb", buffering=0):
        """What cannot be opened is the source's fault, whatever name the error has later."""
    return target.write_all({path: file})[0]


def _is_of(exc: OSError, file: SourceFile) -> bool:
    named = [os.fsdecode(n) for n in (exc.filename, exc.filename2) if n is not None]
    return isinstance(file, str) or str(file) in named
