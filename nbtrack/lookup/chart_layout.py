"""How the user of an experiment wants its metrics to be drawn: a tag of the experiment keeps it.

JSON that has only what is not as usual. Anybody can write a tag: one that says something else
says nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.records.views import Axis

CHARTS_TAG = "nbtrack.charts"  # of an experiment
AXES: tuple[Axis, ...] = ("step", "relative", "time")
MOST_CHARTS, MOST_ON_ONE = 24, 8
_LONGEST = 50_000  # characters of a tag that are read
_STRONGEST = 0.995


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartLayout:
    """*shown* are the metrics that have a chart, in this order; None: those with most to show.

    *together* are metrics that share one: the first has it, and one that is alone there wants no
    other beside it. A metric is in one group at most.
    """

    x: Axis = "step"
    is_log: bool = False
    smoothing: float = 0.0
    shown: tuple[str, ...] | None = None
    together: tuple[tuple[str, ...], ...] = ()


USUAL_LAYOUT = ChartLayout()


def layout_of(tags: Mapping[str, str]) -> ChartLayout:
    """From the tags of an experiment."""
    try:
        return read_layout(json.loads(tags.get(CHARTS_TAG, "{}")[:_LONGEST]))
    except (ValueError, RecursionError, InvalidValue):
        return USUAL_LAYOUT


def layout_text(layout: ChartLayout) -> str:
    """As the tag has it; "" for what is usual."""
    usual = layout_message(USUAL_LAYOUT)
    special = {name: v for name, v in layout_message(layout).items() if v != usual[name]}
    return json.dumps(special, ensure_ascii=False) if special else ""


def layout_message(layout: ChartLayout) -> dict[str, Any]:
    """As `read_layout` reads it."""
    return {
        "x": layout.x,
        "log": layout.is_log,
        "smoothing": layout.smoothing,
        "shown": None if layout.shown is None else list(layout.shown),
        "together": [list(group) for group in layout.together],
    }


def read_layout(found: object) -> ChartLayout:
    """From JSON of a page or a tag: nothing about it is certain. Raises InvalidValue."""
    if not isinstance(found, Mapping):
        raise InvalidValue(f"A layout of charts is {found!r}; it has x, log, smoothing, …")
    x, shown = found.get("x", "step"), found.get("shown")
    if x not in AXES:
        raise InvalidValue(f"x is {x!r}; a chart has one of {', '.join(AXES)}.")
    return ChartLayout(
        x=next(axis for axis in AXES if axis == x),
        is_log=found.get("log") is True,
        smoothing=_weight(found.get("smoothing", 0)),
        shown=None if shown is None else _metrics(shown)[:MOST_CHARTS],
        together=tuple(_groups(found.get("together", []))),
    )


def _groups(found: object) -> Iterator[tuple[str, ...]]:
    if not isinstance(found, list):
        raise InvalidValue(f"together is {found!r}; a layout has lists of metrics there.")
    taken: set[str] = set()
    for group in map(_metrics, found):
        free = tuple(key for key in group if key not in taken)[:MOST_ON_ONE]
        taken.update(free)
        if free:
            yield free


def _metrics(found: object) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(key, str) for key in found):
        raise InvalidValue(f"{found!r} stands where a layout has a list of metrics.")
    return tuple(dict.fromkeys(found))


def _weight(found: object) -> float:
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    if not is_number or found != found:  # JSON may have NaN
        raise InvalidValue(f"smoothing is {found!r}; a layout has a number from 0 to 1 there.")
    return float(min(max(found, 0.0), _STRONGEST))  # type: ignore[call-overload]  # a number
