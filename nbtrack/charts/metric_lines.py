"""One metric, one line per run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nbtrack.charts.drawing import DATA_NAME, Drawing, Row, finite
from nbtrack.charts.run_styles import RunStyle, run_colours, run_labels
from nbtrack.charts.shown_text import shown_text
from nbtrack.charts.smoothing import ema
from nbtrack.charts.theme import Theme, colour, config, log_axis
from nbtrack.records.views import Axis, MetricSeries

ZOOM = "zoom"  # the brush over x
HIGHLIGHT = "highlight"  # the label of the one run to stand out, or null
_GAPS: Any = "break-paths-show-domains"  # what is None is no point, and nothing is drawn across it
_TITLES = {"step": "step", "time": "wall time", "relative": "time since the run started"}
_STEP = "abs(datum.value) < 100000 ? format(datum.value, ',') : format(datum.value, '~s')"
_DURATION = (  # of seconds
    "datum.value >= 3600 ? format(datum.value / 3600, '~g') + ' h' : "
    "datum.value >= 60 ? format(datum.value / 60, '~g') + ' min' : "
    "datum.value >= 1 || datum.value == 0 ? format(datum.value, '~g') + ' s' : "
    "format(datum.value * 1000, '~g') + ' ms'"
)


def metric_lines(
    series: Sequence[MetricSeries],
    *,
    names: Mapping[str, str | None],
    styles: Mapping[str, RunStyle] | None = None,
    x: Axis = "step",
    is_log: bool = False,
    smoothing: float = 0.0,
    title: str | None = None,
    has_legend: bool = False,
    theme: Theme = "page",
    width: int | str = "container",
    height: int = 180,
) -> Drawing:
    """*series* are of one metric; *names* by run id; *smoothing* is the weight of `ema`, 0 to 1.

    A brush over x is the param "zoom". Where points came in buckets, a band shows their extremes.
    """
    run_ids = [each.run_id for each in series]
    rows = line_rows(series, names=names, smoothing=smoothing, is_log=is_log)
    labels = run_labels(run_ids, names)
    legend = list(labels.values()) if has_legend else []
    look = Look(labels, styles or run_colours(run_ids), legend=legend)
    chart = line_layers(rows, look, x=x, is_log=is_log, is_smooth=smoothing > 0, theme=theme)
    key = shown_text(series[0].key) if series else ""
    chart = chart.properties(
        width=width,
        height=height,
        title=_title(shown_text(title or key), series, is_log=is_log),
        description=f"Lines of {key} by {_TITLES[x]}, runs: {len(series)}",
        usermeta={"nbtrack": "lines", "x": x},  # chart_host.js shows values at the pointer
    ).configure(**config(theme))
    return Drawing(chart=chart, rows=rows)


def line_layers(
    rows: Sequence[Row], look: Look, *, x: Axis, is_log: bool, is_smooth: bool, theme: Theme
) -> Any:
    """The chart without its size, title and config, to be set among others, too."""
    import altair as alt

    is_alive = theme == "page"
    layers = [
        *([_band(alt)] if any(row["low"] is not None for row in rows) else []),
        *([_raw_line(alt).encode(**look.dash(alt))] if is_smooth else []),
        _line(alt, is_smooth=is_smooth).encode(**look.dash(alt)),
        _last_points(alt, is_smooth=is_smooth),
    ]
    if is_alive:
        layers = [layer.encode(**_faded(alt, layer)) for layer in layers]
        layers[0] = layers[0].add_params(_brush(alt, theme), alt.param(name=HIGHLIGHT, value=None))
    return alt.layer(*layers, data=alt.NamedData(name=DATA_NAME)).encode(
        x=_x_axis(alt, x), y=_y_axis(alt, is_log=is_log), color=look.colour(alt)
    )


def line_rows(
    series: Sequence[MetricSeries],
    *,
    names: Mapping[str, str | None],
    owners: Mapping[str, str] | None = None,
    smoothing: float = 0.0,
    is_log: bool = False,
) -> list[Row]:
    """What the chart draws, for an update too: `y` is the line, `raw` what was smoothed, `of` the
    label of the run that it stands out with (*owners*, by run id, where that is not its own).

    A value that cannot be drawn (NaN, or not above 0 on a log scale) is None: a gap in the line.
    """
    labels = run_labels([each.run_id for each in series], names)
    of = {**labels, **(owners or {})}
    return [
        {**row, "of": of[each.run_id]}
        for each in series
        for row in _rows(each, labels, smoothing, is_log=is_log)
    ]


def _rows(
    series: MetricSeries, labels: Mapping[str, str], smoothing: float, *, is_log: bool
) -> list[Row]:
    raw = [_drawable(value, is_log=is_log) for value in series.last]
    low = [_drawable(value, is_log=is_log) for value in series.low]
    high = [_drawable(value, is_log=is_log) for value in series.high]
    is_bucketed = series.count > len(series.x)
    y = ema(raw, smoothing) if smoothing else raw
    end = max((place for place, value in enumerate(y) if value is not None), default=-1)
    return [
        {
            "id": series.run_id,
            "run": labels[series.run_id],
            "x": series.x[place],
            "y": y[place],
            "raw": raw[place],
            "low": low[place] if is_bucketed and high[place] is not None else None,
            "high": high[place] if is_bucketed else None,
            "end": 1 if place == end else 0,
        }
        for place in range(len(series.x))
    ]


def _drawable(value: Any, *, is_log: bool) -> float | None:
    number = finite(value)
    return None if number is None or (is_log and number <= 0) else number


def _title(text: str, series: Sequence[MetricSeries], *, is_log: bool) -> Any:
    import altair as alt

    hidden = sum(_count_hidden(each) for each in series) if is_log else 0
    if not hidden:
        return text
    places = "1 place is" if hidden == 1 else f"{hidden:,} places are"
    return alt.TitleParams(text=text, subtitle=f"{places} not above 0: no log scale shows them")


def _count_hidden(series: MetricSeries) -> int:
    return sum((number := finite(value)) is not None and number <= 0 for value in series.last)


class Look:
    """Colour and dash by run: the labels are the domain, so that text from runs stays data.

    *legend* are those of them that are told; none: there is no legend."""

    def __init__(
        self, labels: Mapping[str, str], styles: Mapping[str, RunStyle], *, legend: Sequence[str]
    ) -> None:
        self._domain = list(labels.values())
        self._styles = [styles.get(run_id) or RunStyle("#888888", ()) for run_id in labels]
        self._told = list(legend)

    def colour(self, alt: Any) -> Any:
        scale = alt.Scale(domain=self._domain, range=[style.colour for style in self._styles])
        return alt.Color("run:N", scale=scale, legend=self._legend(alt))

    def dash(self, alt: Any) -> dict[str, Any]:
        """Only where there are more runs than colours."""
        if not any(style.dash for style in self._styles):
            return {}
        dashes = [list(style.dash) or [1, 0] for style in self._styles]
        scale = alt.Scale(domain=self._domain, range=dashes)
        return {"strokeDash": alt.StrokeDash("run:N", scale=scale, legend=self._legend(alt))}

    def _legend(self, alt: Any) -> Any:
        if not self._told:
            return None
        values = self._told if self._told != self._domain else alt.Undefined
        return alt.Legend(title=None, symbolType="stroke", symbolOpacity=1, values=values)


def _band(alt: Any) -> Any:
    mark = alt.Chart().mark_area(fillOpacity=0.16, strokeWidth=0, invalid=_GAPS)
    return mark.encode(y="low:Q", y2="high:Q")


def _raw_line(alt: Any) -> Any:
    mark = alt.Chart().mark_line(strokeWidth=1, strokeOpacity=0.28, invalid=_GAPS)
    return mark.encode(y="raw:Q")


def _line(alt: Any, *, is_smooth: bool) -> Any:
    width = 2 if is_smooth else 1.6
    return alt.Chart().mark_line(
        strokeWidth=width, strokeOpacity=1, strokeJoin="round", strokeCap="round", invalid=_GAPS
    )


def _last_points(alt: Any, *, is_smooth: bool) -> Any:
    """A dot at the end of each line: the only thing to see of a run with one point."""
    mark = alt.Chart().mark_point(
        filled=True, opacity=1, fillOpacity=1, size=34 if is_smooth else 28, strokeWidth=0
    )
    return mark.transform_filter("datum.end === 1")


def _faded(alt: Any, layer: Any) -> dict[str, Any]:
    """Faint while another run is highlighted. (An `opacity` of the whole mark draws slowly.)"""
    name = "strokeOpacity" if layer.mark.type == "line" else "fillOpacity"
    opacity = layer.mark[name]
    test = f"{HIGHLIGHT} === null || datum.of === {HIGHLIGHT}"
    return {name: alt.condition(test, alt.value(opacity), alt.value(opacity * 0.15))}


def _brush(alt: Any, theme: Theme) -> Any:
    ink = colour("ink", theme)
    mark = alt.BrushConfig(fill=ink, fillOpacity=0.08, stroke=ink, strokeOpacity=0.25)
    return alt.selection_interval(name=ZOOM, encodings=["x"], mark=mark, zoom=False)


def _x_axis(alt: Any, x: Axis) -> Any:
    options: dict[str, Any] = {"labelExpr": _DURATION} if x == "relative" else {}
    if x == "step":
        options = {"labelExpr": _STEP, "tickMinStep": 1}
    axis = alt.Axis(title=_TITLES[x], tickCount=6, **options)
    scale = alt.Scale(nice=False, zero=False)
    return alt.X("x:T" if x == "time" else "x:Q", axis=axis, scale=scale)


def _y_axis(alt: Any, *, is_log: bool) -> Any:
    if is_log:
        return alt.Y("y:Q", axis=log_axis(alt, title=None), scale=alt.Scale(type="log", nice=False))
    return alt.Y("y:Q", axis=alt.Axis(title=None), scale=alt.Scale(zero=False, nice=True))
