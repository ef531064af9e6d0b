"""`nbtrack.onnx`: ONNX's part of the API, named as MLflow's."""

from __future__ import annotations

from typing import Any

from nbtrack.api.model_functions import NAMES, model_function

FLAVOR_NAME = "onnx"

__all__ = [*NAMES]


def __getattr__(name: str) -> Any:
    return model_function(FLAVOR_NAME, name)
