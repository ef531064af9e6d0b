"""`nbtrack.pytorch`: PyTorch's part of the API, named as MLflow's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.hooks.pytorch.hook import autolog

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.models.model_info import ModelInfo

    log_model: Callable[..., ModelInfo]
    save_model: Callable[..., None]
    load_model: Callable[..., Any]
    get_default_pip_requirements: Callable[..., list[str]]
    get_default_conda_env: Callable[..., dict[str, Any]]

FLAVOR_NAME = "pytorch"

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
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nbtrack.api.framework_models import FUNCTIONS  # autolog alone does not need it

    return getattr(FUNCTIONS[FLAVOR_NAME], name)
