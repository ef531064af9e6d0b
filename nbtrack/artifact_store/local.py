"""Artifacts as plain files in a folder of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from nbtrack.artifact_store.paths import TEMPORARY, artifact_parts, shown, stays_within
from nbtrack.artifact_store.sources import checked_file, files_under
from nbtrack.artifact_store.staging import Staging, chunks_of
from nbtrack.artifact_store.store import Files
from nbtrack.base.file_digest import sha256_of
from nbtrack.base.nearest import did_you_mean
from nbtrack.errors import ArtifactNotFound, InvalidValue, OtherBytes
from nbtrack.records.runs import FileInfo


class LocalArtifacts:
    """The artifacts of one run: the files below *folder*, which the first write makes."""

    def __init__(self, folder: str | Path, *, run_id: str | None = None) -> None:
        # Absolute from the start, so that a later `%cd` does not move it.
        self.folder = Path(os.path.abspath(folder))
        self._run_id = run_id or self.folder.name

    def write(
        self, path: str, data: bytes | Iterable[bytes], *, sha256: str | None = None
    ) -> FileInfo:
        target = self._target(path)
        with Staging() as staging:
            found = self._stage(staging, target, [data] if isinstance(data, bytes) else data)
            if sha256 not in (None, found.sha256):
                raise OtherBytes
        return found

    def write_all(self, files: Mapping[str, bytes | Path]) -> Files:
        """Store *files*, by their paths, in this order: all of them or none."""
        targets = [(self._target(path), content) for path, content in files.items()]
        with Staging() as staging:
            return [self._stage(staging, target, _chunks(each)) for target, each in targets]

    def read_own_table(self, path: str) -> bytes | None:
        return self.read(path) if self.has(path) else None

    def write_own_table(self, path: str, table: bytes, images: Mapping[str, bytes]) -> Files:
        return self.write_all({**images, path: table})

    def link_all(self, files: Mapping[str, Path]) -> None:
        """Store artifacts of another run here too, without their bytes where the disk allows it:
        no artifact is ever changed in place."""
        targets = [(self._target(path), source) for path, source in files.items()]
        with Staging() as staging:
            for target, source in targets:
                staging.link(target, source)

    def add_file(self, local_path: str | Path, artifact_path: str | None = None) -> Files:
        """Copy a file, or a folder with its name, into the folder *artifact_path*."""
        source = Path(os.path.abspath(local_path))
        path = _below(artifact_path, source.name)
        if source.is_dir():
            return self.add_folder(source, path)
        return self._copy([(path, checked_file(source))])

    def add_folder(self, local_dir: str | Path, artifact_path: str | None = None) -> Files:
        """Copy what *local_dir* holds into the folder *artifact_path*: all of it or nothing.

        A symlink that leads out of *local_dir* is an error; nbtrack's own project folders are left
        out, so that `"."` can be logged.
        """
        found = files_under(Path(os.path.abspath(local_dir)), without=self.folder)
        return self._copy([(_below(artifact_path, path), file) for path, file in found])

    def _copy(self, sources: Sequence[tuple[str, Path]]) -> Files:
        """Files, and folders that are empty."""
        # Lists: every path is checked before the first byte is written.
        checked = [(self._target(path), file) for path, file in sources if not file.is_dir()]
        folders = [self._folder_target(path) for path, file in sources if path and file.is_dir()]
        with Staging() as staging:
            for folder in folders:
                staging.make(folder)
            return [self._stage(staging, target, chunks_of(file)) for target, file in checked]

    def _folder_target(self, path: str) -> Path:
        """Where the folder *path* may be made: neither outside, nor on a file, nor below one."""
        target = self._located(path)
        if not next(level for level in (target, *target.parents) if level.exists()).is_dir():
            raise InvalidValue(f"Artifact path {shown(path)} goes through a file, or is one.")
        return target

    def _target(self, path: str) -> Path:
        """Where *path* may be written: neither outside, nor on a folder, nor below a file."""
        target = self._located(path)
        if target.is_dir() or target == self.folder:
            raise InvalidValue(f"Artifact path {shown(path)} names a folder; add a file name.")
        parent = next(level for level in target.parents if level.exists())
        if not parent.is_dir():
            raise InvalidValue(
                f"Artifact path {shown(path)} goes through {str(parent)!r}, which is a file."
            )
        return target

    def _stage(self, staging: Staging, target: Path, chunks: Iterable[bytes]) -> FileInfo:
        size, digest = staging.add(target, chunks)
        return FileInfo(path=self._relative(target), is_dir=False, file_size=size, sha256=digest)

    def list(self, path: str | None = None) -> Files:
        """One level, sorted, without digests; for a file or a missing path an empty list."""
        return self._level(self._place(path))

    def walk(self, path: str | None = None) -> Iterator[FileInfo]:
        """Every file, at any depth, without digests; with *path*, those below that folder."""
        return self._files_below(self._place(path))

    def _files_below(self, folder: Path) -> Iterator[FileInfo]:
        for info in self._level(folder):
            below = self.folder / info.path
            if not info.is_dir:
                yield info
            elif not below.is_symlink():  # what it leads to has its own place in the walk
                yield from self._files_below(below)

    def _level(self, folder: Path) -> Files:
        if not folder.is_dir():
            return []
        with os.scandir(folder) as entries:
            found = [self._info(entry) for entry in entries if self._is_listed(entry)]
        return sorted(found, key=lambda info: info.path)

    def _is_listed(self, entry: os.DirEntry[str]) -> bool:
        if entry.name.startswith(TEMPORARY):
            return False
        if entry.is_symlink():  # Path.exists() is False for a link to itself; entry would raise
            return stays_within(file := Path(entry.path), self.folder) and file.exists()
        return entry.is_file() or entry.is_dir()

    def _info(self, entry: os.DirEntry[str]) -> FileInfo:
        is_dir = entry.is_dir()
        size = None if is_dir else entry.stat().st_size
        return FileInfo(path=self._relative(Path(entry.path)), is_dir=is_dir, file_size=size)

    def has(self, path: str) -> bool:
        return self._place(path).exists()

    def read(self, path: str) -> bytes:
        return self._existing_file(path).read_bytes()

    def sha256(self, path: str) -> str:
        """The digest of what the file holds now, read afresh."""
        return sha256_of(self._existing_file(path))

    def _existing_file(self, path: str) -> Path:
        file = self.path_of(path)
        if file.is_dir():
            raise InvalidValue(
                f"Artifact {shown(path)} is a folder. Download it, or name a file in it."
            )
        return file

    def path_of(self, path: str | None = None) -> Path:
        """The file or folder that holds the artifact now; without *path*, the run's folder."""
        place = self._place(path)
        if not place.exists():
            there = (info.path for info in self.walk())
            raise ArtifactNotFound(path or "", self._run_id, did_you_mean(path, there))
        return place

    def download(self, path: str | None = None, dst: str | Path | None = None) -> Path:
        """The artifact's own path; with *dst*, that of a copy in it: `dst/name`, as in MLflow 3."""
        source = self.path_of(path)
        if dst is None:
            return source
        folder = _made_folder(dst)
        above = source if source == self.folder else source.parent
        copy = folder / source.relative_to(above)
        files = [self.folder / path for path in self._paths_of_files(source)]
        with Staging() as staging:
            for file in files:
                staging.copy(folder / file.relative_to(above), file)
        for below in self._folders_from(source):
            (folder / below.relative_to(above)).mkdir(parents=True, exist_ok=True)
        return copy

    def _folders_from(self, place: Path) -> Iterator[Path]:
        """*place* and all that is below it, if it is a folder."""
        if place.is_dir():
            yield place
            for info in self._level(place):
                if info.is_dir and not (below := self.folder / info.path).is_symlink():
                    yield from self._folders_from(below)

    def _paths_of_files(self, place: Path) -> Sequence[str]:
        if place.is_dir():
            return [info.path for info in self._files_below(place)]
        return [self._relative(place)]

    def delete(self, path: str | None = None) -> None:
        """Remove a file or folder; without *path* the run's whole folder, if it is there."""
        from shutil import rmtree  # it loads the compression libraries

        # An empty path is refused: it is more often a mistake than a wish to lose everything.
        place = self.folder if path is None else self._located(path.rstrip("/") or path)
        if place == self.folder:
            self._refuse_to_empty_a_home()
            if place.exists():
                rmtree(place)
        elif place.is_symlink() or place.is_file():
            place.unlink()
        else:
            rmtree(self.path_of(path))

    def adopt(self) -> None:
        """It is there."""

    def _refuse_to_empty_a_home(self) -> None:
        """An artifact location comes from a record; a wrong one must not cost somebody's work."""
        for name, precious in (("home", os.path.expanduser("~")), ("working", ".")):
            if stays_within(Path(precious), self.folder):
                raise InvalidValue(
                    f"{str(self.folder)!r} holds your {name} folder and is not deleted as the "
                    f"artifact folder of run {self._run_id}. Remove it by hand if you mean it."
                )

    def _place(self, path: str | None) -> Path:
        """As `_located`, for reading: no path is the run's folder, a slash may end a folder."""
        if not path:
            return self.folder
        return self._located(path.rstrip("/") or path)

    def _located(self, path: str) -> Path:
        place = self.folder.joinpath(*artifact_parts(path))
        if not stays_within(place, self.folder):
            raise InvalidValue(
                f"Artifact path {shown(path)} leads out of the artifact folder of run "
                f"{self._run_id} through a symlink. Log the file itself instead."
            )
        return place

    def _relative(self, place: Path) -> str:
        return place.relative_to(self.folder).as_posix()


def _chunks(content: bytes | Path) -> Iterable[bytes]:
    return [content] if isinstance(content, bytes) else chunks_of(checked_file(content))


def _below(folder: str | None, path: str) -> str:
    return "/".join((*artifact_parts(folder), *([path] if path else []))) if folder else path


def _made_folder(path: str | Path) -> Path:
    folder = Path(os.path.abspath(path))
    if folder.exists() and not folder.is_dir():
        raise InvalidValue(f"Cannot download into {str(folder)!r}: it is not a folder.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
