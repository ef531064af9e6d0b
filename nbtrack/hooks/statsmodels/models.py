"""What a model was made with, before it is fitted: its settings, its formula and its data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from nbtrack.base.plain_values import PLAIN
from nbtrack.hooks.data.rows import EXAMPLE_ROWS, first_rows
from nbtrack.hooks.training.arguments import UsersArguments
from nbtrack.hooks.training.calls import Data
from nbtrack.models.flavours.statsmodels import is_of_time

_SHAPES = (*PLAIN, tuple)
_WORD = re.compile(r"\w+")
_NO_SETTINGS = ("formula", "missing_idx")
OWN_SETTINGS = frozenset({"model_class", "formula", "family", "link"})  # never a default


def settings_of(model: Any) -> dict[str, Any]:
    """What the class was called with, as far as it is no data: `order` of an ARIMA, the family
    and link of a GLM."""
    found = {"model_class": type(model).__name__, "formula": getattr(model, "formula", None)}
    for name in getattr(model, "_init_keys", ()):
        value: Any = getattr(model, name, None)
        if name in _NO_SETTINGS or name in found:
            continue
        if type(value) in _SHAPES and value is not None:
            found[name] = value
        elif hasattr(value, "link"):
            found |= {name: type(value).__name__, "link": type(value.link).__name__}
    return {name: value for name, value in found.items() if value is not None}


def data_of(model: Any, arguments: UsersArguments) -> Iterator[Data]:
    """As the user gave it; of a formula, the frame that it is about."""
    frame = _frame_of(model)
    if frame is not None:
        yield Data(frame, name=arguments.variable_of(frame))
        return
    X, y = model.data.orig_exog, model.data.orig_endog
    X_name = arguments.variable_of(X)
    y_name = arguments.variable_of(y) or getattr(y, "name", None)
    if X is None:
        yield Data(y, name=y_name)
    else:
        yield Data(X, y, X_name, y_name)


def rows_to_predict(model: Any) -> Any:
    """The first ones, in the form that `predict` takes; None if it takes no rows."""
    if is_of_time(model):
        return None
    frame = _frame_of(model)
    if frame is None:
        return first_rows(model.data.orig_exog, EXAMPLE_ROWS)
    explaining = str(model.formula).partition("~")[2]
    words = set(_WORD.findall(explaining))
    is_used = [name in words or repr(name) in explaining or f'"{name}"' in explaining
               for name in map(str, frame.columns)]  # fmt: skip
    return first_rows(frame.loc[:, is_used], EXAMPLE_ROWS)


def _frame_of(model: Any) -> Any:
    has_formula = getattr(model, "formula", None) is not None
    return getattr(model.data, "frame", None) if has_formula else None
