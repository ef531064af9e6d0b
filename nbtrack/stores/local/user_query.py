"""The user's own SQL over the public views: it reads, it cannot change the record."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
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


def user_query(
    connection: DuckDBPyConnection, sql: str, parameters: Mapping[str, object] | None
) -> pd.DataFrame:
    """Raises InvalidValue for wrong SQL, and for anything but one query."""
    import duckdb

    try:
        _refuse_all_but_queries(connection, sql)
        # EXPLAIN ANALYZE runs what it explains, and COPY goes both ways.
        connection.execute("begin transaction read only")
        try:
            return connection.execute(sql, parameters).df()
        finally:
            with suppress(duckdb.Error):
                connection.execute("rollback")
    except duckdb.TransactionException as exc:
        raise InvalidValue(_ONE_QUERY) from exc
    except duckdb.Error as exc:
        if is_damage(exc) or is_interruption(exc):
            raise
        views = ", ".join(sorted({*PUBLIC_VIEWS, *REGISTRY_VIEWS}))
        raise InvalidValue(f"{exc}\n\nThe views are {views}.") from exc


def _refuse_all_but_queries(connection: DuckDBPyConnection, sql: str) -> None:
    import duckdb

    reading = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.COPY}
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type not in reading:
        raise InvalidValue(_ONE_QUERY)
