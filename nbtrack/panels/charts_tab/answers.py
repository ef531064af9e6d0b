"""What the Charts tab asks: small charts of metrics, scatter, parallel coordinates, importance."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from nbtrack.charts.loading import load_altair
from nbtrack.errors import InvalidValue
from nbtrack.lookup.chart_layout import ChartLayout, layout_message
from nbtrack.panels.charts_tab.brushed_runs import (
    Ranges,
    parallel_ranges,
    read_ranges,
    runs_within,
)
from nbtrack.panels.charts_tab.charted_runs import UNTICKED, Charted, charted_runs
from nbtrack.panels.charts_tab.line_charts import bar_chart, draw_samples, line_charts, shown_charts
from nbtrack.panels.charts_tab.memory import ChartMemory
from nbtrack.panels.charts_tab.remembered_layout import keep, remembered_layout
from nbtrack.panels.charts_tab.request import (
    MOST_RUNS,
    LinesRequest,
    bounds_of,
    column_of_request,
    columns_of_request,
    places_of,
    read_lines_request,
)
from nbtrack.panels.charts_tab.run_charts import (
    MOST_LINES,
    MOST_POINTS,
    importance_answer,
    parallel_answer,
    read_values,
    scatter_answer,
)
from nbtrack.panels.charts_tab.twin import ChartTwin
from nbtrack.panels.runs.state import RunsState
from nbtrack.panels.shared.panel import Handler
from nbtrack.panels.shared.requests import text_of

if TYPE_CHECKING:
    from nbtrack.records.views import RunValues


class ChartsPanel(Protocol):
    """The panel whose tab it is, as far as charts know it."""

    state: RunsState
    chart_memory: ChartMemory
    chart_twin: ChartTwin

    def push(self, name: str, result: Any) -> None: ...


def charts(panel: ChartsPanel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """One chart per metric; from now on the view follows what is logged. Raises InvalidValue."""
    from nbtrack.charts.vega_bundle import warm_up

    warm_up()  # the page asks for it next
    load_altair()
    view = text_of(arguments, "view")
    request = read_lines_request(arguments, remembered=lambda: _remembered(panel, view))
    panel.chart_memory.follow(view, request)
    answer = _small_charts(panel, view, request)
    panel.chart_memory.forms[view] = {chart["form"] for chart in answer["charts"]}
    panel.chart_twin.draw_soon(panel.state.of_view(view), panel.chart_memory.views[view])
    return answer


def push_charts(panel: ChartsPanel) -> None:
    """Other rows for every view that looks at curves; a spec only where the view has it not."""
    for view, request in list(panel.chart_memory.views.items()):
        answer = _small_charts(panel, view, request)
        known = panel.chart_memory.forms.setdefault(view, set())
        for chart in answer["charts"]:
            if chart["form"] in known:
                del chart["spec"]
            known.add(chart["form"])
        panel.push("charts", {"view": view, **answer})


def charts_off(panel: ChartsPanel, arguments: Mapping[str, Any]) -> None:
    """The view looks at something else."""
    panel.chart_memory.forget(text_of(arguments, "view"))


def charts_soon(_panel: ChartsPanel, _: Mapping[str, Any]) -> None:
    """Somebody may look: have ready what takes a second."""
    from nbtrack.charts.vega_bundle import warm_up

    warm_up()
    threading.Thread(target=draw_samples, name="nbtrack-altair", daemon=True).start()


def vega(_panel: ChartsPanel, _: Mapping[str, Any]) -> str:
    from nbtrack.charts.vega_bundle import vega_bundle

    return vega_bundle()


def scatter(panel: ChartsPanel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`colour` null leaves the choice to us, "" is by run. Raises InvalidValue."""
    load_altair()
    by = arguments.get("colour")
    return scatter_answer(
        panel.state,
        panel.state.of_view(text_of(arguments, "view")),
        x=column_of_request(arguments, "x"),
        y=column_of_request(arguments, "y"),
        colour=None if by is None else (column_of_request(arguments, "colour") or ""),
        places=places_of(arguments),
    )


def parallel(panel: ChartsPanel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    load_altair()
    table = panel.state.of_view(text_of(arguments, "view"))
    return parallel_answer(panel.state, table, axes=columns_of_request(arguments, "axes"))


def importance(panel: ChartsPanel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    load_altair()
    table = panel.state.of_view(text_of(arguments, "view"))
    return importance_answer(panel.state, table, metric=column_of_request(arguments, "metric"))


def brush(panel: ChartsPanel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """{ids, value} of the runs in a brush; `panel.value` from now on. Raises InvalidValue.

    Of a scatter `ranges` by column; of parallel coordinates `axes`, and `x` and `y` as they are
    drawn.
    """
    values, ranges = _brushed(panel, arguments)
    panel.chart_memory.brushed = ranges
    return {"ids": runs_within(values, ranges) if ranges else [], "value": ranges}


HANDLERS: Mapping[str, Handler] = {
    "charts": charts,
    "charts_layout": keep,
    "charts_off": charts_off,
    "charts_soon": charts_soon,
    "vega": vega,
    "scatter": scatter,
    "parallel": parallel,
    "importance": importance,
    "brush": brush,
}


def _small_charts(panel: ChartsPanel, view: str, request: LinesRequest) -> dict[str, Any]:
    charted = charted_runs(panel.state, panel.state.of_view(view), request)
    panel.chart_memory.note_places(view, charted.places)
    shown = shown_charts(panel.state.store, panel.chart_memory, charted, request)
    curves = {key: others for key, others in shown.charts.items() if shown.is_curve(key)}
    drawn = line_charts(panel.state.store, charted, request, curves)
    made = {
        key: drawn.get(key) or bar_chart(key, others, charted)
        for key, others in shown.charts.items()
        if shown.has(key)
    }
    return {
        "runs": charted.as_message(),
        "metrics": [{"key": key, "curve": key in shown.curves} for key in shown.every],
        "charts": [{"key": key, **(made.get(key) or _missing(key))} for key in shown.charts],
        "layout": layout_message(request.layout),
        "words": _words(charted.ids, shown.every, shown.curves),
        "note": _note(charted, request),
    }


def _remembered(panel: ChartsPanel, view: str) -> ChartLayout:
    return remembered_layout(panel.state.store, panel.state.of_view(view).experiments)


def _note(charted: Charted, request: LinesRequest) -> str:
    if charted.left_out:
        return f"The first {MOST_RUNS} of the ticked runs."
    if charted.best_by is not None:
        return f"The ten best by {charted.best_by}; tick others in the table to see them."
    if not request.runs and len(charted.ids) == UNTICKED:
        return "The first ten runs of the table; tick others there to see them."
    return ""


_NOTHING: Mapping[str, Any] = {
    "kind": "none", "form": "", "spec": None, "rows": [], "beside": [], "description": ""
}  # fmt: skip


def _missing(key: str) -> dict[str, Any]:
    words = f"None of these runs has {key}."
    return {**_NOTHING, "note": words}


def _words(run_ids: list[str], metrics: list[str], curves: list[str]) -> str:
    """What to say where there is less to see than somebody may expect."""
    if not run_ids:
        return "There are no runs to draw yet."
    if not metrics:
        return "These runs have logged no metric yet."
    if not curves:
        return "No metric of these runs has more than one point yet: here are their latest values."
    return ""


def _brushed(panel: ChartsPanel, arguments: Mapping[str, Any]) -> tuple[RunValues, Ranges]:
    table = panel.state.of_view(text_of(arguments, "view"))
    axes = columns_of_request(arguments, "axes")
    if not axes:
        ranges = read_ranges(arguments.get("ranges") or {})
        return read_values(panel.state, table, list(ranges), most=MOST_POINTS), ranges
    x, y = bounds_of(arguments.get("x")), bounds_of(arguments.get("y"))
    if x[0] is None or y[0] is None:
        raise InvalidValue("A brush needs x and y; the panel sends two numbers each.")
    values = read_values(panel.state, table, axes, most=MOST_LINES)
    return values, parallel_ranges(values, axes, x=x, y=y)
