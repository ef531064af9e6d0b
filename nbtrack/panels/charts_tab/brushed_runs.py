"""From a brush in a chart to the runs in it, and to ranges of the columns that it spans."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from nbtrack.charts.columns import categories_of, numbers_of, offers_log, words_of
from nbtrack.charts.parallel import scale_axis
from nbtrack.errors import InvalidValue
from nbtrack.panels.charts_tab.request import bounds_of, plottable
from nbtrack.records.views import RunValues

Ranges: TypeAlias = dict[str, list[Any]]  # [low, high], or the names of categories


def read_ranges(found: object) -> Ranges:
    """By column. Raises InvalidValue."""
    if not isinstance(found, Mapping):
        raise InvalidValue(f"ranges is {found!r}; the panel sends ranges by column there.")
    return {plottable(str(column)): _read_range(bounds) for column, bounds in found.items()}


def runs_within(values: RunValues, ranges: Ranges) -> list[str]:
    """Runs whose values lie within every one of *ranges*, ends included."""
    tests = [_inside(values.columns[column], bounds) for column, bounds in ranges.items()]
    return [run_id for run_id, *hits in zip(values.run_ids, *tests) if all(hits)]


def parallel_ranges(
    values: RunValues, axes: Sequence[str], *, x: Sequence[float], y: Sequence[float]
) -> Ranges:
    """Of a brush over the axes at 0, 1, 2 … between *x*, at heights (0 to 1) between *y*."""
    crossed = [axis for place, axis in enumerate(axes) if x[0] <= place <= x[1]]
    return {axis: _range_at(values.columns[axis], low=y[0], high=y[1]) for axis in crossed}


def _range_at(raw: Sequence[Any], *, low: float, high: float) -> list[Any]:
    numbers = numbers_of(raw)
    if numbers is None:
        ticks = zip(categories_of(raw), _places(categories_of(raw)))
        return [name for name, place in ticks if low <= place <= high]
    known = [value for value in numbers if value is not None]
    first, last = min(known), max(known)
    if offers_log(numbers):
        decades = math.log10(last) - math.log10(first)
        return [first * 10 ** (max(low, 0.0) * decades), first * 10 ** (min(high, 1.0) * decades)]
    span = last - first
    return [first + max(low, 0.0) * span, first + min(high, 1.0) * span]


def _places(names: Sequence[str]) -> list[float]:
    places = scale_axis("", names).places
    return [0.0 if place is None else place for place in places]


def _inside(raw: Sequence[Any], bounds: Sequence[Any]) -> list[bool]:
    numbers = numbers_of(raw)
    if numbers is None or not _is_span(bounds):
        return [word in bounds or value in bounds for word, value in zip(words_of(raw), raw)]
    # An end that went through a pixel, or a logarithm, may have lost its last digit.
    slack = 1e-9 * max(abs(bounds[0]), abs(bounds[1]))
    low, high = bounds[0] - slack, bounds[1] + slack
    return [value is not None and low <= value <= high for value in numbers]


def _is_span(bounds: Sequence[Any]) -> bool:
    return len(bounds) == 2 and all(isinstance(bound, float) for bound in bounds)


def _read_range(found: object) -> list[Any]:
    if not isinstance(found, list | tuple):
        raise InvalidValue(f"A range is {found!r}; the panel sends a list.")
    if all(isinstance(each, str) for each in found):
        return list(found)
    return list(bounds_of(found))
