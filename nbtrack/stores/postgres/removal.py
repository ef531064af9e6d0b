"""Taking runs and logged models out of the database, as `stores.local.removal` does of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nbtrack.records.executions import CONTENT_KEY
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


def remove_executions(connection: PgConnection, numbers: Mapping[str, Sequence[int]]) -> None:
    """These, by kernel, and the texts that neither another one nor a dataset names."""
    take_turn(connection)
    for kernel, gone in numbers.items():
        connection.execute(
            "delete from stored.executions where kernel = $kernel and list_contains($gone, number)",
            {"kernel": kernel, "gone": list(gone)},
        )
    connection.execute(_FORGET_TEXTS, {"content": CONTENT_KEY})
    connection.execute("update stored.changes set n = n + 1")


_OF_LIST = """
    jsonb_array_elements(case jsonb_typeof(main.as_json(facts) -> '{0}')
        when 'array' then main.as_json(facts) -> '{0}' end)"""
_FORGET_TEXTS = f"""
    delete from stored.texts where digest not in (
        select main.as_json(facts) ->> 'source' from stored.executions
        union all
        select item #>> '{{}}' from stored.executions, {_OF_LIST.format("generators")} item
        where item #>> '{{}}' is not null
        union all
        select item ->> 3 from stored.executions, {_OF_LIST.format("modules")} item
        where item ->> 3 is not null
        union all
        select $content || digest from stored.inputs where digest is not null)
"""


def remove_models(connection: PgConnection, model_ids: Sequence[str]) -> None:
    take_turn(connection)
    delete_models(connection, model_ids)
    connection.execute("update stored.changes set n = n + 1")
