"""Runs as the DataFrame that `mlflow.search_runs` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.records.runs import LifecycleStage, RunColumns, RunInfo, RunStatus

if TYPE_CHECKING:
    import pandas as pd


def run_frame(found: RunColumns) -> pd.DataFrame:
    """Columns run_id, experiment_id, status, artifact_uri, start_time, end_time (UTC), then
    metrics.* (NaN where missing), params.* and tags.* (None where missing)."""
    if not found.infos:
        # Without rows pandas cannot tell the types; a frame of none has those of a frame of some.
        return run_frame(RunColumns(infos=[_BLANK], params={}, metrics={}, tags={})).iloc[:0]
    import numpy as np
    import pandas as pd

    infos = found.infos
    columns: dict[str, Any] = {
        name: np.array([getattr(info, name) for info in infos], dtype=object)
        for name in ("run_id", "experiment_id", "status", "artifact_uri")
    }
    columns["status"] = np.array([str(info.status) for info in infos], dtype=object)
    for name in ("start_time", "end_time"):
        columns[name] = pd.to_datetime([getattr(i, name) for i in infos], unit="ms", utc=True)
    for key, numbers in sorted(found.metrics.items()):
        columns[f"metrics.{key}"] = np.array(numbers, dtype=float)
    for prefix, group in (("params", found.params), ("tags", found.tags)):
        for key, texts in sorted(group.items()):
            columns[f"{prefix}.{key}"] = np.array(texts, dtype=object)
    return pd.DataFrame(columns)


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
