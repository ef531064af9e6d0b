"""Models as MLmodel folders, the format of MLflow: `infer_signature`, `get_model_info`, …

In come fitted models, or places of folders; out come files, and what predicts. This file is the
facade that users import; api/ and hooks/ log through `saving`, api/ and cli/ load through
`loading`, and nothing here changes the registry.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "EvaluationArtifact": "nbtrack.evaluation.results",
    "EvaluationMetric": "nbtrack.evaluation.metrics",
    "EvaluationResult": "nbtrack.evaluation.results",
    "MetricThreshold": "nbtrack.evaluation.thresholds",
    "Model": "nbtrack.api.model_class",
    "ModelConfig": "nbtrack.models.model_config",
    "ModelInfo": "nbtrack.models.model_info",
    "ModelSignature": "nbtrack.models.signature",
    "convert_input_example_to_serving_input": "nbtrack.models.prediction",
    "evaluate": "nbtrack.evaluation.evaluating",
    "get_model_info": "nbtrack.models.loading",
    "infer_signature": "nbtrack.models.signature",
    "make_metric": "nbtrack.evaluation.metrics",
    "predict": "nbtrack.models.prediction",
    "set_model": "nbtrack.models.code_models",
    "set_signature": "nbtrack.api.model_changes",
    "update_model_requirements": "nbtrack.api.model_changes",
    "validate_evaluation_results": "nbtrack.evaluation.thresholds",
    "validate_schema": "nbtrack.models.prediction",
    "validate_serving_input": "nbtrack.models.prediction",
}
# What people who come from MLflow look for in vain -> what to use.
_MLFLOWS_ONLY = {
    "infer_pip_requirements": "nbtrack.pyfunc.get_model_dependencies names what a model needs",
    "add_libraries_to_model": "pip download the lines of nbtrack.pyfunc.get_model_dependencies",
    "build_docker": "nbtrack models serve answers requests in the environment where it runs",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        hint = f"; {_MLFLOWS_ONLY[name]}" if name in _MLFLOWS_ONLY else ""
        raise AttributeError(f"module 'nbtrack.models' has no attribute {name!r}{hint}")
    found = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = found  # the next access is a plain look-up
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
