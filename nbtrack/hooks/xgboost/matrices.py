"""What a DMatrix was made of: XGBoost gives it back in another form, and not what it was called."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from nbtrack.base.guard import guarded
from nbtrack.hooks.data.rows import EXAMPLE_ROWS, first_rows
from nbtrack.hooks.measured.callers import users_frame
from nbtrack.hooks.measured.known_models import ByModel
from nbtrack.hooks.measured.predictions import remember
from nbtrack.hooks.measured.users_call import UsersCall
from nbtrack.hooks.nesting import is_inside_recorded_call
from nbtrack.hooks.training.arguments import users_arguments
from nbtrack.hooks.training.calls import Data
from nbtrack.hooks.xgboost.hook import library

MOST_NUMBERS = 1_000_000  # to be copied out of a matrix
Reference = Callable[[], Any]


class _Made(NamedTuple):
    X: Reference
    y: Reference
    name: str | None
    y_name: str | None
    rows: Any  # the first few


_made: ByModel[_Made] = ByModel()


def around_matrix(
    original: Callable[..., Any], matrix: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    original(matrix, *args, **kwargs)
    if library.switch.records_here and not is_inside_recorded_call():
        with guarded("remember what a DMatrix is made of"):
            _note(original, matrix, args, kwargs)


def _note(original: Any, matrix: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    arguments = users_arguments(original, (matrix, *args), kwargs, is_method=True)
    X = None if arguments is None else arguments.get("data")
    if arguments is None or not hasattr(X, "shape"):  # a file, or an iterator
        return
    _made.remember(
        matrix,
        _Made(
            _reference(X),
            _reference(arguments.get("label")),
            arguments.name_of("data"),
            arguments.name_of("label"),
            first_rows(X, EXAMPLE_ROWS),
        ),
    )


def _reference(value: Any) -> Reference:
    try:
        return weakref.ref(value)
    except TypeError:  # a list
        return lambda: None


def data_of(matrix: Any, *, context: str, name: str | None = None) -> Iterator[Data]:
    """What it was made of; where that is gone, what it holds itself, if that is not too much."""
    found = _made.find(matrix)
    X = None if found is None else found.X()
    if found is not None and X is not None:
        yield Data(X, found.y(), found.name or name, found.y_name, context)
    elif type(matrix).__name__ == "DMatrix" and matrix.num_nonmissing() <= MOST_NUMBERS:
        called = (None, None) if found is None else (found.name, found.y_name)
        yield Data(matrix.get_data(), matrix.get_label(), called[0] or name, called[1], context)


def first_rows_of(matrix: Any) -> Any:
    """Those it was made of; None if nobody saw it being made."""
    found = _made.find(matrix)
    return None if found is None else found.rows


def around_predict(
    original: Callable[..., Any], booster: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """As `around_predict` of estimators: what the matrix was made of is what was asked about."""
    result = original(booster, *args, **kwargs)
    with guarded("remember which model made a prediction"):
        if (frame := users_frame()) is not None:
            call = UsersCall(frame, original, args, kwargs)
            matrix = None if call.first is None else call.given[call.first]
            found = next(data_of(matrix, context="eval"), Data(None))
            remember(call, booster, result, asked_about=found.X)
    return result
