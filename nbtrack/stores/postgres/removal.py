"""Taking runs and logged models out of the database, as `stores.local.removal` does of a file."""

from __future__ import annotations

from collections.abc import Sequence

from nbtrack.stores.local.removal import delete_models, models_of_runs
from nbtrack.stores.local.schema import TABLES
from nbtrack.stores.postgres.connection import PgConnection
from nbtrack.stores.postgres.writing import take_turn

_KEPT = ("run_rows", "param_values", "tag_values", "latest_points")


def remove_runs(connection: PgConnection, run_ids: Sequence[str]) -> None:
    """All rows of these runs, in a transaction; their artifacts are not looked at."""
    take_turn(connection)
    of_ids = "select run_key from stored.run_keys where list_contains($ids, run_id)"
    rows = connection.execute(of_ids, {"ids": list(run_ids)}).fetchall()
    keys = [key for (key,) in rows]
    delete_models(connection, models_of_runs(connection, run_ids))
    stored = [table for table, columns in TABLES.items() if "run_key" in columns]
    tables = [f"stored.{'points' if table == 'metrics' else table}" for table in stored]
    for table in [*tables, *(f"current.{name}" for name in _KEPT)]:
        connection.execute(
            f"delete from {table} where list_contains($keys, run_key)", {"keys": keys}
        )
    connection.execute("update stored.changes set n = n + 1")


def remove_models(connection: PgConnection, model_ids: Sequence[str]) -> None:
    take_turn(connection)
    delete_models(connection, model_ids)
    connection.execute("update stored.changes set n = n + 1")
