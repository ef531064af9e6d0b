"""What a view asks the Charts tab for, as far as it can be believed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.lookup.chart_layout import USUAL_LAYOUT, ChartLayout, read_layout
from nbtrack.panels.runs.table_state import known
from nbtrack.panels.shared.requests import text_of, texts_of

MOST_RUNS = 50  # as many as have a look of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesRequest:
    """*runs* are ticked, in that order; () means the first ones of the view. *places* are the
    colours that the view has given to runs: it keeps a run's colour while others come and go.
    *only* is the one metric to be shown now, *low* and *high* are bounds of x."""

    runs: tuple[str, ...] = ()
    places: Mapping[str, int]
    layout: ChartLayout = USUAL_LAYOUT
    only: str = ""
    low: float | None = None
    high: float | None = None


def read_lines_request(
    arguments: Mapping[str, Any], *, remembered: Callable[[], ChartLayout]
) -> LinesRequest:
    """*remembered* is asked where the view leaves the layout open. Raises InvalidValue."""
    layout = arguments.get("layout")
    low, high = bounds_of(arguments.get("zoom"))
    return LinesRequest(
        runs=tuple(dict.fromkeys(texts_of(arguments, "runs"))),
        places=places_of(arguments),
        layout=remembered() if layout is None else read_layout(layout),
        only=text_of(arguments, "only"),
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


def places_of(arguments: Mapping[str, Any]) -> dict[str, int]:
    found = arguments.get("places") or {}
    if not isinstance(found, Mapping):
        raise InvalidValue(f"places is {found!r}; the panel sends numbers by run there.")
    return {str(run): int(_number(place, "A place")) for run, place in found.items()}


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidValue(f"{name} is {value!r}; the panel sends a number there.")
    return float(value)
