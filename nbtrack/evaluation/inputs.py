"""What is evaluated: rows, what is true of them, what a model says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nbtrack.errors import InvalidValue


@dataclass(frozen=True, kw_only=True)
class Given:
    """*features* without target and predictions; *predictions* None: a model makes them."""

    features: Any
    targets: Any
    predictions: Any = None


def given_data(
    data: Any, targets: Any, predictions: str | None, feature_names: Sequence[str] | None
) -> Given:
    """*data* is a DataFrame whose columns *targets* and *predictions* name, an array with
    *targets* beside it, or a dataset that knows both. Raises InvalidValue."""
    import pandas as pd

    if hasattr(data, "df") and hasattr(data, "digest"):
        targets = data.targets if targets is None else targets
        predictions = predictions or getattr(data, "predictions", None)
        data = data.df
    if not isinstance(data, pd.DataFrame):
        data = _frame(data, feature_names)
    named = [name for name in (targets, predictions) if isinstance(name, str | int)]
    if missing := [name for name in named if name not in data.columns]:
        there = ", ".join(map(str, data.columns))
        raise InvalidValue(f"There is no column {missing[0]!r} in the data; it has {there:.400}.")
    if not isinstance(targets, str | int) and not hasattr(targets, "__len__"):
        raise InvalidValue("Say what is true: targets='column', or an array beside the data.")
    truth = data[targets] if isinstance(targets, str | int) else targets
    if len(truth) != len(data):
        raise InvalidValue(f"There are {len(truth):,} targets for {len(data):,} rows.")
    features = data.drop(columns=named)
    return Given(
        features=features[list(feature_names)] if feature_names and named else features,
        targets=truth,
        predictions=None if predictions is None else data[predictions],
    )


def _frame(data: Any, feature_names: Sequence[str] | None) -> Any:
    import numpy as np
    import pandas as pd

    array = np.asarray(data)
    if array.ndim != 2:
        raise InvalidValue(
            f"The data is {type(data).__name__} of shape {array.shape}; give a DataFrame, or an "
            "array of rows and columns."
        )
    names = feature_names or [f"feature_{n + 1}" for n in range(array.shape[1])]
    return pd.DataFrame(array, columns=list(names))


@dataclass(frozen=True, kw_only=True)
class Model:
    """*raw* is the library's own object, if the flavour has one."""

    predict: Any
    raw: Any = None

    @property
    def is_of_sklearn(self) -> bool:
        return type(self.raw).__module__.startswith("sklearn.")

    def shares(self, features: Any) -> Any:
        """(rows, classes), or None of a model that gives none."""
        ask = getattr(self.raw, "predict_proba", None)
        return None if ask is None else ask(features)

    @property
    def classes(self) -> Any:
        """Of the columns of `shares`, in their order; None of a model that does not say."""
        found = getattr(self.raw, "classes_", None)
        return None if found is None or len(found) == 0 else found


def given_model(model: Any) -> Model:
    """Of a URI, a loaded model, an estimator or a function. Raises InvalidValue."""
    from nbtrack.models.load_options import LoadOptions
    from nbtrack.models.loading import load_pyfunc
    from nbtrack.models.pyfunc_model import PyFuncModel

    if isinstance(model, str):
        model = load_pyfunc(model, LoadOptions())
    if isinstance(model, PyFuncModel):
        raw = model.get_raw_model()
        is_asked = hasattr(raw, "predict") and hasattr(raw, "get_params")  # with a frame, it is
        return Model(predict=raw.predict if is_asked else model.predict, raw=raw)
    if hasattr(model, "predict"):
        return Model(predict=model.predict, raw=model)
    if callable(model):
        return Model(predict=model)
    raise InvalidValue(
        f"The model is {model!r:.80}; give a URI, a loaded model, or a function of the features."
    )
