"""Locks that the operating system drops when their holder dies, so a dead process holds nothing.

flock, not fcntl: closing any other file object on the same file would drop an fcntl lock. Some
file systems have none (Lustre as it is mounted by default, some of FUSE): nobody is kept from
writing there, but nobody is known to be dead either.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path

_NOT_SUPPORTED = {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP}
_POLL_SECONDS = 0.002
_descriptors: set[int] = set()


def try_lock(descriptor: int) -> bool | None:
    """Take the exclusive lock without waiting; False if somebody has it, None without locks."""
    return _try(descriptor, fcntl.LOCK_EX)


def is_held(path: Path) -> bool | None:
    """Whether a living process holds the lock of *path*; a file that is gone is held by nobody.

    None if that cannot be known: the file is not ours to open, or its file system has no locks.
    Asks for a shared lock, so that two processes that ask at once do not see each other.
    """
    try:
        descriptor = _open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    except PermissionError:
        return None
    try:
        is_free = _try(descriptor, fcntl.LOCK_SH)
    finally:
        _close(descriptor)
    return None if is_free is None else not is_free


def held(path: Path, *, wait_seconds: float = 0.0) -> AbstractContextManager[bool]:
    """Hold the lock of *path* for the block; gives False if somebody else, be it another thread,
    still has it after *wait_seconds*.

    False as well if its file cannot be opened; True where there are no locks: nobody has them.
    """
    return _Held(path, wait_seconds)


def holder_of(path: Path) -> str:
    """Who has the lock of *path*, for a message: "PID 123" where Linux tells, else "another
    process"."""
    with suppress(OSError, IndexError):
        inode = str(path.stat().st_ino)
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            # 1: FLOCK  ADVISORY  WRITE 4711 08:02:131085 0 EOF
            words = line.split()
            if words[1] == "FLOCK" and words[5].rpartition(":")[2] == inode:
                return f"PID {words[4]}"
    return "another process"


class _Held(AbstractContextManager[bool]):
    # No generator: one that an interrupt keeps from its block holds on, while somebody keeps the
    # traceback.
    def __init__(self, path: Path, wait_seconds: float) -> None:
        self._path = path
        self._wait_seconds = wait_seconds
        self._descriptor = -1

    def __enter__(self) -> bool:
        try:
            self._descriptor = _open(self._path, os.O_RDWR | os.O_CREAT)
            share_as(self._descriptor, self._path.parent)
            return _lock_within(self._descriptor, self._wait_seconds)
        except OSError:  # it is not ours, or the disk takes nothing
            return False
        except BaseException:
            self._release()
            raise

    def __exit__(self, *_: object) -> None:
        self._release()

    def _release(self) -> None:
        if self._descriptor >= 0:
            _close(self._descriptor)


def _lock_within(descriptor: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while try_lock(descriptor) is False:
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def share_as(file: int | Path, folder: Path) -> None:
    """Who may write into *folder* may write this file of ours, whatever our umask says.

    A project folder that a group shares says so by its mode; each of them locks and folds.
    *file* may be a descriptor.
    """
    wanted = os.stat(folder).st_mode & 0o666
    found = os.stat(file)
    if found.st_uid == os.geteuid() and wanted & ~found.st_mode:
        with suppress(OSError):  # a file system without modes
            os.chmod(file, (found.st_mode & 0o777) | wanted)


def make_shared_folder(folder: Path) -> None:
    """As `mkdir -p`; one that is new in a folder which is there may be used by the same people."""
    if folder.is_dir():
        return
    parent = folder.parent
    is_shared = parent.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    if is_shared:
        mode = os.stat(folder).st_mode
        with suppress(OSError):  # somebody else has just made it
            os.chmod(folder, (mode & 0o7777) | (os.stat(parent).st_mode & 0o777))


def _open(path: Path, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o666)
    _descriptors.add(descriptor)
    return descriptor


def _close(descriptor: int) -> None:
    if descriptor in _descriptors:  # else this is a child, where it was closed at the fork
        _descriptors.remove(descriptor)
        # Closing would do, had not somebody forked meanwhile and kept a copy.
        _try(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _try(descriptor: int, kind: int) -> bool | None:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as exc:
        if exc.errno not in _NOT_SUPPORTED:
            raise
        return None
    return True


def _leave_all_to_the_parent() -> None:
    # Close, never unlock: the locks are the parent's, and end with it even if it is killed.
    for descriptor in _descriptors:
        os.close(descriptor)
    _descriptors.clear()


os.register_at_fork(after_in_child=_leave_all_to_the_parent)


def to_disk(path: Path) -> None:
    """A file or folder, so that it is there after a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
