"""The tables that runs are written as, and read from: their names, columns, and what a spreadsheet
would take for a formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Table(NamedTuple):
    """A public view, or what gives rows as one does, with a column run_id, *order*, and the SQL
    types of its columns."""

    view: str
    order: str
    columns: Mapping[str, str]


def _texts(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "varchar")


_POINT = {"value": "double", "step": "bigint", "timestamp": "timestamp"}
_LINKS = """(
    select run_id, model_id, 'output' as role, step from current.model_outputs
        join stored.run_keys using (run_key)
    union all
    select run_id, model_id, 'input', 0 from current.model_inputs
        join stored.run_keys using (run_key)
)"""
# Asked for run by run.
OF_RUNS = {
    "runs": Table(
        "runs",
        "start_time, run_id",
        _texts("run_id", "run_name", "experiment_id", "experiment", "status")
        | {"start_time": "timestamp", "end_time": "timestamp", "duration_seconds": "double"}
        | _texts("user_id", "lifecycle_stage", "parent_run_id"),
    ),
    "params": Table("params", "run_id, key", _texts("run_id", "key", "value")),
    "tags": Table("tags", "run_id, key", _texts("run_id", "key", "value")),
    "metrics": Table("metrics", "run_id, key, step, timestamp", _texts("run_id", "key") | _POINT),
    "datasets": Table(
        "inputs",
        "run_id, name",
        _texts("run_id", "name", "digest", "source_type", "source", "schema", "profile")
        | _texts("context", "tags"),
    ),
    "artifacts": Table(
        "artifacts",
        "run_id, path",
        {"run_id": "varchar", "path": "varchar", "size": "bigint", "sha256": "varchar"},
    ),
    "model_metrics": Table(
        "logged_model_metrics",
        "model_id, key, step",
        _texts("model_id", "run_id", "key") | _POINT | _texts("dataset_name", "dataset_digest"),
    ),
    "model_links": Table(
        _LINKS, "run_id, model_id", _texts("run_id", "model_id", "role") | {"step": "bigint"}
    ),
}
_TAG = ("key", "value")
# All texts; times are milliseconds since 1970 UTC.
OF_OTHERS: Mapping[str, tuple[str, ...]] = {
    "experiments": ("experiment_id", "name", "lifecycle_stage", "creation_time"),
    "experiment_tags": ("experiment_id", *_TAG),
    "models": (
        "model_id", "name", "experiment_id", "source_run_id", "status", "model_type", "path",
        "lifecycle_stage",
    ),
    "model_params": ("model_id", *_TAG),
    "model_tags": ("model_id", *_TAG),
    "registered_models": ("name", "description", "creation_timestamp"),
    "registered_model_tags": ("name", *_TAG),
    # *files* is a model of these tables that has what the registry keeps.
    "versions": (
        "name", "version", "current_stage", "aliases", "description", "run_id", "source", "digest",
        "user_id", "creation_timestamp", "run_link", "files",
    ),
    "version_tags": ("name", "version", *_TAG),
}  # fmt: skip
COLUMNS: Mapping[str, Mapping[str, str]] = {
    **{name: table.columns for name, table in OF_RUNS.items()},
    **{name: _texts(*columns) for name, columns in OF_OTHERS.items()},
}
# What a spreadsheet takes for a formula; numbers are none. Quotes before it are counted in, so
# that taking one away gives back what was there.
FORMULA = r"^'*[=+\-@\t\r\n|%＝＋－＠]"
GUARDED_FORMULA = r"^'+[=+\-@\t\r\n|%＝＋－＠]"
