"""`nbtrack.keras`: Keras's part of the API, named as MLflow's."""

from __future__ import annotations

from typing import Any

from nbtrack.api.model_functions import NAMES, model_function
from nbtrack.hooks.keras.hook import autolog

FLAVOR_NAME = "keras"

__all__ = ["autolog", *NAMES]


def __getattr__(name: str) -> Any:
    return model_function(FLAVOR_NAME, name)
