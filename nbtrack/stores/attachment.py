"""The database file, attached for milliseconds at a time to a private in-memory DuckDB.

A DuckDB file open for writing in one process is closed to all others, even to readers. So the
file is never kept open: ATTACH and DETACH cost under a millisecond, whatever its size.
"""

from __future__ import annotations

import os
import re
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from nbtrack.errors import StoreBusy, StoreDamaged, StoreError, StoreTooNew
from nbtrack.stores import migrations, schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WAIT_SECONDS = 10.0
FORK_SECONDS = 5.0
_POLL_SECONDS = 0.004
_attachments: weakref.WeakSet[Attachment] = weakref.WeakSet()


class Attachment:
    def __init__(self, file: Path) -> None:
        self.file = file
        self._mutex = RLock()  # a panel's thread and the folding thread would collide otherwise
        self._connection: DuckDBPyConnection | None = None
        self.generation = 0  # counts the in-memory instances: a new one knows nothing of the last
        self._is_open = self._is_missing = False
        self._checked: object = None  # the file, as it was when its version was looked at
        self._is_held_for_fork = False
        _attachments.add(self)

    @contextmanager
    def open(
        self, *, read_only: bool, timeout: float = WAIT_SECONDS
    ) -> Iterator[DuckDBPyConnection]:
        """The in-memory instance with the file attached as `project`.

        A file that does not exist yet reads as an empty one, and is made by the first writer.
        Raises StoreBusy when it is not to be had within *timeout* seconds, StoreDamaged.
        """
        deadline = time.monotonic() + timeout
        if not self._mutex.acquire(timeout=max(timeout, 0.0)):
            raise StoreBusy(f"Another thread of this process is reading {self.file}. Try again.")
        try:
            if self._is_open:  # the mutex lets its own thread through
                raise StoreBusy(f"This thread is in the middle of reading {self.file}.")
            connection = self._instance()
            self._attach(connection, read_only=read_only, deadline=deadline)
            self._is_open = True
            try:
                with self._damage_named():
                    yield connection
            finally:
                self._is_open = False
                self._detach(connection)
        finally:
            self._mutex.release()

    @property
    def is_outdated(self) -> bool:
        """Whether what is attached is an empty project, and the file has been made since."""
        return self._is_missing and self.file.exists()

    def close(self) -> None:
        with self._mutex:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _instance(self) -> DuckDBPyConnection:
        if self._connection is None:
            import duckdb

            # Without these, a missing extension would be a download.
            offline: dict[str, Any] = {
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            }
            connection = duckdb.connect(":memory:", config=offline)
            artifact_root = quoted(str(self.file.parent / "artifacts"))
            connection.execute(f"set variable artifact_root = {artifact_root}")
            _prepare(connection)
            self._connection = connection  # not before: an interrupt may come at any time
            self.generation += 1
        return self._connection

    def _attach(self, connection: DuckDBPyConnection, *, read_only: bool, deadline: float) -> None:
        if not self.file.exists():
            if read_only:
                _attach_nothing(connection)
                self._is_missing = True
                return
            self._create(connection)
        self._is_missing = False
        before = _stamp(self.file)
        mode = "(read_only)" if read_only else ""
        self._execute_when_free(
            connection, f"attach {quoted(str(self.file))} as project {mode}", deadline=deadline
        )
        if read_only and before == self._checked:
            return
        try:
            with self._damage_named():
                is_current = migrations.check(connection, self.file, is_writable=not read_only)
        except BaseException:
            self._detach(connection)
            raise
        if not is_current:  # of an older nbtrack: whoever reads it first brings it up to date
            self._detach(connection)
            self._attach(connection, read_only=False, deadline=deadline)
            self._detach(connection)
            self._attach(connection, read_only=True, deadline=deadline)
        elif read_only:
            self._checked = before

    def _create(self, connection: DuckDBPyConnection) -> None:
        """Made under another name: a process killed here leaves no half-made database."""
        new = self.file.with_suffix(".new")  # of whoever has fold.lock: nobody else makes one
        for left_over in (new, _wal_of(new), _wal_of(self.file)):
            left_over.unlink(missing_ok=True)  # of a killed process, or of a deleted file
        connection.execute(f"attach {quoted(str(new))} as project ({migrations.FILE_OPTIONS})")
        migrations.check(connection, self.file, is_writable=True)
        connection.execute("detach project")
        new.replace(self.file)

    def _execute_when_free(
        self, connection: DuckDBPyConnection, statement: str, *, deadline: float
    ) -> None:
        import duckdb

        while True:
            try:
                connection.execute(statement)
                return
            except duckdb.Error as exc:
                if not _is_lock_conflict(exc):
                    raise self._cannot_be_read(exc) from exc
                if time.monotonic() >= deadline:
                    raise StoreBusy(_who_holds(self.file, exc)) from exc
                time.sleep(_POLL_SECONDS)

    @contextmanager
    def _damage_named(self) -> Iterator[None]:
        """Only the header is looked at when the file is attached; blocks may be rotten, too."""
        import duckdb

        try:
            yield
        except duckdb.Error as exc:
            if is_damage(exc):
                raise self._damaged(exc) from exc
            raise

    def _cannot_be_read(self, exc: Exception) -> StoreError:
        import duckdb

        if "newer version of DuckDB" in str(exc):
            return StoreTooNew(
                f"{self.file} was written by a newer DuckDB than {duckdb.__version__}. "
                "pip install --upgrade duckdb reads it. Logging goes on meanwhile."
            )
        if isinstance(exc, duckdb.IOException) and not is_damage(exc):
            return StoreError(f"{self.file} cannot be opened: {exc}\nLogging goes on meanwhile.")
        return self._damaged(exc)

    def _damaged(self, exc: Exception) -> StoreDamaged:
        return StoreDamaged(
            f"{self.file} cannot be read: {exc}\nMove it away ({self.file.name} and, if there is "
            f"one, {self.file.name}.wal): nbtrack then starts a new one with all that the files "
            f"in {self.file.parent / 'journal'} still hold. Logging goes on meanwhile."
        )

    def _detach(self, connection: DuckDBPyConnection) -> None:
        import duckdb

        try:
            connection.execute("detach project")
        except duckdb.Error:
            # A query that was interrupted can leave the instance unusable: the file must be let go.
            self._connection = None
            connection.close()

    def _before_fork(self) -> None:
        # A child that inherits the instance crashes when it ends; opening another one is cheap.
        self._is_held_for_fork = self._mutex.acquire(timeout=FORK_SECONDS)
        if self._is_held_for_fork and not self._is_open:
            self.close()

    def _after_fork_in_parent(self) -> None:
        if self._is_held_for_fork:
            self._mutex.release()

    def _after_fork_in_child(self) -> None:
        self._mutex = RLock()
        if self._connection is not None:
            _never_free(self._connection)
            self._connection, self._is_open = None, False


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """Another one after every change: reading the version again would take 0.6 ms each time."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _wal_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.wal")


def quoted(text: str) -> str:
    """*text* as an SQL literal, for the few statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def _prepare(connection: DuckDBPyConnection) -> None:
    for statement in schema.create_tables("tail"):
        connection.execute(statement)
    connection.execute("create table dead_writers (writer varchar)")
    _attach_nothing(connection)
    for statement in schema.create_union_views() + schema.create_views("memory"):
        connection.execute(statement)
    connection.execute("detach project")


def _attach_nothing(connection: DuckDBPyConnection) -> None:
    connection.execute("attach ':memory:' as project")
    migrations.check(connection, Path(":memory:"), is_writable=True)


def is_damage(exc: Exception) -> bool:
    """Whether the file's bytes are wrong, as opposed to the query, or to the disk's being full."""
    signs = ("Corrupt database file", "not a valid DuckDB database", "Could not read enough bytes")
    return any(sign in str(exc) for sign in signs)


def _is_lock_conflict(exc: Exception) -> bool:
    import duckdb

    # By the words and not by "lock": the path, or a "block", may have that in it.
    return isinstance(exc, duckdb.ResourceInUseException) or "Could not set lock" in str(exc)


def _who_holds(file: Path, exc: Exception) -> str:
    import duckdb

    holder = re.search(r"held in (.+?\(PID \d+\)|PID \d+)", str(exc))
    who = holder.group(1) if holder else "another program"
    if isinstance(exc, duckdb.ResourceInUseException):
        who = "this very process, through another connection"
    return (
        f"{file} is held by {who}, so it cannot be read now. Nothing is lost: what is logged "
        "waits in the journal. Close the file there, or open it read-only."
    )


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
