"""The public functions take MLflow's arguments, in its order, with its defaults."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Any

import pytest

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
mlflow = pytest.importorskip("mlflow")

import nbtrack  # noqa: E402 (after importorskip)


def _words(text: str) -> list[str]:
    return text.split()


FLUENT = _words("""
    active_run create_experiment delete_experiment delete_experiment_tag delete_run delete_tag
    disable_system_metrics_logging doctor enable_system_metrics_logging end_run
    flush_artifact_async_logging flush_async_logging get_artifact_uri get_experiment
    get_experiment_by_name get_parent_run get_registry_uri get_run get_tracking_uri
    is_tracking_uri_set last_active_run load_table log_artifact log_artifacts log_dict log_figure
    log_image log_input log_inputs log_metric log_metrics log_param log_params log_stream log_table
    log_text restore_experiment restore_run search_experiments search_runs set_experiment
    set_experiment_tag set_experiment_tags set_registry_uri set_system_metrics_node_id
    set_system_metrics_samples_before_logging set_system_metrics_sampling_interval set_tag set_tags
    set_tracking_uri start_run
""")
CLIENT = _words("""
    create_experiment create_run delete_experiment delete_experiment_tag delete_run delete_tag
    download_artifacts get_experiment get_experiment_by_name get_metric_history get_parent_run
    get_run list_artifacts load_table log_artifact log_artifacts log_batch log_dict log_figure
    log_image log_inputs log_metric log_param log_stream log_table log_text rename_experiment
    restore_experiment restore_run search_experiments search_runs set_experiment_tag set_tag
    set_terminated update_run
""")
ARTIFACTS = ["download_artifacts", "list_artifacts", "load_dict", "load_image", "load_text"]
DATA = ["from_numpy", "from_pandas", "from_polars", "get_source"]
CONFIG = ["enable_async_logging"]

# What MLflow 3 added for traces and its own registry, which nbtrack has not.
NOT_OURS = {
    "create_experiment": {"trace_location"},
    "set_experiment": {"trace_location"},
    "artifacts.download_artifacts": {"registry_uri"},
}


def arguments(function: Callable[..., Any]) -> dict[str, Any]:
    """Names and defaults, in order; `inspect.Parameter.empty` for those that must be given."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is not p.VAR_KEYWORD}


def public_functions() -> list[tuple[str, Any, Any]]:
    homes = [
        ("", FLUENT, mlflow, nbtrack),
        ("client.", CLIENT, mlflow.MlflowClient, nbtrack.MlflowClient),
        ("artifacts.", ARTIFACTS, mlflow.artifacts, nbtrack.artifacts),
        ("data.", DATA, mlflow.data, nbtrack.data),
        ("config.", CONFIG, mlflow.config, nbtrack.config),
    ]
    return [
        (prefix + name, getattr(theirs, name), getattr(ours, name))
        for prefix, names, theirs, ours in homes
        for name in names
        if hasattr(theirs, name)  # an older MLflow lacks a few
    ]


@pytest.mark.parametrize(
    ("name", "theirs", "ours"), public_functions(), ids=[each[0] for each in public_functions()]
)
def test_arguments_are_mlflows(name, theirs, ours):
    """Same names, order and defaults, but for what is listed above."""
    missing = NOT_OURS.get(name, set())
    expected = {key: value for key, value in arguments(theirs).items() if key not in missing}

    assert list(arguments(ours).items()) == list(expected.items())


def test_what_is_not_ours_is_really_mlflows():
    """The list of missing arguments names no argument that MLflow dropped or we added."""
    found = {
        name: (arguments(theirs), arguments(ours)) for name, theirs, ours in public_functions()
    }

    for name, missing in NOT_OURS.items():
        theirs, ours = found[name]
        assert missing <= set(theirs)
        assert not missing & set(ours)


def test_records_have_mlflows_names():
    """Entities that code constructs or asks for are there under `entities`."""
    names = _words("""
    Dataset DatasetInput Experiment ExperimentTag FileInfo InputTag LifecycleStage Metric
    Param Run RunData RunInfo RunInputs RunStatus RunTag ViewType
    """)

    for name in names:
        assert hasattr(mlflow.entities, name), name
        assert hasattr(nbtrack.entities, name), name


def test_errors_carry_mlflows_codes(tmp_path):
    """`except MlflowException as e: e.error_code == "RESOURCE_ALREADY_EXISTS"` works."""
    nbtrack.set_tracking_uri(tmp_path)
    nbtrack.create_experiment("taken")
    calls = {
        "RESOURCE_ALREADY_EXISTS": lambda: nbtrack.create_experiment("taken"),
        "RESOURCE_DOES_NOT_EXIST": lambda: nbtrack.get_run("0" * 32),
        "INVALID_PARAMETER_VALUE": lambda: nbtrack.search_runs(filter_string="nonsense"),
    }

    for code, call in calls.items():
        with pytest.raises(nbtrack.exceptions.MlflowException) as caught:
            call()
        assert caught.value.error_code == code
    nbtrack.set_tracking_uri(None)
