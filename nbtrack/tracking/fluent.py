"""The fluent functions under the name of their module in MLflow."""

from __future__ import annotations

from typing import Any

import nbtrack


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module 'nbtrack.tracking.fluent' has no attribute {name!r}")
    return getattr(nbtrack, name)
