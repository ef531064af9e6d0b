"""The database file, attached for milliseconds at a time to a private in-memory DuckDB.

A DuckDB file open for writing in one process is closed to all others, even to readers. So the
file is never kept open: ATTACH and DETACH cost under a millisecond, whatever its size.
"""

from __future__ import annotations

import os
import re
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from nbtrack.errors import StoreBusy, StoreDamaged
from nbtrack.stores import migrations, schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WAIT_SECONDS = 10.0
_POLL_SECONDS = 0.004
_attachments: weakref.WeakSet[Attachment] = weakref.WeakSet()
# After a fork, closing the parent's instance crashes or hangs: it is kept here, and never used.
_left_to_the_parent: list[object] = []


class Attachment:
    def __init__(self, file: Path) -> None:
        self.file = file
        self._mutex = RLock()  # a panel's thread and the folding thread would collide otherwise
        self._connection: DuckDBPyConnection | None = None
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
            connection = self._instance()
            self._attach(connection, read_only=read_only, deadline=deadline)
            try:
                yield connection
            finally:
                self._detach(connection)
        finally:
            self._mutex.release()

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
            self._connection = duckdb.connect(":memory:", config=offline)
            artifact_root = quoted(str(self.file.parent / "artifacts"))
            self._connection.execute(f"set variable artifact_root = {artifact_root}")
            _prepare(self._connection)
        return self._connection

    def _attach(self, connection: DuckDBPyConnection, *, read_only: bool, deadline: float) -> None:
        if not self.file.exists():
            if read_only:
                _attach_nothing(connection)
                return
            self._create(connection)
        mode = "(read_only)" if read_only else ""
        self._execute_when_free(
            connection, f"attach {quoted(str(self.file))} as project {mode}", deadline=deadline
        )
        try:
            migrations.check(connection, self.file, is_writable=not read_only)
        except BaseException:
            self._detach(connection)
            raise

    def _create(self, connection: DuckDBPyConnection) -> None:
        """Made under another name: a process killed here leaves no half-made database."""
        new = self.file.with_suffix(f".new-{os.getpid()}")
        new.unlink(missing_ok=True)
        self.file.with_name(self.file.name + ".wal").unlink(missing_ok=True)  # of a deleted file
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
            except (duckdb.ResourceInUseException, duckdb.IOException) as exc:
                if not _is_lock_conflict(exc):
                    raise self._damaged(exc) from exc
                if time.monotonic() >= deadline:
                    raise StoreBusy(_who_holds(self.file, exc)) from exc
                time.sleep(_POLL_SECONDS)
            except duckdb.Error as exc:
                raise self._damaged(exc) from exc

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

    def _after_fork(self) -> None:
        self._mutex = RLock()
        if self._connection is not None:
            _left_to_the_parent.append(self._connection)
            self._connection = None


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


def _is_lock_conflict(exc: Exception) -> bool:
    return "lock" in str(exc) or "already attached" in str(exc)


def _who_holds(file: Path, exc: Exception) -> str:
    holder = re.search(r"held in (.+?\(PID \d+\))", str(exc))
    who = holder.group(1) if holder else "this very process, through another connection"
    return (
        f"{file} is held by {who}, so it cannot be read now. Nothing is lost: what is logged "
        "waits in the journal. Close the file there, or open it read-only."
    )


def _leave_all_to_the_parent() -> None:
    for attachment in list(_attachments):
        attachment._after_fork()


os.register_at_fork(after_in_child=_leave_all_to_the_parent)
