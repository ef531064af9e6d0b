"""What tells, without a look into the database file, whether anything can have changed.

Read in this order: how far the journals are, whose process has died (that writes nothing, and
turns its runs into KILLED ones), and last the file. Whoever finds them all as they were at an
earlier cut knows that at the first of these looks the project was as it was at that cut: a line
that is folded away afterwards has changed the file first.

As fresh as the file system's answers are: one that is shared between machines may keep sizes and
times of another machine's files for seconds, of journals as of the database.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from nbtrack.stores.local.attachment import stamp, wal_of

# A file may be written twice within one tick of its file system's clock, and look the same.
TICK_SECONDS = 0.03  # Linux: 1-10 ms
COARSE_TICK_SECONDS = 2.5  # where all times are whole seconds
_MOST_STAMPS = 100

FileStamp = tuple[object, object]


class Signs(NamedTuple):
    sizes: dict[str, int]  # bytes by segment
    own_lines: str  # of this process, that no disk takes
    dead: tuple[str, ...]  # writers whose runs nobody has ended yet
    file: FileStamp


class OwnFolds:
    """Stamps of the file between which only this process wrote it, and only added rows."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamps: tuple[FileStamp, ...] = ()

    def look(self) -> FileStamp:
        """While the file is held: nobody else can write it."""
        return stamp(self._file), stamp(wal_of(self._file))

    def note(self, before: FileStamp, after: FileStamp) -> None:
        """A fold between two looks in one hold of the file."""
        earlier = self._stamps if before in self._stamps[-1:] else (before,)
        self._stamps = (*earlier, after)[-_MOST_STAMPS:]

    def lead(self, before: FileStamp, after: FileStamp, *, is_settled: bool) -> bool:
        """From *before* to *after*; *is_settled*: a write after *before* would surely show.

        It need not be for a stamp that a fold left: whoever changes rows by hand then has to take
        the file first, which takes longer than a tick of its clock, if that ticks no seconds.
        """
        stamps = self._stamps
        if before not in stamps or after not in stamps or _is_coarse(after):
            return False
        is_left_by_fold = stamps.index(before) > 0
        return (is_settled or is_left_by_fold) and stamps.index(before) < stamps.index(after)


class FileWatch:
    """Tells a file that surely is unchanged from one that only looks so."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[FileStamp, float] | None = None

    def look(self) -> FileStamp:
        """Of the file, and of what a process that died left in the log beside it."""
        found = stamp(self._file), stamp(wal_of(self._file))
        if self._seen is None or self._seen[0] != found:
            self._seen = found, time.monotonic()
        return found

    def is_settled(self, found: FileStamp) -> bool:
        """Whether a later write must show in the stamp. Asked while nobody can write.

        The clock that files are stamped with has ticked since this stamp was seen first.
        """
        if self._seen is None or self._seen[0] != found:
            return False
        return time.monotonic() - self._seen[1] >= _tick(found)


def _tick(found: FileStamp) -> float:
    return COARSE_TICK_SECONDS if _is_coarse(found) else TICK_SECONDS


def _is_coarse(found: FileStamp) -> bool:
    times = [nanoseconds for each in found if isinstance(each, tuple) for nanoseconds in each[-2:]]
    return bool(times) and all(each % 1_000_000_000 == 0 for each in times)
