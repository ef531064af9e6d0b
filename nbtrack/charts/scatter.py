"""One param or metric against another, one point per run."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.charts.columns import (
    Scale,
    categories_of,
    is_log,
    numbers_of,
    title_of,
    words_of,
)
from nbtrack.charts.drawing import DATA_NAME, Drawing, Row
from nbtrack.charts.run_styles import PALETTE, RunStyle, run_colours, run_labels
from nbtrack.charts.shown_text import tooltip_title
from nbtrack.charts.theme import SEQUENCE, Theme, colour, config, log_axis
from nbtrack.display.number_format import format_number
from nbtrack.records.views import RunValues

if TYPE_CHECKING:
    import altair as alt

PICKED = "picked"  # the brush
CHOSEN = "chosen"  # ids of runs to stand out, or null


def scatter(
    values: RunValues,
    *,
    x: str,
    y: str,
    colour_by: str | None = None,
    styles: Mapping[str, RunStyle] | None = None,
    x_scale: Scale = "auto",
    y_scale: Scale = "auto",
    theme: Theme = "page",
    width: int | str = "container",
    height: int = 240,
) -> Drawing:
    """*x*, *y* and *colour_by* are columns of *values*; without the latter each run has its own.

    "auto" takes a log scale where the values span more than two decades (`offers_log` of
    `columns`). Runs that lack x or y are left out, and the title says how many. A brush is the
    param "picked"; the fields it speaks of are x and y.
    """
    across, up = _read(values, x, x_scale), _read(values, y, y_scale)
    shade = None if colour_by is None else _read(values, colour_by, "auto")
    rows = _rows(values, across, up, shade)
    points = _points(rows, across, up, shade, styles or run_colours(values.run_ids), theme)
    left_out = len(values.run_ids) - len(rows)
    chart = points.properties(
        width=width,
        height=height,
        title=_title(f"{up.title} by {across.title}", left_out),
        description=f"Points of {up.title} by {across.title}, runs: {len(rows)}",
    )
    return Drawing(chart=chart.configure(**config(theme)), rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One column as it is drawn: numbers, or categories where one of the values is no number."""

    title: str
    values: list[float | None] | list[str | None]
    categories: list[str]  # [] for numbers
    is_log: bool


def _points(
    rows: Sequence[Row],
    across: Read,
    up: Read,
    shade: Read | None,
    styles: Mapping[str, RunStyle],
    theme: Theme,
) -> Any:
    import altair as alt

    edge: dict[str, Any] = {"strokeWidth": 0.5, "stroke": colour("ground", theme)}
    return (
        alt.Chart(alt.NamedData(name=DATA_NAME))
        .mark_point(filled=True, opacity=1, size=55, **edge)
        .encode(
            x=_axis(alt, "x", across),
            y=_axis(alt, "y", up),
            color=_colour_by_run(alt, rows, styles) if shade is None else _colour(alt, shade),
            fillOpacity=_faded(alt),
            **_spread(alt, across, rows),
            tooltip=_tooltip(alt, across, up, shade),
        )
        .add_params(_brush(alt, theme), alt.param(name=CHOSEN, value=None))
    )


def _read(values: RunValues, column: str, scale: Scale) -> Read:
    raw = values.columns[column]
    numbers = numbers_of(raw)
    if numbers is None:
        words, title = words_of(raw), title_of(column)
        return Read(title=title, values=words, categories=categories_of(raw), is_log=False)
    log = is_log(numbers, scale)
    if log:
        numbers = [value if value is not None and value > 0 else None for value in numbers]
    return Read(title=title_of(column), values=numbers, categories=[], is_log=log)


def _rows(values: RunValues, across: Read, up: Read, shade: Read | None) -> list[Row]:
    labels = run_labels(values.run_ids, dict(zip(values.run_ids, values.names)))
    shades = [None] * len(values.run_ids) if shade is None else shade.values
    return [
        {
            "id": run_id,
            "run": labels[run_id],
            "x": x,
            "y": y,
            "c": c,
            "spread": _share(run_id),
            "x_text": _text(x),
            "y_text": _text(y),
            "c_text": _text(c),
        }
        for run_id, x, y, c in zip(values.run_ids, across.values, up.values, shades)
        if x is not None and y is not None
    ]


def _share(run_id: str) -> float:
    """0 to 1, at random, but the same at every drawing."""
    return zlib.crc32(run_id.encode()) / 0xFFFFFFFF


def _text(value: float | str | None) -> str:
    return value if isinstance(value, str) else format_number(value)


def _axis(alt: Any, field: str, read: Read) -> Any:
    kind = alt.X if field == "x" else alt.Y
    if read.categories:
        angle = {"labelAngle": -30} if field == "x" and _are_long(read.categories) else {}
        axis = alt.Axis(title=read.title, **({"labelAngle": 0} if field == "x" else {}) | angle)
        return kind(f"{field}:N", axis=axis, scale=alt.Scale(padding=0.4), sort=read.categories)
    if read.is_log:
        scale = alt.Scale(type="log", nice=False, padding=12)
        return kind(f"{field}:Q", axis=log_axis(alt, title=read.title), scale=scale)
    axis = alt.Axis(title=read.title, tickCount=6)
    return kind(f"{field}:Q", axis=axis, scale=alt.Scale(zero=False, nice=True, padding=6))


def _spread(alt: Any, across: Read, rows: Sequence[Row]) -> dict[str, Any]:
    """Side by side what would lie on top of each other, where x has categories."""
    if not across.categories or len(rows) < 2 * len(across.categories):
        return {}
    return {"xOffset": alt.XOffset("spread:Q", scale=alt.Scale(domain=[0, 1]))}


def _are_long(categories: Sequence[str]) -> bool:
    return sum(len(each) + 2 for each in categories) > 60


def _colour(alt: Any, shade: Read) -> Any:
    if shade.categories:
        colours = [PALETTE[place % len(PALETTE)] for place in range(len(shade.categories))]
        scale = alt.Scale(domain=shade.categories, range=colours)
        legend = alt.Legend(title=shade.title, symbolType="circle", symbolOpacity=1)
        return alt.Color("c:N", scale=scale, legend=legend)
    scale = alt.Scale(type="log" if shade.is_log else "linear", range=SEQUENCE)
    return alt.Color("c:Q", scale=scale, legend=_gradient(alt, shade.title))


def _gradient(alt: Any, title: str) -> Any:
    return alt.Legend(title=title, format=".3~g", tickCount=4)


def _colour_by_run(alt: Any, rows: Sequence[Row], styles: Mapping[str, RunStyle]) -> Any:
    colours = [styles[row["id"]].colour if row["id"] in styles else "#888888" for row in rows]
    scale = alt.Scale(domain=[row["run"] for row in rows], range=colours)
    return alt.Color("run:N", scale=scale, legend=None)


def _faded(alt: Any) -> Any:
    """Quiet while other runs are chosen."""
    test = f"{CHOSEN} === null || indexof({CHOSEN}, datum.id) >= 0"
    return alt.condition(test, alt.value(0.9), alt.value(0.15))


def _tooltip(alt: Any, across: Read, up: Read, shade: Read | None) -> list[Any]:
    shown = [("run", "run"), ("x_text", across.title), ("y_text", up.title)]
    if shade is not None and shade.title not in (across.title, up.title):
        shown.append(("c_text", shade.title))
    return [alt.Tooltip(f"{field}:N", title=tooltip_title(title)) for field, title in shown]


def _brush(alt: Any, theme: Theme) -> Any:
    ink = colour("ink", theme)
    mark = alt.BrushConfig(fill=ink, fillOpacity=0.06, stroke=ink, strokeOpacity=0.35)
    return alt.selection_interval(name=PICKED, encodings=["x", "y"], mark=mark, zoom=False)


def _title(text: str, left_out: int) -> alt.TitleParams | str:
    if not left_out:
        return text
    import altair as alt

    runs = "1 run lacks" if left_out == 1 else f"{left_out:,} runs lack"
    return alt.TitleParams(text=text, subtitle=f"{runs} one of the values and cannot be shown")
