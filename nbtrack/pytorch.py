"""`nbtrack.pytorch`: PyTorch's part of the API, named as MLflow's."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nbtrack.api.model_functions import NAMES, model_function
from nbtrack.hooks.pytorch.hook import autolog

FLAVOR_NAME = "pytorch"
_STATES = ("load_checkpoint", "load_state_dict", "log_state_dict", "save_state_dict")

__all__ = ["autolog", *NAMES, *_STATES]


def __getattr__(name: str) -> Any:
    if name in _STATES:
        return getattr(import_module("nbtrack.api.torch_states"), name)
    return model_function(FLAVOR_NAME, name)
