"""What predicts: found in a table, by the module that a model says loads it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import ModelNotLoaded
from nbtrack.models.mlmodel_file import PYFUNC, Model

if TYPE_CHECKING:
    from nbtrack.models.load_options import LoadOptions
    from nbtrack.models.pyfunc_model import Predictor

# MLflow's name of the module that loads a model as a python_function -> ours
_OWN = {
    "mlflow.sklearn": "nbtrack.models.flavours.sklearn",
    "mlflow.xgboost": "nbtrack.models.flavours.xgboost",
    "mlflow.lightgbm": "nbtrack.models.flavours.lightgbm",
    "mlflow.catboost": "nbtrack.models.flavours.catboost",
    "mlflow.keras": "nbtrack.models.flavours.keras",
    "mlflow.tensorflow": "nbtrack.models.flavours.keras",
    "mlflow.pytorch": "nbtrack.models.flavours.pytorch",
    "mlflow.statsmodels": "nbtrack.models.flavours.statsmodels",
    "mlflow.transformers": "nbtrack.models.flavours.transformers",
    "mlflow.onnx": "nbtrack.models.flavours.onnx",
    "mlflow.pyfunc.model": "nbtrack.models.flavours.python_model",
}


def load_predictor(folder: Path, model: Model, options: LoadOptions) -> Predictor:
    """What predicts, as `flavors.python_function` of *model* says. Raises ModelNotLoaded."""
    config = model.flavors.get(PYFUNC)
    if config is None:
        raise ModelNotLoaded(
            f"The model in {str(folder)!r} has no python_function flavor (it has "
            f"{', '.join(model.flavors)}): it was saved without a predict method."
        )
    name = config.get("loader_module")
    if name in _OWN:
        loaded: Predictor = importlib.import_module(_OWN[name]).load_predictor(
            folder, model, options
        )
        return loaded
    return _load_by_its_own_module(folder, config, str(name))


def _load_by_its_own_module(folder: Path, config: dict[str, Any], name: str) -> Predictor:
    """Flavours of MLflow that are not ours, and users' own: a module with `_load_pyfunc(path)`."""
    from nbtrack.models.flavours.foreign import ForeignPredictor

    try:
        module = importlib.import_module(name)
    except ImportError as exc:
        raise ModelNotLoaded(
            f"The model in {str(folder)!r} is loaded by the module {name!r}, which cannot be "
            f"imported here: {exc}. Install what requirements.txt in that folder lists."
        ) from exc
    if not hasattr(module, "_load_pyfunc"):
        raise ModelNotLoaded(f"The module {name!r} has no function _load_pyfunc(path).")
    return ForeignPredictor(module._load_pyfunc(str(folder / config.get("data", ""))))
