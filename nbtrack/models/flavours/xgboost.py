"""XGBoost's boosters and estimators, in its own format: UBJSON or JSON, which runs no code."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue
from nbtrack.models.flavours.library_files import (
    class_named,
    full_name,
    own_class,
    version_of,
    written,
)
from nbtrack.models.folder import FlavorParts
from nbtrack.models.mlmodel_file import Model, config_of

if TYPE_CHECKING:
    from nbtrack.models.load_options import LoadOptions

NAME = "xgboost"
FORMATS = ("ubj", "json", "xgb")
_BOOSTER = "xgboost.core.Booster"
_MODULES = ("xgboost.core", "xgboost.sklearn")


def parts_of(model: Any, *, model_format: str = "ubj", **save_options: Any) -> FlavorParts:
    """*save_options* are for its `save_model`. Raises ModelNotSaved, InvalidValue."""
    kind = own_class(model, _MODULES)
    if model_format not in FORMATS:
        raise InvalidValue(f"model_format is {model_format!r}; there are {', '.join(FORMATS)}.")
    file = f"model.{model_format}"
    config = {
        "xgb_version": version_of("xgboost"),
        "data": file,
        "model_class": full_name(kind),
        "model_format": model_format,
    }
    return FlavorParts(
        name=NAME,
        config=config,
        files={file: written(lambda path: model.save_model(path, **save_options), file)},
        modules={"xgboost", "numpy", "scipy", *(["sklearn"] if _is_estimator(kind) else [])},
        pyfunc={"loader_module": "mlflow.xgboost", "data": file},
    )


def load(folder: Path, model: Model, options: LoadOptions) -> Any:  # noqa: ARG001 - all flavours'
    """The booster or estimator. Raises ModelNotLoaded."""
    config = config_of(folder, model, NAME)
    loaded = class_named(str(config.get("model_class", _BOOSTER)), _MODULES)()
    loaded.load_model(str(folder / str(config["data"])))
    return loaded


def load_predictor(folder: Path, model: Model, options: LoadOptions) -> XgboostPredictor:
    return XgboostPredictor(load(folder, model, options))


class XgboostPredictor:
    """It predicts as the model behind `mlflow.pyfunc` does."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        method = self._model.predict
        known = inspect.signature(method).parameters
        chosen = {name: value for name, value in (params or {}).items() if name in known}
        return method(self._taken(data), **{"validate_features": True, **chosen})

    def raw_model(self) -> Any:
        return self._model

    def _taken(self, data: Any) -> Any:
        if _is_estimator(type(self._model)):
            return data
        from xgboost import DMatrix

        return DMatrix(data)


predictor_of = XgboostPredictor


def _is_estimator(kind: type) -> bool:
    return hasattr(kind, "get_params")
