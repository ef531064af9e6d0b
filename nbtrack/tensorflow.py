"""`nbtrack.tensorflow`: Keras's part of the API, by MLflow's name for it with TensorFlow.

Models are kept as `nbtrack.keras` keeps them, and loaded from both of MLflow's flavours.
"""

from __future__ import annotations

from typing import Any

from nbtrack.api.model_functions import NAMES, model_function
from nbtrack.hooks.keras.tensorflow import autolog

FLAVOR_NAME = "tensorflow"

__all__ = ["autolog", *NAMES]


def __getattr__(name: str) -> Any:
    return model_function(FLAVOR_NAME, name)
