"""All metrics of some runs in one picture, for saved notebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nbtrack.charts.drawing import DATA_NAME, Drawing
from nbtrack.charts.metric_lines import Look, line_layers, line_rows
from nbtrack.charts.pictures import PICTURE_WIDTH
from nbtrack.charts.run_styles import RunStyle, run_colours, run_labels
from nbtrack.charts.theme import config
from nbtrack.records.views import Axis, MetricSeries

_GAP, _HEIGHT = 26, 120


def small_multiples(
    series: Sequence[MetricSeries],
    *,
    names: Mapping[str, str | None],
    styles: Mapping[str, RunStyle] | None = None,
    x: Mapping[str, Axis] | None = None,
    title: str | None = None,
) -> Drawing:
    """One small chart per metric, in the theme "paper"; *x* by metric, else "step"."""
    import altair as alt

    keys = list(dict.fromkeys(each.key for each in series))
    run_ids = list(dict.fromkeys(each.run_id for each in series))
    columns = min(len(keys), 2) or 1
    labels = run_labels(run_ids, names)  # the same in every chart
    look = Look(labels, styles or run_colours(run_ids), has_legend=len(run_ids) > 1)
    rows, charts = [], []
    for key in keys:
        own = [each for each in series if each.key == key]
        new = [{**row, "key": key} for row in line_rows(own, names=labels)]
        axis = (x or {}).get(key, "step")
        chart = line_layers(new, look, x=axis, is_log=False, is_smooth=False, theme="paper")
        # A predicate, not an expression: the name of a metric is data.
        chosen = chart.transform_filter(alt.FieldEqualPredicate(field="key", equal=key))
        width = (PICTURE_WIDTH - (columns - 1) * _GAP) // columns
        charts.append(chosen.properties(width=width, height=_HEIGHT, title=key))
        rows += new
    whole = alt.concat(*charts, columns=columns, spacing=_GAP, data=alt.NamedData(name=DATA_NAME))
    whole = whole.properties(title=title) if title else whole
    return Drawing(chart=whole.configure(**config("paper")), rows=rows)
