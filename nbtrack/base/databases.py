"""What every use of DuckDB here keeps to: no network, and no other hand on a file it may attach."""

from __future__ import annotations

import os
import weakref
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Without these, a missing extension would be a download.
OFFLINE: dict[str, Any] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


class HasFile(Protocol):
    @property
    def file(self) -> Path: ...


_CONFINED_MEMORY = "1GB"  # for one answer; nothing may be put on the disk instead

_confined_to: Path | None = None
_attaching: weakref.WeakSet[HasFile] = weakref.WeakSet()


def confine_to(file: Path) -> None:
    """The databases that this process opens from now on read no file but that one, whatever SQL
    they are given, and write none: for questions of somebody whom nobody watches."""
    global _confined_to
    _confined_to = file


def open_in_memory() -> DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(":memory:", config=OFFLINE)
    if _confined_to is not None:
        connection.execute(f"set memory_limit = '{_CONFINED_MEMORY}'")
        files = [str(_confined_to), f"{_confined_to}.wal"]
        connection.execute("set allowed_paths = $files", {"files": files})
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
    return connection


def note_database(owner: HasFile) -> None:
    """*owner* attaches its file now and then, as long as it lives."""
    _attaching.add(owner)


def database_files() -> list[os.stat_result]:
    """The files that this process attaches now and then, those of them that exist.

    Closing any other file object on one of them would drop the lock that DuckDB holds.
    """
    found = []
    for owner in list(_attaching):
        with suppress(OSError):
            found.append(owner.file.stat())
    return found
