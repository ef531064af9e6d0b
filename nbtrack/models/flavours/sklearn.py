"""scikit-learn estimators, and whatever else pickles and has `predict`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue, ModelNotSaved
from nbtrack.models.flavours.library_files import version_of
from nbtrack.models.folder import FlavorParts
from nbtrack.models.mlmodel_file import Model, config_of
from nbtrack.models.pickling import check_format, pickled
from nbtrack.models.trusted_types import is_trusted

if TYPE_CHECKING:
    from nbtrack.models.load_options import LoadOptions

NAME = "sklearn"
_FILES = {"skops": "model.skops"}
_ALWAYS = ("sklearn", "numpy", "scipy")


def parts_of(
    model: Any,
    *,
    serialization_format: str | None = None,
    pyfunc_predict_fn: str = "predict",
    skops_trusted_types: Collection[str | type] | None = None,
) -> FlavorParts:
    """Raises ModelNotSaved, InvalidValue."""
    _check_is_model(model)
    chosen = check_format(serialization_format)
    data, modules, types = serialized(model, chosen, skops_trusted_types)
    file = _FILES.get(chosen, "model.pkl")
    config = {
        "pickled_model": file,
        "serialization_format": chosen,
        "sklearn_version": version_of("sklearn"),
        "skops_trusted_types": types,
    }
    return FlavorParts(
        name=NAME,
        config=config,
        files={file: data},
        modules={*_ALWAYS, *modules},
        pyfunc=_pyfunc(model, file, pyfunc_predict_fn),
    )


def load(folder: Path, model: Model, options: LoadOptions) -> Any:
    """The estimator itself. Raises ModelNotLoaded."""
    config = config_of(folder, model, NAME)
    # Files of MLflow 1 do not say it: they are pickles.
    written_by = config.get("serialization_format", "pickle")
    return estimator_in(folder / str(config["pickled_model"]), written_by, options)


def estimator_in(
    file: Path,
    serialization_format: str | None,
    options: LoadOptions,
    *,
    known: Collection[str] = (),
) -> Any:
    """*known*: types that a skops file may hold besides scikit-learn's. Raises ModelNotLoaded."""
    from nbtrack.models.skops_files import load_skops
    from nbtrack.models.unpickling import load_pickle

    if serialization_format == "skops":
        return load_skops(file, trusted=options.trusted or (), known=known)
    if options.trusted is not None:
        raise InvalidValue(
            "trusted= is for skops files; this model is a pickle, and loading a pickle runs "
            "whatever is in it. Leave it out, if you trust the file."
        )
    return load_pickle(file)


def load_predictor(folder: Path, model: Model, options: LoadOptions) -> EstimatorPredictor:
    config = model.flavors["python_function"]
    return EstimatorPredictor(load(folder, model, options), config.get("predict_fn", "predict"))


class EstimatorPredictor:
    def __init__(self, estimator: Any, method: str) -> None:
        self._estimator = estimator
        self._predict = getattr(estimator, method)

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        _ = params  # an estimator has no parameters of a single prediction
        return self._predict(_texts_of(data) if _takes_texts(self._estimator) else data)

    def raw_model(self) -> Any:
        return self._estimator


def predictor_of(model: Any, *, pyfunc_predict_fn: str = "predict") -> EstimatorPredictor:
    return EstimatorPredictor(model, pyfunc_predict_fn)


def _takes_texts(estimator: Any) -> bool:
    """Whether it begins with a vectorizer, to which a frame is the list of its labels."""
    for name in ("best_estimator_", "estimator"):
        estimator = getattr(estimator, name, estimator)
    if steps := getattr(estimator, "steps", None):
        return _takes_texts(steps[0][1])
    tags = getattr(estimator, "__sklearn_tags__", None)
    if tags is None:
        return False
    takes = tags().input_tags
    return bool(takes.string and not takes.two_d_array)


def _texts_of(data: Any) -> Any:
    """The one column of a frame: one text a row."""
    is_column = getattr(data, "ndim", 0) == 2 and data.shape[1] == 1
    if not is_column:
        return data
    return data.iloc[:, 0] if hasattr(data, "iloc") else data[:, 0]


def serialized(
    model: Any, chosen: str, skops_trusted_types: Collection[str | type] | None = None
) -> tuple[bytes, Collection[str], list[str] | None]:
    """(the file's content, modules it needs, types that a reader of skops has to trust)."""
    if chosen != "skops":
        return *pickled(model, chosen), None
    from nbtrack.models.skops_files import foreign_types, skops_bytes, skops_modules, type_names

    data = skops_bytes(model)
    types, vouched = foreign_types(data), set(type_names(skops_trusted_types or ()))
    refused = [name for name in types if name not in vouched and not is_trusted(name)]
    if refused:
        raise ModelNotSaved(
            f"Nobody would load this model back: it holds {', '.join(map(repr, refused))}. Nothing "
            f"was stored. If you know them to be harmless: skops_trusted_types={refused}."
        )
    # MLflow trusts what this list in its file says; nbtrack asks whoever loads the model.
    return data, skops_modules(data) | {"skops"}, types or None


def _check_is_model(model: Any) -> None:
    if isinstance(model, type):
        raise InvalidValue(
            f"{model.__name__} is a class; log a fitted instance: {model.__name__}(…).fit(X, y)."
        )
    if isinstance(model, str | Path | int | float | list | dict | None):
        raise InvalidValue(f"A {type(model).__name__} is no model: it has no predict method.")


def _pyfunc(model: Any, file: str, predict_fn: str) -> dict[str, Any] | None:
    if not hasattr(model, predict_fn):
        return None
    return {"loader_module": "mlflow.sklearn", "model_path": file, "predict_fn": predict_fn}
