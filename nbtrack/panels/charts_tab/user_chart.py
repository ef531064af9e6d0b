"""A chart of a panel as an Altair object with its data in it, for the user's own use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.charts.drawing import whole_spec_of
from nbtrack.charts.loading import load_altair
from nbtrack.charts.metric_bars import metric_bars
from nbtrack.charts.metric_lines import metric_lines
from nbtrack.charts.offline import drawn_here
from nbtrack.errors import NotFound
from nbtrack.panels.charts_tab.charted_runs import charted_runs
from nbtrack.panels.charts_tab.request import LinesRequest

if TYPE_CHECKING:
    import altair as alt

    from nbtrack.panels.runs.state import RunsState
    from nbtrack.records.views import Axis

_WIDTH, _HEIGHT = 480, 260


def user_chart(state: RunsState, metric: str, *, x: Axis) -> alt.TopLevelMixin:
    """Of the ticked runs, else of the first ones of the newest view. Raises NotFound."""
    load_altair()
    import altair as alt

    charted = charted_runs(state, state.newest, LinesRequest(runs=tuple(state.selected), places={}))
    latest = {run_id: found[metric] for run_id, found in charted.latest.items() if metric in found}
    if not latest:
        raise NotFound(f"None of these {len(charted.ids)} runs has the metric {metric!r}.")
    series = state.store.read_series(list(latest), [metric], x=x)
    looks: Any = {"names": charted.labels, "styles": charted.styles, "theme": "paper"}
    if all(each.count < 2 for each in series):
        drawing = metric_bars(latest, key=metric, width=_WIDTH, **looks)
    else:
        size: Any = {"width": _WIDTH, "height": _HEIGHT}
        drawing = metric_lines(series, x=x, has_legend=True, **size, **looks)
    return drawn_here(alt.Chart.from_dict(whole_spec_of(drawing)))
