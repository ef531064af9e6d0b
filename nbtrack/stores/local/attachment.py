"""The database file, attached for milliseconds at a time to a private in-memory DuckDB.

A DuckDB file open for writing in one process is closed to all others, even to readers. So the
file is never kept open: ATTACH and DETACH cost under a millisecond, whatever its size.
"""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING

from nbtrack.base.before_forks import FORK_SECONDS
from nbtrack.base.databases import note_database
from nbtrack.base.guard import warn
from nbtrack.base.imported import imported
from nbtrack.base.locks import share_as
from nbtrack.errors import StoreBusy
from nbtrack.stores.local import instances, migrations, schema
from nbtrack.stores.local.file_faults import (
    cannot_be_attached,
    cannot_be_used,
    holder,
    interruption,
    is_interruption,
    is_lock_conflict,
    refuse_file_for_folder,
    why_busy,
)
from nbtrack.stores.local.instances import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WAIT_SECONDS = 10.0
QUIET_SECONDS = 1.0  # a longer wait is told
_POLL_SECONDS = 0.004
_LITTER_SECONDS = 60.0  # longer than anybody takes to make an empty database
_attachments: weakref.WeakSet[Attachment] = weakref.WeakSet()


class Block(AbstractContextManager["DuckDBPyConnection"]):
    """A with-block that holds the file; a Ctrl-C may come at any moment of its beginning.

    A generator would not do: an interrupt between its `yield` and the block leaves it suspended,
    and the file held, for as long as somebody keeps the traceback.
    """

    def __init__(
        self,
        enter: Callable[[Block], DuckDBPyConnection],
        leave: Callable[[Block, BaseException | None], None],
    ) -> None:
        self._enter = enter
        self._leave = leave

    def __enter__(self) -> DuckDBPyConnection:
        try:
            return self._enter(self)
        except BaseException as exc:
            self._leave(self, exc)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave(self, error)


class Attachment:
    def __init__(self, file: Path) -> None:
        self.file = file
        self._mutex = RLock()  # a panel's thread and the folding thread would collide otherwise
        self._user: Block | None = None
        self._connection: DuckDBPyConnection | None = None
        self.generation = 0  # counts the in-memory instances: a new one knows nothing of the last
        self._is_clean = True  # surely nothing is attached to the in-memory instance
        self._is_missing = False
        self._has_empty = False  # a project in memory stays attached: it holds up nobody
        self._missing_tables: frozenset[str] = frozenset()  # which the views leave out
        self._checked: object = None  # the file, as it was when its version was looked at
        self._is_held_for_fork = False
        _attachments.add(self)
        note_database(self)

    def open(self, *, read_only: bool, timeout: float = WAIT_SECONDS) -> Block:
        """A block with the in-memory instance, and the file attached to it as `project`.

        A file that does not exist yet reads as an empty one, and is made by the first writer.
        Raises StoreBusy when it is not to be had within *timeout* seconds, StoreDamaged, and
        StoreError where the folder should be and a file is, or for an error of DuckDB's in the
        block. What a Ctrl-C stopped ends as that, whatever DuckDB makes of it.
        """
        return Block(
            lambda block: self.enter(block, read_only=read_only, timeout=timeout), self.leave
        )

    def prepare(self) -> None:
        """Make the views that the first who opens it would wait for; nothing is attached yet.

        Not before somebody has imported DuckDB, as our extension does: that would keep the
        interpreter from whoever has just begun to log.
        """
        with self._mutex:
            if self._user is None and imported("duckdb", "connect"):
                self._instance()

    def enter(self, block: Block, *, read_only: bool, timeout: float) -> DuckDBPyConnection:
        """*block* must `leave`, whatever is raised here."""
        deadline = time.monotonic() + timeout
        if not self._mutex.acquire(timeout=max(timeout, 0.0)):
            raise StoreBusy(f"Another thread of this process is reading {self.file}. Try again.")
        if self._user is not None:  # the mutex lets its own thread through
            self._mutex.release()
            raise StoreBusy(f"This thread is in the middle of reading {self.file}.")
        self._user = block
        if not self._is_clean:
            self._drop()
        connection = self._instance()
        self._attach(connection, read_only=read_only, deadline=deadline)
        return connection

    def leave(self, block: Block, error: BaseException | None) -> None:
        """Let the file go; raises what *error* means, if that is another error."""
        if self._user is None or self._user is block:  # else it was told that it must wait
            try:
                if not self._is_clean and self._user is block:
                    self._let_go(error)
            finally:
                if self._user is block:  # not None: another thread may just be entering
                    self._user = None
                self._release()
        self._raise_named(error)

    def _release(self) -> None:
        with suppress(RuntimeError):  # it is not ours any more
            while True:  # an interrupt may have left it taken once more than it was released
                self._mutex.release()

    def _let_go(self, error: BaseException | None) -> None:
        import duckdb

        try:
            # After an interrupt, or when a query has broken the instance, only its end is sure to
            # let the file go.
            if self._has_empty and error is None:
                self._is_clean = True
            elif self._connection is not None and not is_interruption(error):
                self._detach(self._connection)
        except duckdb.Error:
            pass
        except RuntimeError as exc:
            self._raise_named(exc)
            raise
        finally:
            if not self._is_clean:
                self._drop()

    def _raise_named(self, error: BaseException | None) -> None:
        import duckdb

        if isinstance(error, Exception) and is_interruption(error):
            raise interruption(error) from None
        if isinstance(error, duckdb.Error):
            raise cannot_be_used(self.file, error) from error

    @property
    def is_outdated(self) -> bool:
        """Whether what is attached is an empty project, and the file has been made since."""
        return self._is_missing and self.file.exists()

    def close(self) -> None:
        import duckdb

        with self._mutex:
            connection = self._connection
            if connection is not None:
                with suppress(duckdb.Error):
                    self._let_empty_go(connection)
            if connection is None or not self._is_clean or self._missing_tables:
                self._drop()
            else:
                self._connection = None
                instances.give_back(connection)

    def _instance(self) -> DuckDBPyConnection:
        if self._connection is None:
            connection = instances.take_instance(self.file.parent)
            self._missing_tables = frozenset()
            self._connection = connection  # not before: an interrupt may come at any time
            self.generation += 1
        return self._connection

    def _attach(self, connection: DuckDBPyConnection, *, read_only: bool, deadline: float) -> None:
        if not self.file.exists():
            refuse_file_for_folder(self.file.parent)
            if read_only:
                self._attach_empty(connection)
                return
            self._let_empty_go(connection)
            self._create(connection)
        self._let_empty_go(connection)
        self._is_missing = False
        before = stamp(self.file)
        mode = "(read_only)" if read_only else ""
        self._execute_when_free(
            connection, f"attach {quoted(str(self.file))} as project {mode}", deadline=deadline
        )
        if read_only and before == self._checked:
            return
        if migrations.check(connection, self.file, is_writable=not read_only):
            self._checked = before if read_only else self._checked
            self._view_without(connection, frozenset())
        elif not (os.access(self.file, os.W_OK) and os.access(self.file.parent, os.W_OK)):
            self._view_without(connection, schema.missing_tables(connection))
        else:  # of an older nbtrack: whoever reads it first brings it up to date
            self._detach(connection)
            self._attach(connection, read_only=False, deadline=deadline)
            self._detach(connection)
            self._attach(connection, read_only=True, deadline=deadline)

    def _attach_empty(self, connection: DuckDBPyConnection) -> None:
        """To make its two dozen tables takes a fourth of a read: they are kept for the next."""
        self._is_clean, self._is_missing = False, True
        if not self._has_empty:
            instances.attach_nothing(connection)
            self._has_empty = True

    def _let_empty_go(self, connection: DuckDBPyConnection) -> None:
        if self._has_empty:
            self._is_clean = False
            self._detach(connection)

    def _view_without(self, connection: DuckDBPyConnection, missing: frozenset[str]) -> None:
        """What the file does not have, and nobody can give it, reads as empty."""
        if missing != self._missing_tables:
            for statement in schema.create_union_views(without=missing):
                connection.execute(statement)
            self._missing_tables = missing

    def _create(self, connection: DuckDBPyConnection) -> None:
        """Made under another name: a process killed here leaves no half-made database.

        Where there are no locks, two may make one at once: the second one is not placed.
        """
        _remove_litter(self.file)
        new = self.file.with_name(f"{self.file.name}-{os.urandom(8).hex()}.new")
        self._is_clean = False
        try:
            connection.execute(f"attach {quoted(str(new))} as project ({migrations.FILE_OPTIONS})")
            migrations.check(connection, self.file, is_writable=True)
            self._detach(connection)
            share_as(new, new.parent)
            _place(new, self.file)
        finally:
            new.unlink(missing_ok=True)
            wal_of(new).unlink(missing_ok=True)

    def _execute_when_free(
        self, connection: DuckDBPyConnection, statement: str, *, deadline: float
    ) -> None:
        import duckdb

        silent_until = time.monotonic() + QUIET_SECONDS
        while True:
            self._is_clean = False
            try:
                connection.execute(statement)
                return
            except duckdb.Error as exc:
                if is_interruption(exc):
                    raise
                if not is_lock_conflict(exc):
                    raise cannot_be_attached(self.file, exc) from exc
                self._is_clean = True
                now = time.monotonic()
                if now >= deadline:
                    raise why_busy(self.file, exc) from exc
                if now >= silent_until:
                    silent_until = deadline  # once is enough
                    self._say_that_we_wait(exc, seconds=deadline - now)
                time.sleep(_POLL_SECONDS)

    def _say_that_we_wait(self, exc: Exception, *, seconds: float) -> None:
        warn(f"nbtrack: {self.file} is held by {holder(exc)}; waiting, at most {seconds:.0f} s.")

    def _detach(self, connection: DuckDBPyConnection) -> None:
        connection.execute("detach project")
        self._is_clean, self._has_empty = True, False

    def _drop(self) -> None:
        """Close the in-memory instance, with whatever is attached to it."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._is_clean, self._has_empty = None, True, False

    def _before_fork(self) -> None:
        # A child that inherits the instance crashes when it ends; opening another one is cheap.
        self._is_held_for_fork = self._mutex.acquire(timeout=FORK_SECONDS)
        if self._is_held_for_fork and self._user is None:
            self._drop()

    def _after_fork_in_parent(self) -> None:
        if self._is_held_for_fork:
            self._mutex.release()

    def _after_fork_in_child(self) -> None:
        self._mutex = RLock()
        if self._connection is not None:
            _never_free(self._connection)
        self._connection, self._user = None, None
        self._is_clean, self._has_empty = True, False


def stamp(file: Path) -> tuple[int, ...] | None:
    """Another one after every change: reading the version again would take 0.6 ms each time.

    The time of the last change to the file's entry is among them, which nobody can set: a copy
    that has the times of its original differs from it. (Two writes in one tick of the file
    system's clock do not differ; see `signs`.)
    """
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def wal_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.wal")


def _remove_litter(file: Path) -> None:
    """What killed processes left of databases that they were making, and of a deleted one."""
    old = time.time() - _LITTER_SECONDS
    for left_over in file.parent.glob(f"{file.name}-*.new*"):
        with suppress(OSError):
            if left_over.stat().st_mtime < old:
                left_over.unlink()
    wal_of(file).unlink(missing_ok=True)


def _place(new: Path, file: Path) -> None:
    try:
        os.link(new, file)
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        new.replace(file)


def _never_free(connection: object) -> None:
    """The parent was in the middle of a query: freeing its instance here would hang or crash."""
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))


def _around_fork(step: Callable[[Attachment], None]) -> Callable[[], None]:
    def all_steps() -> None:
        for attachment in list(_attachments):
            step(attachment)

    return all_steps


os.register_at_fork(
    before=_around_fork(Attachment._before_fork),
    after_in_parent=_around_fork(Attachment._after_fork_in_parent),
    after_in_child=_around_fork(Attachment._after_fork_in_child),
)
