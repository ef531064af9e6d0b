"""What a view asks the Charts tab for, as far as it can be believed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.panels.runs.table_state import known
from nbtrack.panels.shared.requests import text_of, texts_of
from nbtrack.records.views import Axis

AXES: tuple[Axis, ...] = ("step", "relative", "time")
MOST_RUNS = 50  # as many as have a look of their own
MOST_METRICS = 24
_STRONGEST = 0.995


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesRequest:
    """*runs* are ticked, in that order; () means the first ones of the view. *places* are the
    colours that the view has given to runs: it keeps a run's colour while others come and go.
    *metrics* None means those that have most to show. *low* and *high* are bounds of x."""

    runs: tuple[str, ...] = ()
    places: Mapping[str, int]
    metrics: tuple[str, ...] | None = None
    x: Axis = "step"
    is_log: bool = False
    smoothing: float = 0.0
    low: float | None = None
    high: float | None = None


def read_lines_request(arguments: Mapping[str, Any]) -> LinesRequest:
    """Raises InvalidValue."""
    x = text_of(arguments, "x", "step")
    if x not in AXES:
        raise InvalidValue(f"x is {x!r}; a chart has one of {', '.join(AXES)}.")
    metrics = arguments.get("metrics")
    low, high = bounds_of(arguments.get("zoom"))
    return LinesRequest(
        runs=tuple(dict.fromkeys(texts_of(arguments, "runs"))),
        places=_places(arguments.get("places") or {}),
        metrics=None if metrics is None else tuple(dict.fromkeys(texts_of(arguments, "metrics"))),
        x=next(axis for axis in AXES if axis == x),
        is_log=arguments.get("log") is True,
        smoothing=min(max(_number(arguments.get("smoothing", 0), "smoothing"), 0.0), _STRONGEST),
        low=low,
        high=high,
    )


def bounds_of(found: object) -> tuple[float, float] | tuple[None, None]:
    """Two numbers in order, or none at all. Raises InvalidValue."""
    if found is None:
        return None, None
    if not isinstance(found, list | tuple) or len(found) != 2:
        raise InvalidValue(f"A range is {found!r}; the panel sends two numbers.")
    low, high = sorted(_number(bound, "A bound") for bound in found)
    return low, high


def columns_of_request(arguments: Mapping[str, Any], name: str) -> list[str]:
    return [plottable(column) for column in dict.fromkeys(texts_of(arguments, name))]


def column_of_request(arguments: Mapping[str, Any], name: str) -> str | None:
    """None where the view leaves the choice to us."""
    column = text_of(arguments, name)
    return plottable(column) if column else None


def plottable(column: str) -> str:
    """The id of a column that charts can show: params, metrics and the duration."""
    if known(column) != "duration" and not column.startswith(("params.", "metrics.")):
        raise InvalidValue(f"A chart cannot show {column!r}: choose a param or a metric.")
    return column


def _places(found: object) -> dict[str, int]:
    if not isinstance(found, Mapping):
        raise InvalidValue(f"places is {found!r}; the panel sends numbers by run there.")
    return {str(run): int(_number(place, "A place")) for run, place in found.items()}


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidValue(f"{name} is {value!r}; the panel sends a number there.")
    return float(value)
