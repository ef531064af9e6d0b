"""`nbtrack.sklearn`: scikit-learn's part of the API, named as MLflow's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.hooks.sklearn.hook import autolog

if TYPE_CHECKING:
    from nbtrack.api.sklearn_models import (
        get_default_conda_env,
        get_default_pip_requirements,
        load_model,
        log_model,
        save_model,
    )

SERIALIZATION_FORMAT_PICKLE = "pickle"
SERIALIZATION_FORMAT_CLOUDPICKLE = "cloudpickle"
SERIALIZATION_FORMAT_SKOPS = "skops"
SUPPORTED_SERIALIZATION_FORMATS = [
    SERIALIZATION_FORMAT_PICKLE,
    SERIALIZATION_FORMAT_CLOUDPICKLE,
    SERIALIZATION_FORMAT_SKOPS,
]

FLAVOR_NAME = "sklearn"

__all__ = [
    "autolog",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_model",
    "log_model",
    "save_model",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'nbtrack.sklearn' has no attribute {name!r}")
    from nbtrack.api import sklearn_models  # autolog alone does not need it

    return getattr(sklearn_models, name)
