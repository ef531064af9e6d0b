"""Records as users make them and take them apart."""

from __future__ import annotations

import pytest

from nbtrack.errors import InvalidValue
from nbtrack.records.runs import (
    LifecycleStage,
    Metric,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunStatus,
)

INFO = RunInfo(
    run_id="a", run_name="one", experiment_id="0", user_id="me", status=RunStatus.FINISHED,
    start_time=1, end_time=2, lifecycle_stage=LifecycleStage.ACTIVE, artifact_uri="/a",
)  # fmt: skip


def test_a_metric_is_made_of_its_dictionary():
    """With what it says of models and data; what is missing is named."""
    metric = Metric("loss", 0.5, 1000, 3, dataset_name="test")

    assert Metric.from_dictionary(metric.to_dictionary()) == metric
    with pytest.raises(InvalidValue, match="timestamp, step"):
        Metric.from_dictionary({"key": "loss", "value": 0.5})


def test_a_run_is_made_of_its_parts_in_mlflows_order():
    """And says so when the first one is missing."""
    found = Run(INFO, RunData(metrics={"m": 1.0}))

    assert (found.info, found.data.metrics, found.inputs) == (INFO, {"m": 1.0}, RunInputs())
    with pytest.raises(InvalidValue, match="RunInfo"):
        Run(None, found.data)  # type: ignore[arg-type]  # the wrong use that is tested
