"""In-memory instances of DuckDB with the views over `project`: one for every store that is open.

To make one takes 60 ms of processor time. So those that stores have closed serve the next stores.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.base.databases import open_in_memory
from nbtrack.stores.local import migrations, schema
from nbtrack.stores.registry import registry_schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_SPARE = 1
_spare: list[DuckDBPyConnection] = []
_WITH_ROWS = """
    select schema_name, table_name, temporary from duckdb_tables()
    where temporary or (schema_name = 'tail' or table_name = 'dead_writers') and estimated_size > 0
"""


def take_instance(folder: Path) -> DuckDBPyConnection:
    """For the project in *folder*; nothing is attached, and all tables are empty."""
    try:
        connection = _spare.pop()
    except IndexError:
        connection = _new_instance()
    artifact_root = quoted(str(folder / "artifacts"))
    connection.execute(f"set variable artifact_root = {artifact_root}")
    return connection


def give_back(connection: DuckDBPyConnection) -> None:
    """Nothing is attached to it, and its views are as they were made."""
    import duckdb

    try:
        if len(_spare) < MOST_SPARE:
            _empty(connection)
            _spare.append(connection)
            return
    except (duckdb.Error, RuntimeError):  # a query has broken it
        pass
    connection.close()


def attach_nothing(connection: DuckDBPyConnection) -> None:
    connection.execute("attach ':memory:' as project")
    migrations.create_bare_tables(connection)


def quoted(text: str) -> str:
    """*text* as an SQL literal, for the few statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def _new_instance() -> DuckDBPyConnection:
    connection = open_in_memory()
    for statement in schema.create_tables("tail"):
        connection.execute(statement)
    connection.execute("create table dead_writers (writer varchar)")
    attach_nothing(connection)
    for statement in schema.create_union_views() + schema.create_views("memory"):
        connection.execute(statement)
    connection.execute(registry_schema.create_memory_view())
    for statement in registry_schema.create_views("memory"):
        connection.execute(statement)
    connection.execute("detach project")
    return connection


def _empty(connection: DuckDBPyConnection) -> None:
    """Of its two dozen tables most are empty: asking which takes less than truncating all."""
    left = connection.execute(_WITH_ROWS).fetchall()
    truncate, drop = "truncate {}.{}", "drop table temp.{1}"
    connection.execute(
        ";".join((drop if is_temporary else truncate).format(*name) for *name, is_temporary in left)
    )


def _close_spare() -> None:
    while _spare:
        _spare.pop().close()


# A child that inherits an instance crashes when it ends. Registered before what attachments do
# before a fork, this comes after it, when no store can close any more and give one back.
os.register_at_fork(before=_close_spare)
