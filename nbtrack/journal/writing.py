"""The append-only log that one process writes: `<writer>-<n>.jsonl` segments and a lock.

A line is one `os.write` to a file of this process only: no lock shared with anybody, no fsync,
and it survives `kill -9`, because the page already belongs to the operating system. While the
folder cannot be written (disk full, read-only), lines wait in memory and the user's code goes on.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import RLock

from nbtrack.base.guard import warn, warn_once
from nbtrack.base.locks import make_shared_folder, share_as, try_lock
from nbtrack.journal.lines import CLOSE_LINE, now_us
from nbtrack.journal.second_name import catch_up, give_second_name

SEGMENT_BYTES = 16 << 20  # rotation point: a closed and folded segment can be deleted
FOLD_BYTES = 1 << 20  # this much waiting is worth folding at once
BACKLOG_BYTES = 32 << 20  # kept in memory while the disk takes nothing
RESERVE_BYTES = 1 << 20  # beyond that, for lines that are no points: ends of runs, tags
RETRY_BYTES = 8 << 20  # by one write of what waits
RETRY_SECONDS = 1.0
_POINTS = (b'{"k":"metric"', b'{"k":"points"')
_COUNT = re.compile(rb'^\{"k":"points","r":"\w+","n":"(?:[^"\\\n]|\\.)*","s":(\d+)', re.MULTILINE)
_FIRST_PID_NAMESPACE = "pid:[4026531836]"  # PROC_PID_INIT_INO of include/linux/proc_ns.h

_journals: weakref.WeakSet[Journal] = weakref.WeakSet()


class Journal:
    """*on_waiting(is_much)* is called when lines begin to wait to be folded, and when many do.

    Each segment has a second name in the folder *also_in*, where it stays when it is folded; if
    it cannot be linked there, every line is written to a second file, and to that one first.
    """

    def __init__(
        self,
        folder: Path,
        *,
        on_waiting: Callable[[bool], None] | None = None,
        also_in: Path | None = None,
    ) -> None:
        self.folder = folder
        self.lost_records = 0
        self._also_in = also_in
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
        return _records_in(self._waiting())

    @property
    def waiting_text(self) -> str:
        """What is in memory because the disk has not taken it yet.

        It may begin with the rest of a line, of which the disk took a part.
        """
        return self._waiting().decode("utf-8", "replace")

    def append(self, text: str) -> None:
        """Write *text*, which is one or more whole lines; it survives this process."""
        data = text.encode("utf-8", "replace")
        with self._lock:
            if self._backlog and not self._takes_again():
                self._keep(data)
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
            backlog = self._waiting()  # of the same runs: it goes on in the new folder
            self._close_descriptors()
            self._start_afresh()
            self._backlog = backlog
            return True

    def retry(self) -> bool:
        """Write what the disk refused before; False if it still does."""
        if self._backlog:
            with self._lock:
                self._write_backlog()
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
            if self._lock_descriptor >= 0 and not self._is_locked:
                with suppress(OSError):  # nobody else can know that we are done
                    self._lock_path().unlink()
            self._close_descriptors()
            self._start_afresh()

    def _start_afresh(self) -> None:
        self._writer = os.urandom(16).hex()
        self._descriptor = self._lock_descriptor = -1
        self._follower = -1  # of the segment here, where the other folder has a file of its own
        self._segment_path = ""
        self._number = self._unfolded = 0
        # The file is `_size` long, and `_backlog` is what the disk has not taken yet: after an
        # interrupt the file may be longer, by the beginning of the backlog.
        self._size, self._backlog = 0, bytearray()
        self._is_retrying = False
        self._is_locked = True  # False on a file system that has no locks
        self._failed_at = 0.0

    def _write(self, data: bytes) -> None:
        """Nothing waits before it; what the disk does not take of it waits from now on."""
        rest = data
        try:
            if self._descriptor < 0:
                self._open()
            while rest:
                # A short write is finished by the next one: only we write to this file.
                written = os.write(self._descriptor, rest)
                # No signal is handled between the write and this: there is no call in between.
                self._size, rest = self._size + written, rest[written:]
            self._lead()
        except OSError as exc:
            self._keep(rest)
            self._note_refusal(exc)
        except BaseException:  # an interrupt: what is not in the file yet is written by the next
            self._backlog += rest
            raise
        else:
            self._count(len(data))
            if self._size >= SEGMENT_BYTES:
                self._rotate()

    def _takes_again(self) -> bool:
        """Asked of the disk at most once a second; and not in the middle of asking."""
        is_due = time.monotonic() - self._failed_at >= RETRY_SECONDS
        return is_due and not self._is_retrying and self.retry()

    def _write_backlog(self) -> None:
        if self._is_retrying:  # a signal handler that logs
            return
        self._is_retrying = True
        before = self._size
        try:
            if self._descriptor < 0:
                self._open()
            while self._backlog:
                self._settle()
                written = os.write(self._descriptor, bytes(self._backlog[:RETRY_BYTES]))
                self._size, self._backlog = self._size + written, self._backlog[written:]
            self._lead()
        except OSError as exc:
            self._note_refusal(exc)
        finally:
            self._is_retrying = False
        self._count(self._size - before)

    def _lead(self) -> None:
        if self._follower >= 0:
            catch_up(self._follower, self._descriptor)

    def _settle(self) -> None:
        """Take off the backlog what is in the file: after an interrupt only the file knows."""
        taken = os.fstat(self._descriptor).st_size - self._size
        if taken:
            self._size, self._backlog = self._size + taken, self._backlog[max(taken, 0) :]

    def _waiting(self) -> bytearray:
        if not self._backlog:  # nearly always
            return self._backlog
        with self._lock:
            if self._descriptor >= 0 and not self._is_retrying:
                with suppress(OSError):
                    self._settle()
            return self._backlog[:]

    def _keep(self, data: bytes) -> None:
        """In memory; what finds no room there is lost, and that is said."""
        room = BACKLOG_BYTES - len(self._backlog)
        if not data.startswith(_POINTS):
            room += RESERVE_BYTES
        if len(data) > room:
            # The rest of a torn line is kept anyhow, or the next line would be torn with it.
            least = data.find(b"\n") + 1 if not self._backlog else 0
            cut = max(data.rfind(b"\n", 0, max(room, 0)) + 1, least)
            self._lose(_records_in(data[cut:]))
            data = data[:cut]
        self._backlog += data

    def _lose(self, records: int) -> None:
        if not self.lost_records:
            warn(
                f"nbtrack: {self.folder} still takes nothing, and the memory for what waits is "
                f"full ({BACKLOG_BYTES >> 20} MiB): from now on metrics are lost. Make room there; "
                "the run will say how many were lost, in its tag nbtrack.lost_records."
            )
        self.lost_records += records

    def _note_refusal(self, exc: OSError) -> None:
        self._failed_at = time.monotonic()
        self._on_waiting(False)  # so that somebody tries again, if nothing more is logged
        warn_once(
            f"nbtrack cannot write to {self.folder}: {exc.strerror}. Your code goes on; "
            "records are kept in memory and written when this is cured."
        )

    def _count(self, written: int) -> None:
        before, self._unfolded = self._unfolded, self._unfolded + written
        if before == 0:
            self._on_waiting(False)
        if before < FOLD_BYTES <= self._unfolded:
            self._on_waiting(True)

    def _rotate(self) -> None:
        full, follower = self._descriptor, self._follower
        with suppress(OSError):  # then this segment simply grows on
            self._begin_segment(self._number + 1)
            os.write(full, CLOSE_LINE.encode())  # a full disk may tear it: nothing comes behind
            if follower >= 0:
                catch_up(follower, full)
        if self._descriptor != full:
            _close(full, follower)

    def _is_in_place(self) -> bool:
        """Whether the open segment is still the file of its name, neither deleted nor moved."""
        try:
            found = os.stat(self._segment_path)
        except FileNotFoundError:
            return False
        except OSError:  # who may not look cannot know
            return os.fstat(self._descriptor).st_nlink > 0
        own = self._descriptor if self._follower < 0 else self._follower
        return os.path.samestat(found, os.fstat(own))

    def _open(self) -> None:
        make_shared_folder(self.folder)
        if self._lock_descriptor < 0:
            self._lock_descriptor = self._create_lock()
        self._begin_segment(self._number)

    def _begin_segment(self, number: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        name = f"{self._writer}-{number}.jsonl"
        path = os.fspath(self.folder / name)
        descriptor, follower = os.open(path, flags, 0o666), -1
        try:
            share_as(descriptor, self.folder)
            if (leader := self._second_name(path, name)) >= 0:  # first what is sent from there
                descriptor, follower = leader, descriptor
        except BaseException:
            os.close(descriptor)  # the file is empty, and the next try takes it
            raise
        # At once: an interrupt in between would leave a size that is not this file's.
        self._descriptor, self._follower, self._segment_path = descriptor, follower, path
        self._number, self._size = number, 0

    def _second_name(self, path: str, name: str) -> int:
        if self._also_in is None:
            return -1
        make_shared_folder(self._also_in)
        return give_second_name(path, os.fspath(self._also_in / name))

    def _create_lock(self) -> int:
        """Locked under a temporary name first: nobody may ever see it unlocked while we live."""
        temporary = self.folder / f"{self._writer}.lock-new"
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            self._is_locked = try_lock(descriptor) is not None
            facts = owner_facts(is_locked=self._is_locked)
            share_as(descriptor, self.folder)
            os.pwrite(descriptor, json.dumps(facts).encode(), 0)
            temporary.rename(self._lock_path())
        except BaseException:
            os.close(descriptor)  # or the next try would find the lock taken, by ourselves
            raise
        return descriptor

    def _lock_path(self) -> Path:
        return self.folder / f"{self._writer}.lock"

    def _close_descriptors(self) -> None:
        _close(self._descriptor, self._follower, self._lock_descriptor)

    def _after_fork(self) -> None:
        # Close, never unlock: the lock belongs to the parent as long as *it* has it open.
        self._lock = RLock()
        self._close_descriptors()
        self._start_afresh()
        self.lost_records = 0


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        if descriptor >= 0:
            with suppress(OSError):
                os.close(descriptor)


def _records_in(data: bytes | bytearray) -> int:
    """Each point is one, also where a line has many."""
    return data.count(b"\n") + sum(int(count) - 1 for count in _COUNT.findall(data))


def owner_facts(*, is_locked: bool = True) -> dict[str, object]:
    """Who writes a journal: for messages, and to know whether its lock can be judged from here."""
    return {
        "host": socket.gethostname(),
        "boot_id": boot_id(),
        "machine_id": machine_id(),
        "pid": os.getpid(),
        "command": " ".join(sys.argv[:1]),
        "started_us": now_us(),
        "is_locked": is_locked,  # False on a file system without locks: nobody may judge it
    }


def boot_id() -> str:
    """Of the kernel that runs now, the same in all its containers; "" where there is none."""
    return _text_of("/proc/sys/kernel/random/boot_id")


def machine_id() -> str:
    """Of this machine, whatever kernel runs; "" in a container, which has none of its own."""
    try:
        is_container = os.readlink("/proc/self/ns/pid") != _FIRST_PID_NAMESPACE
    except OSError:
        return ""
    return "" if is_container else _text_of("/etc/machine-id")


def _text_of(file: str) -> str:
    try:
        return Path(file).read_text().strip()
    except (OSError, ValueError):
        return ""


def _renew_all_after_fork() -> None:
    for journal in list(_journals):
        journal._after_fork()


os.register_at_fork(after_in_child=_renew_all_after_fork)
