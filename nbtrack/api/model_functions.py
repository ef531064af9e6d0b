"""What the module of a framework offers beside `autolog`, made when it is asked for."""

from __future__ import annotations

from typing import Any

NAMES = (
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_model",
    "log_model",
    "save_model",
)


def model_function(flavour: str, name: str) -> Any:
    """Raises AttributeError."""
    if name not in NAMES:
        raise AttributeError(f"module 'nbtrack.{flavour}' has no attribute {name!r}")
    from nbtrack.api.framework_models import FUNCTIONS  # autolog alone does not need it

    return getattr(FUNCTIONS[flavour], name)
