"""Files that appear whole, all together or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import IO

from nbtrack.artifact_store.paths import TEMPORARY
from nbtrack.errors import InvalidValue

CHUNK = 1 << 20  # bytes: one MiB in memory, whatever the size of the file


class Staging:
    """Writes files under temporary names beside their targets; a clean exit renames them.

    Any exception before that (a full disk, an interrupt) leaves the targets as they were. No
    fsync: an artifact survives the process, as every other record does, not a power cut.
    """

    def __init__(self) -> None:
        self._pending: list[tuple[Path, Path]] = []
        self._folders: list[Path] = []

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._publish()
        finally:
            self._discard()

    def add(self, target: Path, chunks: Iterable[bytes]) -> tuple[int, str]:
        """Write *chunks* for *target*; return their size in bytes and their sha256."""
        temporary = target.with_name(f"{TEMPORARY}{os.urandom(8).hex()}")
        digest, size = hashlib.sha256(), 0
        with _errors_naming(target, instead_of=temporary):
            self.make(target.parent)
            self._pending.append((temporary, target))
            with open(temporary, "xb", buffering=0) as file:
                for chunk in chunks:
                    digest.update(chunk)
                    _write_all(file.fileno(), chunk)
                    size += len(chunk)
        return size, digest.hexdigest()

    def copy(self, target: Path, source: Path) -> None:
        """By the operating system, unread."""
        from shutil import copyfile  # it loads the compression libraries

        temporary = target.with_name(f"{TEMPORARY}{os.urandom(8).hex()}")
        with _errors_naming(target, instead_of=temporary):
            self.make(target.parent)
            self._pending.append((temporary, target))
            copyfile(source, temporary)

    def link(self, target: Path, source: Path) -> None:
        """Another name for *source*; on a disk that has no such names, a copy."""
        temporary = target.with_name(f"{TEMPORARY}{os.urandom(8).hex()}")
        self.make(target.parent)
        try:
            os.link(source, temporary)
        except OSError:
            self.add(target, chunks_of(source))
        else:
            self._pending.append((temporary, target))

    def make(self, folder: Path) -> None:
        """A folder that is taken back with the rest."""
        missing = takewhile(lambda level: not level.exists(), (folder, *folder.parents))
        self._folders.extend(reversed(list(missing)))
        folder.mkdir(parents=True, exist_ok=True)

    def _publish(self) -> None:
        placed: list[tuple[Path, Path | None]] = []
        is_one = len(self._pending) == 1  # there or not there, and nothing to undo
        try:
            for temporary, target in self._pending:
                with _errors_naming(target, instead_of=temporary):
                    placed.append((target, None if is_one else _set_aside(target)))
                    os.replace(temporary, target)
        except BaseException:
            for target, before in reversed(placed[:-1]):
                _put_back(target, before)
            raise
        finally:
            for _, before in placed:
                if before is not None:
                    before.unlink(missing_ok=True)
        self._pending.clear()
        self._folders.clear()

    def _discard(self) -> None:
        for temporary, _ in self._pending:
            with suppress(OSError):
                temporary.unlink()
        for folder in reversed(self._folders):
            with suppress(OSError):  # somebody else has put a file there
                folder.rmdir()


def _set_aside(target: Path) -> Path | None:
    """Another name for the file that is to be replaced; None if there is none."""
    before = target.with_name(f"{TEMPORARY}{os.urandom(8).hex()}")
    try:
        os.link(target, before, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return before


def _put_back(target: Path, before: Path | None) -> None:
    with suppress(OSError):
        if before is None:
            target.unlink()
        else:
            os.replace(before, target)


def _write_all(descriptor: int, data: bytes) -> None:
    """A write may stop short on a nearly full disk; the next one then says why."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


@contextmanager
def _errors_naming(target: Path, *, instead_of: Path) -> Iterator[None]:
    """Let an OSError name the artifact; a full disk names no file, open names the temporary."""
    try:
        yield
    except OSError as exc:
        if exc.filename not in (None, str(instead_of)):
            raise
        raise OSError(exc.errno, exc.strerror, str(target)) from exc


def chunks_of(file: Path) -> Iterator[bytes]:
    with open(file, "rb", buffering=0) as source:
        while chunk := source.read(CHUNK):
            yield chunk


def chunks_of_stream(stream: IO[bytes]) -> Iterator[bytes]:
    """Raises InvalidValue for a stream of text."""
    while chunk := stream.read(CHUNK):
        if not isinstance(chunk, bytes | bytearray | memoryview):
            raise InvalidValue(f"The stream gives {type(chunk).__name__}; open it in binary mode.")
        yield bytes(chunk)
