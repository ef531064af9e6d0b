"""The curves of a panel as a picture in an output of its own, for where nothing is alive.

It shows what somebody looked at in the Charts tab, or, if it was asked for with the table, what
the tab would show first. A picture takes another process a second: it is drawn when the looking
has come to rest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from nbtrack.charts.drawing_process import drawing_process
from nbtrack.panels.charts_tab.charted_runs import charted_runs
from nbtrack.panels.charts_tab.line_charts import shown_charts
from nbtrack.panels.charts_tab.memory import ChartMemory
from nbtrack.panels.charts_tab.remembered_layout import remembered_layout
from nbtrack.panels.charts_tab.request import LinesRequest
from nbtrack.panels.shared.after_rest import AfterRest

if TYPE_CHECKING:
    from nbtrack.panels.runs.state import RunsState
    from nbtrack.panels.runs.table_state import TableState

BUCKETS = 150


class ChartTwin:
    """*update* puts a MIME bundle into the output that stands in for the charts, where *is_there*
    says that one does: a page without a kernel has none."""

    def __init__(
        self,
        state: RunsState,
        memory: ChartMemory,
        *,
        update: Callable[[dict[str, Any]], None],
        is_there: Callable[[], bool],
    ) -> None:
        self._state = state
        self._memory = memory
        self._update, self._is_there = update, is_there
        self._after_rest = AfterRest("draw the charts for the saved notebook")

    def draw_soon(self, table: TableState, request: LinesRequest) -> None:
        """A newer call stands in for one that has not begun."""
        if self._is_there():
            self._after_rest.do(lambda: self._draw(table, request))

    def _draw(self, table: TableState, request: LinesRequest) -> None:
        bundle = self.picture(table, request)
        if bundle is not None:
            self._update(bundle)

    def first_picture(self, table: TableState) -> dict[str, Any] | None:
        """As the tab would begin."""
        layout = remembered_layout(self._state.store, table.experiments)
        return self.picture(table, LinesRequest(places={}, layout=layout))

    def picture(self, table: TableState, request: LinesRequest) -> dict[str, Any] | None:
        """A MIME bundle; None if there is no curve to draw."""
        layout = request.layout
        with self._state.lock:
            charted = charted_runs(self._state, table, request)
            shown = shown_charts(self._state.store, self._memory, charted, request)
            charts = [[key, *on] for key, on in shown.charts.items() if shown.is_curve(key)]
            series = self._state.store.read_series(
                charted.ids, list(dict.fromkeys(chain(*charts))), x=layout.x, buckets=BUCKETS
            )
        if not series:
            return None
        runs = (
            f"{len(charted.ids)} runs"
            if len(charted.ids) > 1
            else next(iter(charted.labels.values()))
        )
        return drawing_process().picture(
            series,
            names=charted.labels,
            styles=charted.styles,
            charts=charts,
            x=dict.fromkeys(shown.charts, layout.x),
            is_log=layout.is_log,
            smoothing=layout.smoothing,
            title=f"{runs}, as of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        )
