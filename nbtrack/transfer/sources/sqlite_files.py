"""Databases of SQLite that somebody else fills: opened for reading only."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from nbtrack.errors import InvalidValue


def open_sqlite(file: Path) -> sqlite3.Connection:
    """Texts that are none are read as far as they are. Raises InvalidValue if it is not there."""
    if not file.is_file():
        raise InvalidValue(f"There is no file {str(file)!r}.")
    uri = f"file:{quote(os.path.abspath(file))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    return connection


def columns_of(connection: sqlite3.Connection) -> dict[str, set[str]]:
    """Of each table. Raises InvalidValue, and closes, if it is no database."""
    found: dict[str, set[str]] = {}
    sql = (
        "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c"
        " where m.type = 'table'"
    )
    try:
        for table, column in connection.execute(sql):
            found.setdefault(table, set()).add(column)
    except sqlite3.DatabaseError as exc:
        connection.close()
        raise InvalidValue(f"That is no SQLite database ({exc}).") from exc
    return found
