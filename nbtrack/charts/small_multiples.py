"""All metrics of some runs in one picture, for saved notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from nbtrack.charts.drawing import DATA_NAME, Drawing, Row
from nbtrack.charts.metric_lines import Look, line_layers, line_rows
from nbtrack.charts.pictures import PICTURE_WIDTH
from nbtrack.charts.run_styles import RunStyle, run_colours, run_labels
from nbtrack.charts.shared_chart import Line, lines_of
from nbtrack.charts.shown_text import shown_text
from nbtrack.charts.theme import config
from nbtrack.records.views import Axis, MetricSeries

_GAP, _HEIGHT = 26, 120


def small_multiples(
    series: Sequence[MetricSeries],
    *,
    names: Mapping[str, str | None],
    styles: Mapping[str, RunStyle] | None = None,
    charts: Sequence[Sequence[str]] | None = None,
    x: Mapping[str, Axis] | None = None,
    is_log: bool = False,
    smoothing: float = 0.0,
    title: str | None = None,
) -> Drawing:
    """Small charts of the metrics in *charts*, by default of one each, in the theme "paper"; *x*
    by metric, else "step"."""
    import altair as alt

    charts = charts or [[key] for key in dict.fromkeys(each.key for each in series)]
    run_ids = list(dict.fromkeys(each.run_id for each in series))
    labels = run_labels(run_ids, names)  # the same in every chart
    looks = styles or run_colours(run_ids)
    drawn = [lines_of(keys, series, labels=labels, styles=looks) for keys in charts]
    look = _look(labels, looks, chain(*drawn))
    columns = min(len(charts), 2) or 1
    width = (PICTURE_WIDTH - (columns - 1) * _GAP) // columns
    rows, parts = [], []
    for keys, lines in zip(charts, drawn):
        axis = (x or {}).get(keys[0], "step")
        keys = list(map(shown_text, keys))
        new = [{**row, "key": keys[0]} for row in _rows(lines, smoothing, is_log=is_log)]
        is_smooth = smoothing > 0
        part = line_layers(new, look, x=axis, is_log=is_log, is_smooth=is_smooth, theme="paper")
        # A predicate, not an expression: the name of a metric is data.
        part = part.transform_filter(alt.FieldEqualPredicate(field="key", equal=keys[0]))
        parts.append(part.properties(width=width, height=_HEIGHT, title=_title(keys)))
        rows += new
    whole = alt.concat(*parts, columns=columns, spacing=_GAP, data=alt.NamedData(name=DATA_NAME))
    whole = whole.properties(title=shown_text(title)) if title else whole
    return Drawing(chart=whole.configure(**config("paper")), rows=rows)


def _look(labels: Mapping[str, str], styles: Mapping[str, RunStyle], lines: Iterable[Line]) -> Look:
    """The same in all charts; the legend is of runs."""
    lines = list(lines)
    return Look(
        {**labels, **{line.series.run_id: line.label for line in lines}},
        {**styles, **{line.series.run_id: line.style for line in lines}},
        legend=list(labels.values()) if len(labels) > 1 else [],
    )


def _rows(lines: Sequence[Line], smoothing: float, *, is_log: bool) -> list[Row]:
    series = [line.series for line in lines]
    names = {line.series.run_id: line.label for line in lines}
    return line_rows(series, names=names, smoothing=smoothing, is_log=is_log)


def _title(keys: Sequence[str]) -> str:
    return f"{keys[0]} (dashed: {', '.join(keys[1:])})" if len(keys) > 1 else keys[0]
