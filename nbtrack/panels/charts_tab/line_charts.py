"""One small chart per metric: curves, or bars where every run has but one point."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.charts.drawing import Row, finite, packed, spec_of
from nbtrack.charts.metric_bars import bar_rows, metric_bars
from nbtrack.charts.metric_lines import line_rows, metric_lines
from nbtrack.charts.run_styles import RunStyle
from nbtrack.lookup.key_facts import facts_of
from nbtrack.lookup.metric_direction import direction
from nbtrack.lookup.salience import metrics_in_order, told_metrics
from nbtrack.panels.charts_tab.charted_runs import Charted
from nbtrack.panels.charts_tab.request import MOST_METRICS, LinesRequest
from nbtrack.panels.charts_tab.siblings import siblings_of
from nbtrack.records.origins import Origin
from nbtrack.records.views import Axis, MetricSeries

if TYPE_CHECKING:
    from nbtrack.panels.charts_tab.memory import ChartMemory
    from nbtrack.stores.store import Store

CURVES_AT_FIRST, BARS_AT_FIRST = 6, 4
MOST_BUCKETS, FEWEST_BUCKETS = 300, 80
_DASHES = ((5, 3), (2, 2))
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


def shown_metrics(
    store: Store, memory: ChartMemory, charted: Charted, request: LinesRequest
) -> tuple[list[str], list[str]]:
    """(those to draw, all that the runs have), what matters most first.

    Where the view leaves the choice: curves, and below them bars; no bookkeeping.
    """
    every = _in_order(charted)
    _look_for_curves(store, memory, charted, every)
    if request.metrics is not None:
        return list(request.metrics[:MOST_METRICS]), every
    told = [key for key in every if charted.meaning.of("metrics", key) <= Origin.TRAINING] or every
    curves = [key for key in told if memory.is_curve(key, charted.ids)]
    bars = [key for key in told if key not in curves]
    curves = list(siblings_of(curves))
    tested = told_metrics(bars, charted.meaning) or bars
    return [*curves[:CURVES_AT_FIRST], *tested[:BARS_AT_FIRST]], every


def _in_order(charted: Charted) -> list[str]:
    facts = facts_of(list(charted.latest.values()), len(charted.latest))
    facts.sort(key=lambda each: each.key.casefold())
    return [each.key for each in metrics_in_order(facts, charted.meaning)]


def line_charts(
    store: Store,
    charted: Charted,
    request: LinesRequest,
    *,
    curves: Sequence[str],
    others: Sequence[str],
) -> dict[str, dict[str, Any]]:
    """By metric, for all of *curves*: {kind, form, spec, rows, description, note}; with each
    those of *others* that are the same on other data."""
    if not curves:
        return {}
    families = siblings_of([*curves, *(key for key in others if key not in curves)])
    beside = {key: families.get(key, []) for key in curves}
    keys = list(dict.fromkeys([*curves, *(each for more in beside.values() for each in more)]))
    room = _MOST_POINTS // (len(keys) * max(1, len(charted.ids)))
    found = store.read_series(
        charted.ids,
        keys,
        x=request.x,
        buckets=min(max(room, FEWEST_BUCKETS), MOST_BUCKETS),
        low=request.low,
        high=request.high,
    )
    return {key: _lines([key, *beside[key]], found, charted, request) for key in curves}


def bar_chart(key: str, charted: Charted) -> dict[str, Any]:
    latest = {run_id: values[key] for run_id, values in charted.latest.items() if key in values}
    styles = charted.styles
    form = BarsForm(
        tuple(charted.labels[run_id] for run_id in latest),
        tuple(styles[run_id] for run_id in latest),
    )
    spec, name = _bars_spec(form)
    better = direction(key, charted.meaning.declared)
    higher = None if better is None else better == "higher"
    rows = bar_rows(latest, names=charted.labels, higher_is_better=higher)
    return {
        "kind": "bars",
        "form": name,
        "spec": spec,
        "rows": packed(rows),
        "description": f"Bars of the latest {key}, one per run: {_spoken(rows)}",
        "note": "",
    }


def _look_for_curves(
    store: Store, memory: ChartMemory, charted: Charted, keys: Sequence[str]
) -> None:
    unknown = [key for key in keys if not memory.is_curve(key, charted.ids)]
    if unknown:
        memory.note_curves(store.read_series(charted.ids, unknown, x="step", buckets=1))


class _Line(NamedTuple):
    """One line: of the chart's own metric, or dashed of the same on other data."""

    series: MetricSeries
    label: str
    of: str  # the label of its run
    style: RunStyle


def _drawn(keys: Sequence[str], found: Sequence[MetricSeries], charted: Charted) -> list[_Line]:
    own, *others = keys
    lines = []
    for each in found:
        label, style = charted.labels[each.run_id], charted.styles[each.run_id]
        if each.key == own:
            lines.append(_Line(each, label, label, style))
        elif each.key in others:
            dash = _DASHES[others.index(each.key) % len(_DASHES)]
            named = replace(each, run_id=f"{each.run_id} {each.key}")
            lines.append(_Line(named, f"{label} · {each.key}", label, RunStyle(style.colour, dash)))
    return lines


def _lines(
    keys: Sequence[str], found: Sequence[MetricSeries], charted: Charted, request: LinesRequest
) -> dict[str, Any]:
    """*keys* are the chart's own metric, and those that stand beside it."""
    lines = _drawn(keys, found, charted)
    series = [line.series for line in lines]
    has_band = any(each.count > len(each.x) for each in series)
    form = LinesForm(
        tuple(line.label for line in lines),
        tuple(line.style for line in lines),
        request.x,
        request.is_log,
        request.smoothing > 0,
        has_band,
    )
    spec, name = _lines_spec(form)
    rows = line_rows(
        series,
        names={line.series.run_id: line.label for line in lines},
        owners={line.series.run_id: line.of for line in lines},
        smoothing=request.smoothing,
        is_log=request.is_log,
    )
    unused = [*([] if has_band else ["low", "high"]), *([] if request.smoothing else ["raw"])]
    runs = len({line.of for line in lines})
    return {
        "kind": "lines",
        "form": name,
        "spec": spec,
        "rows": _without(packed(rows), unused),
        "description": f"Lines of {' and '.join(keys)} by {request.x}, {_runs(runs)}",
        "note": _note(keys, series, request),
    }


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


def _note(keys: Sequence[str], series: Sequence[MetricSeries], request: LinesRequest) -> str:
    key, *others = keys
    if not series:
        return f"Nothing of {key} here." if request.low is not None else f"No run has {key}."
    numbers = [finite(value) for each in series for value in each.last]
    hidden = sum(value is not None and value <= 0 for value in numbers) if request.is_log else 0
    missing = sum(value is None for value in numbers)
    found = [
        f"dashed: {', '.join(others)}" if others else "",
        f"{hidden:,} not above 0: a log scale cannot show them" if hidden else "",
        f"{missing:,} NaN or infinite: gaps in the lines" if missing else "",
    ]
    return "; ".join(filter(None, found))


def _spoken(rows: Sequence[Row]) -> str:
    return ", ".join(f"{row['run']} {row['text']}" for row in rows[:20])


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"
