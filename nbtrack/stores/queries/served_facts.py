"""What a server of MLflow's protocol tells beside records: where the latest points are, and which
datasets there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbtrack.records.runs import Metric
from nbtrack.stores.queries.run_queries import MILLISECONDS

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection

_LATEST = (
    f"select run_id, key, value, {MILLISECONDS}, step"
    " from current.latest_metrics join stored.run_keys using (run_key)"
    " where list_contains($run_ids, run_id)"
)
_DATASETS = (
    "select distinct r.experiment_id, i.name, i.digest, i.context"
    " from current.inputs i join current.runs r using (run_key)"
    " where list_contains($experiment_ids, r.experiment_id)"
    " order by r.experiment_id, i.name, i.digest, i.context limit 1000"
)


def read_latest_points(
    connection: Connection, run_ids: Sequence[str]
) -> dict[str, dict[str, Metric]]:
    found: dict[str, dict[str, Metric]] = {}
    rows = connection.execute(_LATEST, {"run_ids": list(run_ids)}).fetchall()
    for run_id, key, value, t, step in rows:
        found.setdefault(run_id, {})[key] = Metric(key, value, t, step)
    return found


def read_datasets(connection: Connection, experiment_ids: Sequence[str]) -> list[list[str | None]]:
    rows = connection.execute(_DATASETS, {"experiment_ids": list(experiment_ids)}).fetchall()
    return [[each or None for each in row] for row in rows]
