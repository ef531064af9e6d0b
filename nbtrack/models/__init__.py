"""Models as MLmodel folders, the format of MLflow: `infer_signature`, `get_model_info`, …

In come fitted models, or places of folders; out come files, and what predicts. This file is the
facade that users import; api/ and hooks/ log through `saving`, api/ and cli/ load through
`loading`, and nothing here changes the registry.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Model": "nbtrack.models.mlmodel_file",
    "ModelInfo": "nbtrack.models.model_info",
    "ModelSignature": "nbtrack.models.signature",
    "get_model_info": "nbtrack.models.loading",
    "infer_signature": "nbtrack.models.signature",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'nbtrack.models' has no attribute {name!r}")
    found = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = found  # the next access is a plain look-up
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
