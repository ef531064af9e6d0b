"""Several metrics on one chart: the colour says which run it is, the dash which metric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from nbtrack.charts.run_styles import RunStyle
from nbtrack.charts.shown_text import shown_text
from nbtrack.records.views import MetricSeries

_DASHES = ((5, 3), (2, 2), (8, 3, 2, 3), (10, 4))


class Line(NamedTuple):
    """One line: of the chart's own metric, or of another that is on it."""

    series: MetricSeries  # with an id of its own
    label: str
    of: str  # the label of its run
    style: RunStyle


def lines_of(
    keys: Sequence[str],
    found: Iterable[MetricSeries],
    *,
    labels: Mapping[str, str],
    styles: Mapping[str, RunStyle],
) -> list[Line]:
    """Of *found* those of *keys*; the first is the chart's own. Labels and styles by run id."""
    dashes = dashes_of(keys[1:])
    return [
        _line(each, dashes.get(each.key), labels[each.run_id], styles[each.run_id])
        for each in found
        if each.key in keys
    ]


def dashes_of(others: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """By metric, of those beside a chart's own."""
    return {key: _DASHES[n % len(_DASHES)] for n, key in enumerate(others)}


def _line(series: MetricSeries, dash: tuple[int, ...] | None, label: str, style: RunStyle) -> Line:
    if dash is None:
        return Line(series, label, label, style)
    named = replace(series, run_id=f"{series.run_id} {series.key}")
    return Line(named, f"{label} · {shown_text(series.key)}", label, RunStyle(style.colour, dash))
