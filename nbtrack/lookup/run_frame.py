"""Runs as the DataFrame that `mlflow.search_runs` returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.records.runs import LifecycleStage, RunColumns, RunInfo, RunStatus

if TYPE_CHECKING:
    import pandas as pd

_FACTS = ("run_id", "experiment_id", "status", "artifact_uri")
_TIMES = ("start_time", "end_time")


def run_frame(found: RunColumns) -> pd.DataFrame:
    """Columns run_id, experiment_id, status, artifact_uri, start_time, end_time (UTC), then
    metrics.* (NaN where missing), params.* and tags.* (None where missing)."""
    if not found.infos:
        # Without rows pandas cannot tell the types; a frame of none has those of a frame of some.
        return run_frame(RunColumns(infos=[_BLANK], params={}, metrics={}, tags={})).iloc[:0]
    import numpy as np
    import pandas as pd

    facts, values = _texts(fact_columns(found.infos)), _texts(value_columns(found))
    times = {
        name: pd.to_datetime([getattr(info, name) for info in found.infos], unit="ms", utc=True)
        for name in _TIMES
    }
    metrics = {name: np.array(numbers, dtype=float) for name, numbers in metric_columns(found)}
    return pd.DataFrame({**facts, **times, **metrics, **values}, copy=False)


def fact_columns(infos: Sequence[RunInfo]) -> dict[str, list[str]]:
    """What every run has, as text."""
    return {name: [str(getattr(info, name)) for info in infos] for name in _FACTS}


def metric_columns(found: RunColumns) -> list[tuple[str, list[float | None]]]:
    """By the names of their columns, in order."""
    return [(f"metrics.{key}", numbers) for key, numbers in sorted(found.metrics.items())]


def value_columns(found: RunColumns) -> dict[str, list[str | None]]:
    """Params, then tags, by the names of their columns, in order."""
    groups = (("params", found.params), ("tags", found.tags))
    return {f"{name}.{key}": group[key] for name, group in groups for key in sorted(group)}


def _texts(columns: Mapping[str, Sequence[str | None]]) -> dict[str, Any]:
    """As arrays, all made at once: pandas takes long to see that a column is text."""
    import numpy as np
    import pandas as pd

    if not columns:
        return {}
    together = pd.Series(np.array(list(columns.values()), dtype=object).reshape(-1)).array
    count = len(together) // len(columns)
    return {name: together[n * count : (n + 1) * count] for n, name in enumerate(columns)}


_BLANK = RunInfo(
    run_id="",
    run_name=None,
    experiment_id="",
    user_id="",
    status=RunStatus.FINISHED,
    start_time=0,
    end_time=0,
    lifecycle_stage=LifecycleStage.ACTIVE,
    artifact_uri="",
)
