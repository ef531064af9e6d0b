"""Locks that the operating system drops when their holder dies, so a dead process holds nothing.

flock, not fcntl: closing any other file object on the same file would drop an fcntl lock.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_descriptors: set[int] = set()


def try_lock(descriptor: int) -> bool:
    """Take the exclusive lock without waiting; False if somebody has it."""
    return _try(descriptor, fcntl.LOCK_EX)


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock of *path*; a file that is gone is held by nobody.

    Asks for a shared lock, so that two processes that ask at once do not see each other.
    """
    try:
        with _opened(path, os.O_RDONLY) as descriptor:
            return not _try(descriptor, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold the lock of *path* for the block; yields False if somebody else has it."""
    with _opened(path, os.O_RDWR | os.O_CREAT) as descriptor:
        yield try_lock(descriptor)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o666)
    _descriptors.add(descriptor)
    try:
        yield descriptor
    finally:
        if descriptor in _descriptors:  # else this is a child, where it was closed at the fork
            _descriptors.remove(descriptor)
            # Closing would do, had not somebody forked meanwhile and kept a copy.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _leave_all_to_the_parent() -> None:
    # Close, never unlock: the locks are the parent's, and end with it even if it is killed.
    for descriptor in _descriptors:
        os.close(descriptor)
    _descriptors.clear()


os.register_at_fork(after_in_child=_leave_all_to_the_parent)
