"""Models as MLmodel folders, the format of MLflow: `infer_signature`, `get_model_info`, …

`nbtrack.sklearn` and `nbtrack.pyfunc` log, save and load; hooks log a fitted model with

    nbtrack.models.saving.save_fitted(
        run: RunWriter,                         # an ActiveRun, or a run by id
        model: Any,                             # a fitted scikit-learn estimator
        path: str,                              # artifact folder of the run, "model"
        *,
        signature_rows: Any = None,             # a few rows of X; None: no signature
        predictions_of_rows: Any = None,        # what the model predicts for them
        input_example: Any = None,              # rows to keep with the model
        serialization_format: str = "cloudpickle",   # "pickle", "skops"
        pyfunc_predict_fn: str = "predict",
        metadata: Mapping[str, Any] | None = None,
    ) -> ModelInfo

which has read everything of the model and the rows, and written the files, when it returns.
It raises ModelNotSaved for a model that cannot be pickled, and stores nothing then.
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
