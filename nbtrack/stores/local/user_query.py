"""The user's own SQL over the public views: it reads, it cannot change the record."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValue
from nbtrack.stores.local.file_faults import is_damage, is_interruption
from nbtrack.stores.local.schema import PUBLIC_VIEWS
from nbtrack.stores.registry.registry_schema import PUBLIC_VIEWS as REGISTRY_VIEWS

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection


_ONE_QUERY = (
    "nbtrack.sql() answers one SELECT (or COPY (SELECT ...) TO 'file'); "
    "the record itself is changed through the API only."
)
_ONE_SELECT = "It takes one SELECT; the record itself is changed through the API only."


def user_query(
    connection: DuckDBPyConnection, sql: str, parameters: Mapping[str, object] | None
) -> pd.DataFrame:
    """Raises InvalidValue for wrong SQL, and for anything but one query."""
    with _reading(connection, sql, kinds=("SELECT", "EXPLAIN", "COPY"), otherwise=_ONE_QUERY):
        return connection.execute(sql, parameters).df()


def first_rows(
    connection: DuckDBPyConnection, sql: str, *, most: int, seconds: float
) -> tuple[list[str], list[tuple[object, ...]]]:
    """Names of columns, and rows. Raises InvalidValue as `user_query`, and if it takes longer."""
    with (
        _reading(connection, sql, kinds=("SELECT",), otherwise=_ONE_SELECT),
        _stopped_after(connection, seconds),
    ):
        # On lines of its own: a remark at the end of *sql* would take the bracket.
        found = connection.execute(f"select * from (\n{sql.rstrip().rstrip(';')}\n) limit {most}")
        return [each[0] for each in found.description], found.fetchall()


@contextmanager
def _reading(
    connection: DuckDBPyConnection, sql: str, *, kinds: tuple[str, ...], otherwise: str
) -> Iterator[None]:
    """A transaction in which *sql*, and nothing else, may be answered."""
    import duckdb

    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type.name not in kinds:
            raise InvalidValue(otherwise)
        # EXPLAIN ANALYZE runs what it explains, and COPY goes both ways.
        connection.execute("begin transaction read only")
        try:
            yield
        finally:
            with suppress(duckdb.Error):
                connection.execute("rollback")
    except duckdb.TransactionException as exc:
        raise InvalidValue(otherwise) from exc
    except duckdb.Error as exc:
        if is_damage(exc) or is_interruption(exc):
            raise
        views = ", ".join(sorted({*PUBLIC_VIEWS, *REGISTRY_VIEWS}))
        raise InvalidValue(f"{exc}\n\nThe views are {views}.") from exc


@contextmanager
def _stopped_after(connection: DuckDBPyConnection, seconds: float) -> Iterator[None]:
    import duckdb

    bell = threading.Timer(seconds, connection.interrupt)
    bell.start()
    try:
        yield
    except duckdb.InterruptException as exc:
        raise InvalidValue(f"The query took more than {seconds:g} s; ask for less.") from exc
    finally:
        bell.cancel()
