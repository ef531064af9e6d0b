"""LightGBM's boosters, in its text format, and its estimators: by skops, or pickled."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import copy
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.models.flavours.library_files import full_name, own_class, version_of
from nbtrack.models.flavours.sklearn import estimator_in, serialized
from nbtrack.models.folder import FlavorParts
from nbtrack.models.mlmodel_file import Model, config_of
from nbtrack.models.pickling import check_format

if TYPE_CHECKING:
    from nbtrack.models.load_options import LoadOptions

NAME = "lightgbm"
_BOOSTER = "lightgbm.basic.Booster"
_MODULES = ("lightgbm.basic", "lightgbm.sklearn")
# What a skops file of an estimator holds; the booster's state in it is its text.
_TYPES = (
    "collections.OrderedDict",
    _BOOSTER,
    "lightgbm.basic._InnerPredictor",  # of the model that the training went on with; it is data
    *(f"lightgbm.sklearn.LGBM{kind}" for kind in ("Classifier", "Model", "Ranker", "Regressor")),
)
_FILES = {"skops": "model.skops"}


def parts_of(
    model: Any,
    *,
    serialization_format: str | None = None,
    skops_trusted_types: Collection[str | type] | None = None,
    **save_options: Any,
) -> FlavorParts:
    """*save_options* are for `save_model` of a booster. Raises ModelNotSaved, InvalidValue."""
    kind = own_class(model, _MODULES)
    config: dict[str, Any] = {"lgb_version": version_of("lightgbm"), "model_class": full_name(kind)}
    modules: Collection[str] = {"lightgbm", "numpy", "scipy"}
    if full_name(kind) == _BOOSTER:
        file = "model.lgb"
        data = model.model_to_string(**save_options).encode()  # what `save_model` writes
    else:
        chosen = check_format(serialization_format or _safest())
        file = _FILES.get(chosen, "model.pkl")
        trusted = (*_TYPES, *(skops_trusted_types or ()))
        data, found, types = serialized(_with_plain_curves(model), chosen, trusted)
        config |= {"serialization_format": chosen, "skops_trusted_types": types}
        modules = {*modules, *found, "sklearn"}
    return FlavorParts(
        name=NAME,
        config={**config, "data": file},
        files={file: data},
        modules=modules,
        pyfunc={"loader_module": "mlflow.lightgbm", "data": file},
    )


def _with_plain_curves(model: Any) -> Any:
    """A shallow copy: skops makes a file of each number of numpy's, of which the curves are."""
    plain = copy(model)
    for name in ("_evals_result", "_best_score"):
        if name in vars(plain):
            vars(plain)[name] = _plain(vars(plain)[name])
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.item() if hasattr(value, "item") else value


def _safest() -> str:
    return "skops" if find_spec("skops") is not None else "cloudpickle"


def load(folder: Path, model: Model, options: LoadOptions) -> Any:
    """The booster or estimator. Raises ModelNotLoaded."""
    config = config_of(folder, model, NAME)
    file = folder / str(config["data"])
    if config.get("model_class", _BOOSTER) == _BOOSTER:
        from lightgbm import Booster

        return Booster(model_file=str(file))
    return estimator_in(file, config.get("serialization_format"), options, known=_TYPES)


def load_predictor(folder: Path, model: Model, options: LoadOptions) -> LightgbmPredictor:
    return LightgbmPredictor(load(folder, model, options))


class LightgbmPredictor:
    def __init__(self, model: Any) -> None:
        self._model = model

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        _ = params  # MLflow hands none on
        return self._model.predict(data)

    def raw_model(self) -> Any:
        return self._model


predictor_of = LightgbmPredictor
