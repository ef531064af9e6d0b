"""What a live chart shows of one metric of one run: never more than a chart has room for."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

from nbtrack.charts.shared_chart import dashes_of
from nbtrack.lookup.siblings import sharing
from nbtrack.records.views import Axis, MetricSeries

MOST_PLACES = 600  # then two neighbours become one; page/live_places.js does the same
MOST_NEW = 40  # places that one look adds


class Place(NamedTuple):
    """A point, or neighbouring points: lowest, highest, last value; *step* and *t* of the last."""

    step: int
    t: float  # seconds since the run began
    low: float
    high: float
    last: float


class LiveSeries:
    def __init__(self, run_id: str, key: str) -> None:
        self.run_id, self.key = run_id, key
        self.places: list[Place] = []
        self._first_step: int | None = None
        self._has_steps = False

    @property
    def axis(self) -> Axis:
        """Who logs without steps gives each point step 0: then time is what goes on."""
        return "step" if self._has_steps or len(self.places) < 2 else "relative"

    def add(self, points: Sequence[Place]) -> list[Place]:
        """What is new, thinned: for those who have the rest already."""
        new = _thinned(points, MOST_NEW)
        for place in new:
            if self._first_step is None:
                self._first_step = place.step
            self._has_steps = self._has_steps or place.step != self._first_step
        self.places.extend(new)
        if len(self.places) > MOST_PLACES:
            self.places = _halved(self.places)
        return new

    def record(self, places: Sequence[Place]) -> MetricSeries:
        """*places*, which are all of them or what is new, on the axis of the chart."""
        is_by_step = self.axis == "step"
        return MetricSeries(
            run_id=self.run_id,
            key=self.key,
            x=[float(place.step) if is_by_step else place.t for place in places],
            low=[_finite(place.low) for place in places],
            high=[_finite(place.high) for place in places],
            last=[place.last for place in places],
            count=len(places) + any(place.low != place.high for place in places),
        )


def as_message(series: MetricSeries, axis: Axis, *, is_whole: bool) -> dict[str, Any]:
    """As page/live_panel.js reads it; what is not whole is added to what came before."""
    return {
        "run": series.run_id,
        "key": series.key,
        "axis": axis,
        "whole": is_whole,
        "x": series.x,
        "low": series.low,
        "high": series.high,
        "last": series.last,
    }


def charts_of(axes: Mapping[str, Axis], curves: Container[str]) -> list[list[str]]:
    """The metrics of each chart, that which it is called after first: *curves* of one thing on
    different data are drawn together where they have one axis. *axes* by metric."""
    place = {key: n for n, key in enumerate(axes)}
    found: list[list[str]] = []
    for axis in dict.fromkeys(axes.values()):
        keys = [key for key in axes if axes[key] == axis]
        shared = sharing(keys, [key for key in keys if key in curves], [])
        found += [[head, *others] for head, others in shared.items()]
    return sorted(found, key=lambda chart: min(place[key] for key in chart))


def chart_message(chart: Sequence[str]) -> dict[str, Any]:
    dashes = dashes_of(chart[1:])
    return {
        "key": chart[0],
        "beside": [{"key": key, "dash": list(dash)} for key, dash in dashes.items()],
    }


def _thinned(points: Sequence[Place], most: int) -> list[Place]:
    if len(points) <= most:
        return list(points)
    ends = [(n + 1) * len(points) // most for n in range(most)]
    return [_joined(points[start:end]) for start, end in zip([0, *ends], ends)]


def _halved(places: Sequence[Place]) -> list[Place]:
    return [_joined(places[start : start + 2]) for start in range(0, len(places), 2)]


def _joined(places: Sequence[Place]) -> Place:
    lows = [place.low for place in places if math.isfinite(place.low)]
    highs = [place.high for place in places if math.isfinite(place.high)]
    return places[-1]._replace(low=min(lows, default=math.nan), high=max(highs, default=math.nan))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
