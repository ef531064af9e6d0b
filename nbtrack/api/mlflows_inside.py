"""The few names of MLflow's inside that other libraries and scripts use: the callback of
transformers and the logger of Lightning do not work without them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from nbtrack.records.runs import PagedList

_TAGS = {
    "MLFLOW_RUN_NAME": "mlflow.runName",
    "MLFLOW_RUN_NOTE": "mlflow.note.content",
    "MLFLOW_PARENT_RUN_ID": "mlflow.parentRunId",
    "MLFLOW_USER": "mlflow.user",
    "MLFLOW_SOURCE_NAME": "mlflow.source.name",
    "MLFLOW_SOURCE_TYPE": "mlflow.source.type",
    "MLFLOW_GIT_COMMIT": "mlflow.source.git.commit",
    "MLFLOW_AUTOLOGGING": "mlflow.autologging",
}
_LIMITS = {
    "MAX_METRICS_PER_BATCH": 1000,
    "MAX_PARAMS_TAGS_PER_BATCH": 100,
    "MAX_PARAM_VAL_LENGTH": 6000,
}
_PAGES = {"SEARCH_MAX_RESULTS_DEFAULT": 1000, "SEARCH_MAX_RESULTS_THRESHOLD": 50_000}


def _resolve_tags(tags: dict[str, str] | None = None) -> dict[str, str]:
    """Those of where the code runs, too; our runs have them by themselves."""
    return dict(tags or {})


_INSIDE: dict[str, dict[str, Any]] = {
    "utils": {},
    "utils.mlflow_tags": _TAGS,
    "utils.validation": _LIMITS,
    "store": {},  # of its stores, none: what they do, our own store does
    "store.entities": {"PagedList": PagedList},
    "store.tracking": _PAGES,
    "tracking.context": {"resolve_tags": _resolve_tags},
    "tracking.context.registry": {"resolve_tags": _resolve_tags},
}


def is_inside(path: str) -> bool:
    """*path* without "mlflow."."""
    return path in _INSIDE


def inside(path: str) -> ModuleType:
    module = ModuleType(f"mlflow.{path}")
    module.__dict__.update(_INSIDE[path])
    return module
