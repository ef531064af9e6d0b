"""Results of statsmodels. It has no format but pickle, which runs what is in it when it is loaded:
the MLmodel file says so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.base.imported import imported
from nbtrack.errors import InvalidValue, ModelNotSaved
from nbtrack.models.flavours.library_files import version_of
from nbtrack.models.folder import FlavorParts
from nbtrack.models.mlmodel_file import Model, config_of
from nbtrack.models.pickling import PICKLING_FAULTS, pickled
from nbtrack.models.unpickling import load_pickle

if TYPE_CHECKING:
    from nbtrack.models.load_options import LoadOptions

NAME = "statsmodels"
_FILE = "model.statsmodels"
_ALWAYS = ("statsmodels", "numpy", "scipy", "pandas")


def parts_of(results: Any, *, remove_data: bool = False) -> FlavorParts:
    """*remove_data*: drop the rows that *results* was fitted to, from *results* too.

    Raises ModelNotSaved, InvalidValue.
    """
    _check(results)
    if remove_data:
        _remove_data(results)
    data, modules = pickled(results, "pickle", name="results")
    config = {
        "statsmodels_version": version_of("statsmodels"),
        "data": _FILE,
        "serialization_format": "pickle",
    }
    return FlavorParts(
        name=NAME,
        config=config,
        files={_FILE: data},
        modules={*_ALWAYS, *modules},
        pyfunc={"loader_module": "mlflow.statsmodels", "data": _FILE},
    )


def load(folder: Path, model: Model, options: LoadOptions) -> Any:  # noqa: ARG001 - all flavours'
    """The results. Raises ModelNotLoaded."""
    return load_pickle(folder / str(config_of(folder, model, NAME).get("data", _FILE)))


def load_predictor(folder: Path, model: Model, options: LoadOptions) -> StatsmodelsPredictor:
    return StatsmodelsPredictor(load(folder, model, options))


class StatsmodelsPredictor:
    """It predicts as the model behind `mlflow.pyfunc` does."""

    def __init__(self, results: Any) -> None:
        self._results = results

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        _ = params  # MLflow hands none on
        if not is_of_time(self._results.model):
            return self._results.predict(data)
        if data.shape[0] != 1 or not {"start", "end"} <= set(data.columns):
            raise InvalidValue(
                "A model of a time series predicts from a start to an end: give a frame with the "
                'columns "start" and "end" and one row.'
            )
        return self._results.predict(start=data["start"].iloc[0], end=data["end"].iloc[0])

    def raw_model(self) -> Any:
        return self._results


predictor_of = StatsmodelsPredictor


def is_of_time(model: Any) -> bool:
    """Whether it is of a time series; then the module that makes it so is imported."""
    kind = imported("statsmodels.tsa.base.tsa_model", "TimeSeriesModel")
    return kind is not None and isinstance(model, kind)


def _check(results: Any) -> None:
    is_own = any(kind.__module__.startswith("statsmodels.") for kind in type(results).__mro__)
    if not is_own or not hasattr(results, "model"):
        raise InvalidValue(
            f"A {type(results).__name__} is no model of statsmodels: give what `fit` returns."
        )


def _remove_data(results: Any) -> None:
    try:
        results.remove_data()
    except PICKLING_FAULTS as exc:
        raise ModelNotSaved(f"remove_data=True: {exc}. Nothing was stored.") from exc
