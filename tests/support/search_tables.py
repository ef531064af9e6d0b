"""Five runs and three experiments in the relations that filters and orders speak about."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import duckdb

from nbtrack.stores.filters.clauses import Clause, Order

NOON = 1_772_366_400_000  # 2026-03-01T12:00 UTC, in milliseconds
HOUR = 3_600_000
assert datetime.fromtimestamp(NOON / 1000, tz=UTC).isoformat() == "2026-03-01T12:00:00+00:00"

SCHEMA = """
    create schema current;
    create table current.runs (run_key integer, run_id varchar, run_name varchar,
        experiment_id varchar, status varchar, start_us bigint, end_us bigint, user_id varchar,
        lifecycle_stage varchar, artifact_uri varchar);
    create table current.params (run_key integer, key varchar, value varchar);
    create table current.tags (run_key integer, key varchar, value varchar);
    create table current.latest_metrics (run_key integer, key varchar, value double,
        step bigint, t bigint);
    create table current.inputs (run_key integer, name varchar, digest varchar, context varchar);
    create table current.experiments (experiment_id varchar, name varchar,
        artifact_location varchar, lifecycle_stage varchar, created_us bigint, updated_us bigint);
    create table current.experiment_tags (experiment_id varchar, key varchar, value varchar);
"""
# run_id, run_name, status, hours after NOON, seconds it took
RUNS = [
    ("a", "SVC C=10", "FINISHED", 0, 14.5),
    ("b", "HistGB depth 8", "FAILED", 1, 3.0),
    ("c", None, "RUNNING", 2, None),
    ("d", "it's 100%", "FINISHED", 3, 60.0),
    ("e", "Épreuve", "KILLED", 24, 0.25),
]
METRICS: dict[str, dict[str, float]] = {
    "f1": {"a": 0.95, "b": 0.85, "d": -1.5, "e": math.nan},
    "val/loss": {"a": 0.1, "b": math.inf, "c": -math.inf},
    "f1 score": {"a": 1.0},
    'odd "`key': {"b": 2e-3},
}
PARAMS = {
    "lr": {"a": "1e-3", "b": "0.01", "c": "10", "d": "auto"},
    "depth": {"a": "10", "b": "8", "c": "10.0", "e": "nan"},
    "model": {"a": "SVC", "b": "HistGB", "c": "svc", "d": "it's", "e": "C:\\x"},
    "learning rate": {"b": "0.5"},
}
TAGS = {
    "team": {"a": "red", "b": "blue", "c": "100%"},
    "mlflow.source.name": {"a": "nb.ipynb"},
}
INPUTS = [("a", "iris", "d1", "train"), ("a", "wine", "d2", "test"), ("b", "iris", "d1", None)]
# experiment_id, name, lifecycle_stage, hours after NOON, tags
EXPERIMENTS = [
    ("0", "Default", "active", 0, {}),
    ("1", "churn", "active", 1, {"team": "red", "rank": "10"}),
    ("2", "Old", "deleted", 2, {"team": "blue", "rank": "9"}),
]


def open_search_tables() -> duckdb.DuckDBPyConnection:
    sql = duckdb.connect()
    sql.execute(SCHEMA)
    keys = {run[0]: number for number, run in enumerate(RUNS)}
    for run_id, name, status, hours, seconds in RUNS:
        start = (NOON + hours * HOUR) * 1000
        end = None if seconds is None else start + int(seconds * 1e6)
        row = [keys[run_id], run_id, name, "1", status, start, end, "ada", "active", f"/r/{run_id}"]
        sql.execute(f"insert into current.runs values ({marks(row)})", row)
    insert_values(sql, "params", PARAMS, keys)
    insert_values(sql, "tags", TAGS, keys)
    insert_values(sql, "latest_metrics", METRICS, keys, 0, 0)
    for run_id, *dataset in INPUTS:
        sql.execute("insert into current.inputs values (?, ?, ?, ?)", [keys[run_id], *dataset])
    insert_experiments(sql)
    return sql


def marks(row: Sequence[object]) -> str:
    return ", ".join("?" * len(row))


def insert_values(sql, table: str, values: dict, keys: dict[str, int], *rest: object) -> None:
    for key, by_run in values.items():
        for run_id, value in by_run.items():
            row = [keys[run_id], key, value, *rest]
            sql.execute(f"insert into current.{table} values ({marks(row)})", row)


def insert_experiments(sql) -> None:
    for experiment_id, name, stage, hours, tags in EXPERIMENTS:
        at = (NOON + hours * HOUR) * 1000
        row = [experiment_id, name, "/x", stage, at, at + 1_500_000]
        sql.execute(f"insert into current.experiments values ({marks(row)})", row)
        for tag in tags.items():
            sql.execute(
                "insert into current.experiment_tags values (?, ?, ?)", [experiment_id, *tag]
            )


def matching(sql, clause: Clause, *, of: str = "current.runs r", show: str = "run_id") -> str:
    """The ids that match, as one word."""
    query = f"select string_agg({show}, '' order by {show}) from {of} where {clause.sql}"
    return fetch_word(sql, query, clause.parameters)


def ordered(sql, order: Order, *, of: str = "current.runs r", show: str = "r.run_id") -> str:
    query = f"select {show} from {of} {order.joins} order by {order.order_by}"
    return "".join(row[0] for row in sql.execute(query, order.parameters).fetchall())


def fetch_word(sql, query: str, parameters: dict[str, object]) -> str:
    return sql.execute(query, parameters).fetchone()[0] or ""


Search = Callable[[str | None], str]
