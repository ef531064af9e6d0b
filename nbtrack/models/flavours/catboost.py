"""CatBoost's models, in its own binary format, which runs no code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.models.flavours.library_files import class_named, own_class, version_of, written
from nbtrack.models.folder import FlavorParts
from nbtrack.models.mlmodel_file import Model, config_of

if TYPE_CHECKING:
    from nbtrack.models.load_options import LoadOptions

NAME = "catboost"
_FILE = "model.cb"
_MODULES = ("catboost.core",)


def parts_of(model: Any, **save_options: Any) -> FlavorParts:
    """*save_options* are for its `save_model`. Raises ModelNotSaved, InvalidValue."""
    kind = own_class(model, _MODULES)
    config = {
        "catboost_version": version_of("catboost"),
        "model_type": kind.__name__,
        "save_format": save_options.get("format", "cbm"),
        "data": _FILE,
    }
    return FlavorParts(
        name=NAME,
        config=config,
        files={_FILE: written(lambda path: model.save_model(path, **save_options), _FILE)},
        modules={"catboost", "numpy", "pandas"},
        pyfunc={"loader_module": "mlflow.catboost", "data": _FILE},
    )


def load(folder: Path, model: Model, options: LoadOptions) -> Any:  # noqa: ARG001 - all flavours'
    """The model, of the class that it had. Raises ModelNotLoaded."""
    config = config_of(folder, model, NAME)
    loaded = class_named(f"{_MODULES[0]}.{config['model_type']}", _MODULES)()
    return loaded.load_model(str(folder / str(config["data"])), config.get("save_format", "cbm"))


def load_predictor(folder: Path, model: Model, options: LoadOptions) -> CatboostPredictor:
    return CatboostPredictor(load(folder, model, options))


class CatboostPredictor:
    def __init__(self, model: Any) -> None:
        self._model = model

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        _ = params  # MLflow hands none on
        return self._model.predict(data)

    def raw_model(self) -> Any:
        return self._model


predictor_of = CatboostPredictor
