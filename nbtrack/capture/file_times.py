"""Tell from the times of files whether packages or a working tree may have changed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

from nbtrack.capture.git import GitFiles
from nbtrack.capture.packages import package_folders

SWEEP_SECONDS = 0.02  # on a network file system, looking at all files may take much longer
MAX_SLOW_SWEEPS = 3

Times = tuple[tuple[int, int, int] | None, ...]


class PackageTimes:
    """Whether something was installed, or sys.path changed, since this was made."""

    def __init__(self) -> None:
        self._path = tuple(sys.path)
        self._folders = package_folders()
        self._times = times_of(self._folders)

    def changed(self) -> bool:
        return self._path != tuple(sys.path) or self._times != times_of(self._folders)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    control_changed: bool = False  # HEAD, a ref or the index: the list of files is old too
    changed: GitTimes | None = None  # the new times, if a tracked file changed
    unsure: bool = False  # tracked files were too many or too slow to look at


class GitTimes:
    """Whether HEAD, the index or a tracked file changed since this was made."""

    def __init__(self, files: GitFiles) -> None:
        self._files = files
        self._control = times_of(files.control)
        self._tracked = None if files.tracked is None else times_of(files.tracked)
        self._slow_sweeps = 0

    def look(self) -> Look:
        if self._control != times_of(self._files.control):
            return Look(control_changed=True)
        now = self._sweep()
        if now is None:
            return Look(unsure=True)
        return Look(changed=None if now == self._tracked else self._with(now))

    def _sweep(self) -> Times | None:
        """None when there are too many files, or after a few sweeps that took too long."""
        if self._files.tracked is None or self._slow_sweeps >= MAX_SLOW_SWEEPS:
            return None
        end = time.perf_counter() + SWEEP_SECONDS
        found: list[tuple[int, int, int] | None] = []
        for first in range(0, len(self._files.tracked), 100):
            found.extend(times_of(self._files.tracked[first : first + 100]))
            if time.perf_counter() > end:
                self._slow_sweeps += 1
                return None
        return tuple(found)

    def _with(self, tracked_times: Times) -> GitTimes:
        newer = copy(self)
        newer._tracked = tracked_times
        return newer


def times_of(files: Sequence[str]) -> Times:
    return tuple(map(_time_of, files))


def _time_of(file: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
