"""The database of an MLflow server, in PostgreSQL: read as of one moment, and nothing is written.

Raises StoreError if it cannot be reached or read, without a password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

from nbtrack.errors import InvalidValue, StoreError, require
from nbtrack.stores.opening import without_password

_CHUNK = 50_000  # points at a time
_CONNECT_SECONDS = 10
_DRIVER = re.compile(r"^postgres(?:ql)?(?:\+\w+)?://", re.IGNORECASE)  # as SQLAlchemy writes it
_COLUMNS = """
    select table_name, column_name from information_schema.columns
    where table_schema = any(current_schemas(false))
"""
# In the order of bytes, as digests have them: the order of a database depends on its language.
_POINTS = """
    select key, case when is_nan then null else value end, step, timestamp from metrics
    where run_uuid = %s order by key collate "C"
"""


class PostgresDatabase:
    def __init__(self, uri: str) -> None:
        """Raises MissingExtra, InvalidValue for an address that is none."""
        self._psycopg: Any = require("psycopg", extra="server")
        self.title = without_password(uri)
        address = _DRIVER.sub("postgresql://", uri)
        self._check_address(address)
        with self._told():
            self._connection = self._psycopg.connect(address, connect_timeout=_CONNECT_SECONDS)
            # One transaction until the end: what others log meanwhile is not seen by half.
            self._connection.isolation_level = self._psycopg.IsolationLevel.REPEATABLE_READ
            self._connection.read_only = True
        self._numbers = count()  # of cursors: one that nobody reads to its end closes late
        self.columns: dict[str, set[str]] = {}
        for table, column in self.rows(_COLUMNS):
            self.columns.setdefault(table, set()).add(column)

    def close(self) -> None:
        self._connection.close()

    def rows(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        with self._told():
            found: list[tuple[Any, ...]] = self._connection.execute(_own(sql), values).fetchall()
        return found

    def named(self, sql: str, *values: object) -> Sequence[dict[str, Any]]:
        with self._told():
            cursor = self._connection.execute(_own(sql), values)
            names = [each.name for each in cursor.description]
            return [dict(zip(names, row)) for row in cursor]

    def points(self, run_id: str) -> Iterator[tuple[str, float | None, int, int]]:
        """The server hands them over part by part."""
        name = f"points_{next(self._numbers)}"
        with self._told(), self._connection.cursor(name) as cursor:
            cursor.itersize = _CHUNK
            yield from cursor.execute(_POINTS, (run_id,))

    def _check_address(self, address: str) -> None:
        """What libpq says of one that it cannot read may hold a part of the password."""
        try:
            found = self._psycopg.conninfo.conninfo_to_dict(address)
            is_read = "user" in found or "@" not in address
        except (self._psycopg.Error, ValueError):  # ValueError: what follows a % is no text
            found, is_read = {}, False
        # libpq ends a password at its first @, and takes the rest for the host.
        is_host = "@" not in str(found.get("host", ""))
        if not (is_read and is_host and str(found.get("port", 1)).isdigit()):
            raise InvalidValue(
                f"{self.title} is no address of a database: postgresql://user:password@host/name, "
                "where a sign such as @ in the password is written %40."
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except self._psycopg.Error as exc:
            reason = str(exc).strip().splitlines()[:1] or [type(exc).__name__]
            raise StoreError(
                f"{self.title} cannot be read: {reason[0]}. What came over before stays, and the "
                "same import goes on there."
            ) from exc


def _own(sql: str) -> str:
    """A place of a value, as psycopg writes it: no SQL of ours has another question mark."""
    return sql.replace("?", "%s")
