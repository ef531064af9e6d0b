"""What a panel keeps for its Charts tab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nbtrack.panels.charts_tab.request import LinesRequest
from nbtrack.records.views import MetricSeries


@dataclass(slots=True)
class ChartMemory:
    """*views* are those that look at curves now; *forms* what specs each of them has."""

    views: dict[str, LinesRequest] = field(default_factory=dict)
    forms: dict[str, set[str]] = field(default_factory=dict)
    brushed: dict[str, Any] = field(default_factory=dict)  # `panel.value`
    _curves: set[tuple[str, str]] = field(default_factory=set)

    def follow(self, view: str, request: LinesRequest) -> None:
        self.views[view] = request

    def note_places(self, view: str, places: Mapping[str, int]) -> None:
        """The next run that comes finds the colours as the page has given them."""
        self.views[view] = replace(self.views[view], places=places)

    def forget(self, view: str) -> None:
        self.views.pop(view, None)
        self.forms.pop(view, None)

    def note_curves(self, series: Iterable[MetricSeries]) -> None:
        """Of a run that has more than one point of a metric, that stays so."""
        self._curves.update((each.run_id, each.key) for each in series if each.count > 1)

    def is_curve(self, key: str, run_ids: Iterable[str]) -> bool:
        """Whether one of the runs is known to have more than one point of it."""
        return any((run_id, key) in self._curves for run_id in run_ids)
