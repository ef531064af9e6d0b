"""The append-only log that one process writes: `<writer>-<n>.jsonl` segments and a lock.

A line is one `os.write` to a file of this process only: no lock shared with anybody, no fsync,
and it survives `kill -9`, because the page already belongs to the operating system. While the
folder cannot be written (disk full, read-only), lines wait in memory and the user's code goes on.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import RLock

from nbtrack.guard import warn, warn_once
from nbtrack.lines import CLOSE_LINE, now_us
from nbtrack.locks import try_lock

SEGMENT_BYTES = 16 << 20  # rotation point: a closed and folded segment can be deleted
FOLD_BYTES = 1 << 20  # this much waiting is worth folding at once
BACKLOG_BYTES = 32 << 20  # kept in memory while the disk takes nothing
RETRY_SECONDS = 1.0

_journals: weakref.WeakSet[Journal] = weakref.WeakSet()


class Journal:
    """*on_waiting(is_much)* is called when lines begin to wait to be folded, and when many do."""

    def __init__(self, folder: Path, *, on_waiting: Callable[[bool], None] | None = None) -> None:
        self.folder = folder
        self.lost_records = 0
        self._backlog = bytearray()  # what the disk has not taken yet
        self._on_waiting = on_waiting or (lambda _: None)
        self._lock = RLock()  # not a Lock: a signal handler may log in the middle of a write
        self._start_afresh()
        _journals.add(self)

    @property
    def writer(self) -> str:
        """This process's random 128-bit id; another one after a fork."""
        return self._writer

    @property
    def has_written(self) -> bool:
        return self._descriptor >= 0

    @property
    def waiting_records(self) -> int:
        """Records in memory that the disk has not taken yet."""
        return self._backlog.count(b"\n")

    @property
    def waiting_text(self) -> str:
        """Whole lines in memory that the disk has not taken yet."""
        return self._backlog.decode("utf-8", "replace")

    def append(self, text: str) -> None:
        """Write *text*, which is one or more whole lines; it survives this process."""
        data = text.encode("utf-8", "replace")
        with self._lock:
            if self._backlog or self._descriptor < 0:
                self._append_slowly(data)
            else:
                self._write(data)

    def was_removed(self) -> bool:
        """Whether somebody deleted the segment under us; the next line opens a new one.

        Also the moment to try again what the disk refused.
        """
        with self._lock:
            self.retry()
            if self._descriptor < 0 or self._is_in_place():
                return False
            backlog = self._backlog  # of the same runs: it goes on in the new folder
            self._close_descriptors()
            self._start_afresh()
            self._backlog = backlog
            return True

    def retry(self) -> bool:
        """Write what the disk refused before; False if it still does."""
        if self._backlog:
            with self._lock:
                self._append_slowly(b"", force=True)
        return not self._backlog

    def folded(self) -> None:
        """What waited was folded: call `on_waiting` again when more comes."""
        self._unfolded = 0

    def close(self) -> None:
        """End the segment on purpose; a later line begins a new one under a new writer."""
        with self._lock:
            if not self.retry():
                lost = self.waiting_records
                self.lost_records += lost
                warn(f"nbtrack: {lost} records are lost, because {self.folder} takes nothing.")
            elif self._descriptor >= 0:
                self._write(CLOSE_LINE.encode())
            self._close_descriptors()
            self._start_afresh()

    def _start_afresh(self) -> None:
        self._writer = os.urandom(16).hex()
        self._descriptor = self._lock_descriptor = -1
        self._segment_path = ""
        self._number = self._size = self._unfolded = 0
        self._backlog = bytearray()
        self._failed_at = 0.0

    def _append_slowly(self, data: bytes, *, force: bool = False) -> None:
        if len(self._backlog) + len(data) > BACKLOG_BYTES:
            self.lost_records += data.count(b"\n")
            data = b""
        self._backlog += data
        if force or time.monotonic() - self._failed_at >= RETRY_SECONDS:
            data, self._backlog = bytes(self._backlog), bytearray()
            self._write(data)

    def _write(self, data: bytes) -> None:
        try:
            if self._descriptor < 0:
                self._open()
            while data:
                # A short write is finished by the next one: only we write to this file.
                written = os.write(self._descriptor, data)
                data = data[written:]
                self._count(written)
        except OSError as exc:
            self._backlog[:0] = data
            self._failed_at = time.monotonic()
            self._on_waiting(False)  # so that somebody tries again, if nothing more is logged
            warn_once(
                f"nbtrack cannot write to {self.folder}: {exc.strerror}. Your code goes on; "
                "records are kept in memory and written when this is cured."
            )
        else:
            if self._size >= SEGMENT_BYTES:
                self._rotate()

    def _count(self, written: int) -> None:
        before, self._unfolded = self._unfolded, self._unfolded + written
        self._size += written
        if before == 0:
            self._on_waiting(False)
        if before < FOLD_BYTES <= self._unfolded:
            self._on_waiting(True)

    def _rotate(self) -> None:
        full = self._descriptor
        with suppress(OSError):  # then this segment simply grows on
            self._descriptor = self._create_segment(self._number + 1)
            self._number, self._size = self._number + 1, 0
            os.write(full, CLOSE_LINE.encode())  # a full disk may tear it: nothing comes behind
        if self._descriptor != full:
            os.close(full)

    def _is_in_place(self) -> bool:
        """Whether the open segment is still the file of its name, neither deleted nor moved."""
        try:
            found = os.stat(self._segment_path)
        except FileNotFoundError:
            return False
        except OSError:  # who may not look cannot know
            return os.fstat(self._descriptor).st_nlink > 0
        return os.path.samestat(found, os.fstat(self._descriptor))

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._lock_descriptor < 0:
            self._lock_descriptor = self._create_lock()
        self._descriptor = self._create_segment(self._number)

    def _create_segment(self, number: int) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        path = os.fspath(self.folder / f"{self._writer}-{number}.jsonl")
        descriptor = os.open(path, flags, 0o666)
        self._segment_path = path
        return descriptor

    def _create_lock(self) -> int:
        """Locked under a temporary name first: nobody may ever see it unlocked while we live."""
        temporary = self.folder / f"{self._writer}.lock-new"
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            try_lock(descriptor)
            os.pwrite(descriptor, json.dumps(owner_facts()).encode(), 0)
            temporary.rename(self.folder / f"{self._writer}.lock")
        except BaseException:
            os.close(descriptor)  # or the next try would find the lock taken, by ourselves
            raise
        return descriptor

    def _close_descriptors(self) -> None:
        for descriptor in (self._descriptor, self._lock_descriptor):
            if descriptor >= 0:
                with suppress(OSError):
                    os.close(descriptor)

    def _after_fork(self) -> None:
        # Close, never unlock: the lock belongs to the parent as long as *it* has it open.
        self._lock = RLock()
        self._close_descriptors()
        self._start_afresh()
        self.lost_records = 0


def owner_facts() -> dict[str, object]:
    """Who writes a journal: for messages, and to know whether its lock can be judged from here."""
    return {
        "host": socket.gethostname(),
        "boot_id": boot_id(),
        "pid": os.getpid(),
        "command": " ".join(sys.argv[:1]),
        "started_us": now_us(),
    }


def boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _renew_all_after_fork() -> None:
    for journal in list(_journals):
        journal._after_fork()


os.register_at_fork(after_in_child=_renew_all_after_fork)
