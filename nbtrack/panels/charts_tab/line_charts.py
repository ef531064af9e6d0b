"""One small chart per metric: curves, or bars where every run has but one point."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.base.before_forks import imports_in_background
from nbtrack.charts.drawing import Row, finite, packed, spec_of
from nbtrack.charts.loading import load_altair
from nbtrack.charts.metric_bars import bar_rows, metric_bars
from nbtrack.charts.metric_lines import line_rows, metric_lines
from nbtrack.charts.run_styles import RunStyle
from nbtrack.charts.shared_chart import Line, dashes_of, lines_of
from nbtrack.lookup.chart_layout import ChartLayout
from nbtrack.lookup.key_facts import facts_of
from nbtrack.lookup.metric_direction import direction
from nbtrack.lookup.salience import is_told_metric, metrics_in_order
from nbtrack.lookup.siblings import sharing
from nbtrack.panels.charts_tab.charted_runs import Charted
from nbtrack.panels.charts_tab.request import LinesRequest
from nbtrack.records.origins import Origin
from nbtrack.records.views import Axis, MetricSeries

if TYPE_CHECKING:
    from nbtrack.panels.charts_tab.memory import ChartMemory
    from nbtrack.stores.store import Store

CURVES_AT_FIRST, BARS_AT_FIRST = 6, 4
MOST_BUCKETS, FEWEST_BUCKETS = 300, 80
_MOST_POINTS = 12_000  # on one page: about 0.8 MB, twice a second while a cell trains


class LinesForm(NamedTuple):
    """All that the spec of curves depends on: while it stays, a chart gets other rows only."""

    labels: tuple[str, ...]
    styles: tuple[RunStyle, ...]
    x: Axis
    is_log: bool
    is_smooth: bool
    has_band: bool


class BarsForm(NamedTuple):
    labels: tuple[str, ...]
    styles: tuple[RunStyle, ...]


class Shown(NamedTuple):
    """Metrics of the runs, what matters most first."""

    charts: dict[str, list[str]]  # by the metric that has the chart, the others that are on it
    every: list[str]
    curves: list[str]

    def is_curve(self, key: str) -> bool:
        """Whether a chart has lines to draw."""
        return not {key, *self.charts[key]}.isdisjoint(self.curves)

    def has(self, key: str) -> bool:
        """Whether a chart has anything to draw."""
        return key in self.every or bool(self.charts[key])


def shown_charts(
    store: Store, memory: ChartMemory, charted: Charted, request: LinesRequest
) -> Shown:
    """Where the layout leaves the choice: curves, and below them bars; no bookkeeping."""
    every = _in_order(charted)
    _look_for_curves(store, memory, charted, every)
    curves = [key for key in every if memory.is_curve(key, charted.ids)]
    found = Shown(sharing(every, curves, request.layout.together), every, curves)
    chosen = _chosen_charts(found, charted, request)
    return found._replace(charts={key: found.charts.get(key, []) for key in chosen})


def _chosen_charts(found: Shown, charted: Charted, request: LinesRequest) -> Sequence[str]:
    if only := request.only:
        return [next((key for key, others in found.charts.items() if only in others), only)]
    return _first_charts(found, charted) if request.layout.shown is None else request.layout.shown


def _first_charts(found: Shown, charted: Charted) -> list[str]:
    meaning = charted.meaning

    def shows_any(key: str, is_meant: Callable[[str], bool]) -> bool:
        return any(map(is_meant, {key, *found.charts[key]}.intersection(found.every)))

    def is_no_bookkeeping(key: str) -> bool:
        return meaning.of("metrics", key) <= Origin.TRAINING

    told = [key for key in found.charts if shows_any(key, is_no_bookkeeping)] or list(found.charts)
    curves = [key for key in told if found.is_curve(key)]
    bars = [key for key in told if key not in curves]
    tested = [key for key in bars if shows_any(key, lambda e: is_told_metric(e, meaning))] or bars
    return [*curves[:CURVES_AT_FIRST], *tested[:BARS_AT_FIRST]]


def _in_order(charted: Charted) -> list[str]:
    facts = facts_of(list(charted.latest.values()), len(charted.latest))
    facts.sort(key=lambda each: each.key.casefold())
    return [each.key for each in metrics_in_order(facts, charted.meaning)]


def line_charts(
    store: Store, charted: Charted, request: LinesRequest, charts: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """By metric, for all of *charts*, which are as in `Shown`: what its message has."""
    if not charts:
        return {}
    keys = list(dict.fromkeys(each for key, others in charts.items() for each in (key, *others)))
    room = _MOST_POINTS // (len(keys) * max(1, len(charted.ids)))
    found = store.read_series(
        charted.ids,
        keys,
        x=request.layout.x,
        buckets=min(max(room, FEWEST_BUCKETS), MOST_BUCKETS),
        low=request.low,
        high=request.high,
    )
    return {key: _lines([key, *others], found, charted, request) for key, others in charts.items()}


def bar_chart(key: str, others: Sequence[str], charted: Charted) -> dict[str, Any]:
    bars = _bars([key, *others], charted)
    form = BarsForm(tuple(bar.label for bar in bars), tuple(bar.style for bar in bars))
    spec, name = _bars_spec(form)
    better = None if others else direction(key, charted.meaning.declared)
    rows = bar_rows(
        {bar.name: bar.value for bar in bars},
        names={bar.name: bar.label for bar in bars},
        owners={bar.name: bar.of for bar in bars},
        higher_is_better=None if better is None else better == "higher",
    )
    return {
        "kind": "bars",
        "form": name,
        "spec": spec,
        "rows": packed(rows),
        "beside": [{"key": each, "dash": []} for each in others],
        "description": f"Bars of the latest {' and '.join([key, *others])}: {_spoken(rows)}",
        "note": "latest values" if others else "latest value",
    }


def draw_samples() -> None:
    """Altair takes longer for its first chart than for all others; in a thread of its own."""
    with imports_in_background():
        load_altair()
    look = (("run",), (RunStyle("#888888", ()),))
    _lines_spec(LinesForm(*look, "step", is_log=False, is_smooth=False, has_band=False))
    _bars_spec(BarsForm(*look))


class _Bar(NamedTuple):
    name: str
    label: str
    of: str  # the label of its run
    style: RunStyle
    value: float


def _bars(keys: Sequence[str], charted: Charted) -> list[_Bar]:
    """Of several metrics those of one run stand together, and are called after their metric."""
    is_one = len(keys) == 1
    styles = charted.styles
    return [
        _Bar(
            run_id if is_one else f"{run_id} {key}",
            charted.labels[run_id] if is_one else f"{key} · {charted.labels[run_id]}",
            charted.labels[run_id],
            styles[run_id],
            values[key],
        )
        for run_id, values in charted.latest.items()
        for key in keys
        if key in values
    ]


def _look_for_curves(
    store: Store, memory: ChartMemory, charted: Charted, keys: Sequence[str]
) -> None:
    unknown = [key for key in keys if not memory.is_curve(key, charted.ids)]
    if unknown:
        memory.note_curves(store.read_series(charted.ids, unknown, x="step", buckets=0))


def _lines(
    keys: Sequence[str], found: Sequence[MetricSeries], charted: Charted, request: LinesRequest
) -> dict[str, Any]:
    """*keys* are the chart's own metric, and those that stand beside it."""
    layout, styles = request.layout, charted.styles
    lines = lines_of(keys, found, labels=charted.labels, styles=styles)
    series = [line.series for line in lines]
    has_band = any(each.count > len(each.x) for each in series)
    form = LinesForm(
        tuple(line.label for line in lines),
        tuple(line.style for line in lines),
        layout.x,
        layout.is_log,
        layout.smoothing > 0,
        has_band,
    )
    spec, name = _lines_spec(form)
    unused = [*([] if has_band else ["low", "high"]), *([] if layout.smoothing else ["raw"])]
    runs = len({line.of for line in lines})
    return {
        "kind": "lines",
        "form": name,
        "spec": spec,
        "rows": _without(packed(_line_rows(lines, layout)), unused),
        "beside": [{"key": key, "dash": list(dash)} for key, dash in dashes_of(keys[1:]).items()],
        "description": f"Lines of {' and '.join(keys)} by {layout.x}, {_runs(runs)}",
        "note": _note(keys[0], series, request),
    }


def _line_rows(lines: Sequence[Line], layout: ChartLayout) -> list[Row]:
    return line_rows(
        [line.series for line in lines],
        names={line.series.run_id: line.label for line in lines},
        owners={line.series.run_id: line.of for line in lines},
        smoothing=layout.smoothing,
        is_log=layout.is_log,
    )


@lru_cache(maxsize=64)
def _lines_spec(form: LinesForm) -> tuple[dict[str, Any], str]:
    """Of stand-ins with the same form: while a cell trains, Altair would cost it 20 ms a chart."""
    count = 3 if form.has_band else 2
    series = [
        MetricSeries(
            run_id=label, key="", x=[0, 1], low=[1, 1], high=[1, 1], last=[1, 1], count=count
        )
        for label in form.labels
    ]
    drawing = metric_lines(
        series,
        names={label: label for label in form.labels},
        styles=dict(zip(form.labels, form.styles)),
        x=form.x,
        is_log=form.is_log,
        smoothing=0.5 if form.is_smooth else 0.0,
    )
    return _named(spec_of(drawing))


@lru_cache(maxsize=64)
def _bars_spec(form: BarsForm) -> tuple[dict[str, Any], str]:
    drawing = metric_bars(
        dict.fromkeys(form.labels, 1.0),
        key="value",
        names={label: label for label in form.labels},
        styles=dict(zip(form.labels, form.styles)),
    )
    return _named(spec_of(drawing))


def _named(spec: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Without its title, which the page writes above it; and a name that is the same for equals."""
    spec = {key: value for key, value in spec.items() if key != "title"}
    return spec, form_of(spec)


def form_of(spec: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:16]


def _without(rows: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    kept = {name: column for name, column in rows["columns"].items() if name not in names}
    return {**rows, "columns": kept}


def _note(key: str, series: Sequence[MetricSeries], request: LinesRequest) -> str:
    if not series:
        return f"Nothing of {key} here." if request.low is not None else f"No run has {key}."
    is_log = request.layout.is_log
    numbers = [finite(value) for each in series for value in each.last]
    hidden = sum(value is not None and value <= 0 for value in numbers) if is_log else 0
    missing = sum(value is None for value in numbers)
    found = [
        f"{hidden:,} not above 0: a log scale cannot show them" if hidden else "",
        f"{missing:,} NaN or infinite: gaps in the lines" if missing else "",
    ]
    return "; ".join(filter(None, found))


def _spoken(rows: Sequence[Row]) -> str:
    return ", ".join(f"{row['run']} {row['text']}" for row in rows[:20])


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"
