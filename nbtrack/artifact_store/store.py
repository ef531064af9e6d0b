"""`ArtifactStore`: what the rest of nbtrack knows of where the files of a run live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypeAlias

from nbtrack.records.runs import FileInfo

# An alias, because inside the classes below the name `list` is a method.
Files: TypeAlias = list[FileInfo]


class ArtifactStore(Protocol):
    """The artifacts of one run. Paths are relative, with forward slashes.

    A wrong path raises InvalidValue, a missing artifact ArtifactNotFound; a full disk or a
    read-only folder stays the OSError it is, with nothing half-written.
    """

    def write(
        self, path: str, data: bytes | Iterable[bytes], *, sha256: str | None = None
    ) -> FileInfo:
        """Store *data*, whole or in pieces, under *path*, in place of what was there. Raises
        OtherBytes, and changes nothing, if it is not what has the digest *sha256*."""

    def write_all(self, files: Mapping[str, bytes | Path]) -> Files:
        """Store *files*, by their paths, in this order: all of them or none."""

    def read_own_table(self, path: str) -> bytes | None:
        """The table to which rows that are logged on this machine are added; None: it is new."""

    def write_own_table(self, path: str, table: bytes, images: Mapping[str, bytes]) -> Files:
        """The same with more rows, and the *images* that they show: all of it or nothing."""

    def link_all(self, files: Mapping[str, Path]) -> None:
        """Store artifacts of another run here too, by their paths: all of them or none."""

    def add_file(self, local_path: str | Path, artifact_path: str | None = None) -> Files:
        """Copy a file, or a folder with its name, into the folder *artifact_path*."""

    def add_folder(self, local_dir: str | Path, artifact_path: str | None = None) -> Files:
        """Copy what *local_dir* holds into the folder *artifact_path*: all of it or nothing."""

    def list(self, path: str | None = None) -> Files:
        """One level, sorted; folders without a size. Nothing there: an empty list."""

    def walk(self, path: str | None = None) -> Iterator[FileInfo]:
        """Every file, at any depth; with *path*, those below that folder."""

    def has(self, path: str) -> bool:
        """Whether there is such a file or folder."""

    def read(self, path: str) -> bytes: ...

    def download(self, path: str | None = None, dst: str | Path | None = None) -> Path:
        """A local path to the artifact; with *dst*, a copy in it, `dst/name`."""

    def delete(self, path: str | None = None) -> None:
        """Remove a file or folder; without *path*, everything."""

    def sha256(self, path: str) -> str:
        """The digest of what is stored now, read afresh."""

    def adopt(self) -> None:
        """What somebody has moved into its folder is stored, all of it."""
