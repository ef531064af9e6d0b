"""The charts of a report as SVG: curves of the first runs, and what the best metric hangs on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nbtrack.charts.drawing import Drawing
from nbtrack.charts.metric_bars import metric_bars
from nbtrack.charts.metric_lines import metric_lines
from nbtrack.charts.pictures import svg_of
from nbtrack.charts.run_styles import RunStyle, run_colours
from nbtrack.charts.scatter import scatter
from nbtrack.panels.runs.facts import RunTable
from nbtrack.records.runs import RunQuery
from nbtrack.records.views import MetricSeries
from nbtrack.stores.store import Store

MOST_LINES = 10  # runs: as many colours as there are
_MOST_CURVES, _MOST_SCATTERS = 8, 3
_BUCKETS = 120
_WIDTH = 480  # pixels, as drawn; on the page they are as wide as their place
_FEWEST = 3  # runs, to see what a metric hangs on


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    title: str
    svg: str


def pictures_of(
    store: Store, table: RunTable, metric: str | None, *, higher_is_better: bool | None
) -> list[Picture]:
    """Of a *table* that comes in its order: lines are of its first runs."""
    ids = [row.run_id for row in table.rows][:MOST_LINES]
    names = {row.run_id: row.name for row in table.rows}
    styles = run_colours(ids)
    found: list[Picture] = []
    if metric is not None:
        latest = {r.run_id: r.metrics[metric] for r in table.rows if metric in r.metrics}
        first = {run_id: latest[run_id] for run_id in ids if run_id in latest}
        bars = metric_bars(
            first, key=metric, names=names, styles=styles, higher_is_better=higher_is_better,
            width=_WIDTH,
        )  # fmt: skip
        found.append(_picture(f"{metric}: the first {len(first)}", bars))
    for series in _curves(store, table, ids):
        lines = metric_lines(series, names=names, styles=styles, width=_WIDTH)
        found.append(_picture(series[0].key, lines))
    if metric is not None:
        found += _scatters(store, table, metric, styles)
    return found


def _curves(
    store: Store, table: RunTable, run_ids: Sequence[str]
) -> Iterator[Sequence[MetricSeries]]:
    """Of the keys in their order those that have a course."""
    keys = list(table.metric_keys)
    by_key: dict[str, list[MetricSeries]] = {}
    for each in store.read_series(run_ids, keys, x="step", buckets=_BUCKETS):
        by_key.setdefault(each.key, []).append(each)
    alive = (by_key[key] for key in keys if any(s.count > 1 for s in by_key.get(key, ())))
    for series, _ in zip(alive, range(_MOST_CURVES)):
        yield series


def _scatters(
    store: Store, table: RunTable, metric: str, styles: dict[str, RunStyle]
) -> Iterator[Picture]:
    """The best metric by each of the params that vary."""
    rows = [row for row in table.rows if metric in row.metrics]
    varying = [
        key
        for key in table.param_keys
        if len({row.params[key] for row in rows if key in row.params}) >= _FEWEST
    ][:_MOST_SCATTERS]
    if not varying or len(rows) < _FEWEST:
        return
    ids = ", ".join(f"'{row.run_id}'" for row in rows)
    query = RunQuery(filter_string=f"attributes.run_id in ({ids})")
    y = f"metrics.{metric}"
    values = store.read_run_values(query, [y, *(f"params.{key}" for key in varying)])
    for key in varying:
        shown = {run_id: styles.get(run_id, _OTHERS) for run_id in values.run_ids}
        drawing = scatter(values, x=f"params.{key}", y=y, styles=shown, width=_WIDTH)
        yield _picture(f"{metric} by {key}", drawing)


_OTHERS = RunStyle("#9a9a9a", ())


_PATH = re.compile(r"<path [^>]*>")
_PLACE = re.compile(r'( (?:d|transform)=")([^"]*)')
_DECIMALS = re.compile(r"(\.\d\d)\d+")


def _picture(title: str, drawing: Drawing) -> Picture:
    return Picture(title=title, svg=_PATH.sub(_rounded, svg_of(drawing)))


def _rounded(path: re.Match[str]) -> str:
    """Hundredths of a pixel: more of them are a third of the file."""
    return _PLACE.sub(lambda at: at[1] + _DECIMALS.sub(r"\1", at[2]), path[0])
