"""nbtrack: a cell is an experiment. `import nbtrack as mlflow` runs existing tracking code.

Names are found lazily: `import nbtrack` pulls in nothing but itself. No public function may have
a submodule of its name, or the second access would find the module.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_FLUENT = [
    "active_run",
    "create_experiment",
    "delete_experiment",
    "delete_experiment_tag",
    "delete_run",
    "end_run",
    "get_experiment",
    "get_experiment_by_name",
    "get_parent_run",
    "get_run",
    "get_tracking_uri",
    "is_tracking_uri_set",
    "last_active_run",
    "project_folder",
    "restore_experiment",
    "restore_run",
    "search_experiments",
    "search_runs",
    "set_experiment",
    "set_experiment_tag",
    "set_experiment_tags",
    "set_tracking_uri",
    "sql",
    "start_run",
]
_LOGGING = [
    "delete_tag",
    "get_artifact_uri",
    "load_table",
    "log_artifact",
    "log_artifacts",
    "log_dict",
    "log_figure",
    "log_image",
    "log_input",
    "log_inputs",
    "log_metric",
    "log_metrics",
    "log_outputs",
    "log_param",
    "log_params",
    "log_stream",
    "log_table",
    "log_text",
    "set_tag",
    "set_tags",
]
_LOGGED_MODELS = [
    "ActiveModel",
    "clear_active_model",
    "create_external_model",
    "delete_logged_model",
    "delete_logged_model_tag",
    "finalize_logged_model",
    "get_active_model_id",
    "get_logged_model",
    "initialize_logged_model",
    "last_logged_model",
    "log_model_params",
    "search_logged_models",
    "set_active_model",
    "set_logged_model_tags",
]
_REGISTRY = [
    "check_gate",
    "register_model",
    "remove_gate",
    "require_gate",
    "search_model_versions",
    "search_registered_models",
    "set_model_version_tag",
]
_SWITCHES = [
    "disable_system_metrics_logging",
    "enable_system_metrics_logging",
    "flush_artifact_async_logging",
    "flush_async_logging",
    "get_registry_uri",
    "set_registry_uri",
    "set_system_metrics_node_id",
    "set_system_metrics_samples_before_logging",
    "set_system_metrics_sampling_interval",
]
_HOMES = {
    **dict.fromkeys(_FLUENT, "nbtrack.api.fluent"),
    **dict.fromkeys(_LOGGING, "nbtrack.api.fluent_logging"),
    **dict.fromkeys(_LOGGED_MODELS, "nbtrack.api.fluent_logged_models"),
    **dict.fromkeys(_REGISTRY, "nbtrack.api.fluent_registry"),
    **dict.fromkeys(_SWITCHES, "nbtrack.api.switches"),
    "ActiveRun": "nbtrack.recording.active_run",
    "Client": "nbtrack.tracking",
    "Image": "nbtrack.artifact_store.image",
    "MlflowClient": "nbtrack.api.client",
    "MlflowException": "nbtrack.exceptions",
    "NbtrackError": "nbtrack.errors",
    "autolog": "nbtrack.hooks.autolog",
    "bisect": "nbtrack.api.explaining",
    "columns": "nbtrack.panels.runs.chosen_columns",
    "doctor": "nbtrack.cli.doctor",
    "EvaluationResult": "nbtrack.evaluation.results",
    "evaluate": "nbtrack.evaluation.evaluating",
    "validate_evaluation_results": "nbtrack.evaluation.thresholds",
    "export": "nbtrack.api.reproduction",
    "export_runs": "nbtrack.api.leaving",
    "reproduce": "nbtrack.api.reproduction",
    "compare": "nbtrack.panels.compare.showing",
    "diff": "nbtrack.api.explaining",
    "pull": "nbtrack.api.copies",
    "push": "nbtrack.api.copies",
    "live": "nbtrack.panels.live.panel",
    "load_ipython_extension": "nbtrack.ipython",
    "keep_checkpoints": "nbtrack.api.checkpoints",
    "resume": "nbtrack.api.checkpoints",
    "stop_is_wanted": "nbtrack.api.stopping",
    "StopTraining": "nbtrack.errors",
    "report": "nbtrack.panels.report.writing",
    "registry": "nbtrack.panels.registry.showing",
    "runs": "nbtrack.panels.runs.showing",
    "takeover": "nbtrack.api.taking_over",
    "unload_ipython_extension": "nbtrack.ipython",
}
_SUBMODULES = (
    "artifacts",
    "catboost",
    "client",
    "config",
    "data",
    "entities",
    "exceptions",
    "fastai",
    "keras",
    "lightgbm",
    "models",
    "onnx",
    "optuna",
    "pyfunc",
    "pytorch",
    "sklearn",
    "statsmodels",
    "tensorflow",
    "tracking",
    "transformers",
    "types",
    "xgboost",
)

__all__ = sorted([*_HOMES, *_SUBMODULES])


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        found = getattr(importlib.import_module(_HOMES[name]), name)
    elif name in _SUBMODULES:
        found = importlib.import_module(f"nbtrack.{name}")
    else:
        from nbtrack.base.absent_names import hint

        raise AttributeError(f"module 'nbtrack' has no attribute {name!r}.{hint(name, __all__)}")
    globals()[name] = found  # the next access is a plain look-up
    return found


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
