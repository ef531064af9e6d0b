"""`Model` and what tells of one, under the name of their module in MLflow."""

from __future__ import annotations

from typing import Any

from nbtrack import models

__all__ = ["Model", "ModelInfo", "get_model_info"]  # noqa: F822  # found when they are asked for


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'nbtrack.models.model' has no attribute {name!r}")
    return getattr(models, name)
