"""A folder for files that are needed for a while, and goes whatever becomes of its process."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import weakref
from contextlib import suppress
from pathlib import Path

from nbtrack.base.locks import held, is_held

_PREFIX, _LOCK = "nbtrack-", ".lock"
_UNLOCKED_SECONDS = 24 * 3600.0  # one without a lock may be in use: its maker could make none
_NEW_SECONDS = 60.0  # so long it is left alone: its maker may be about to lock it


class WorkingFolder:
    """A new one among the system's temporary folders, by what it is for (*kind*, a word).

    It goes with `cleanup`, at the end of the process, and if that is killed, with the next of its
    kind.
    """

    def __init__(self, kind: str) -> None:
        prefix = f"{_PREFIX}{kind}-"
        _remove_dead(prefix)
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        self._lock = held(self.path / _LOCK)
        self._lock.__enter__()
        self._end = weakref.finalize(self, _remove_own, self.path, os.getpid())

    def cleanup(self) -> None:
        self._end()
        self._lock.__exit__(None, None, None)


def _remove_own(folder: Path, process: int) -> None:
    if os.getpid() == process:  # a fork that ends leaves it to its parent
        shutil.rmtree(folder, ignore_errors=True)


def _remove_dead(prefix: str) -> None:
    """Folders of ours whose process has ended without a word."""
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with suppress(OSError):
            if _is_dead(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_dead(folder: Path) -> bool:
    facts = folder.lstat()
    is_ours = folder.is_dir() and not folder.is_symlink() and facts.st_uid == os.geteuid()
    age = time.time() - facts.st_mtime
    if not is_ours or age <= _NEW_SECONDS:
        return False
    lock = folder / _LOCK
    return is_held(lock) is False and (lock.exists() or age > _UNLOCKED_SECONDS)
