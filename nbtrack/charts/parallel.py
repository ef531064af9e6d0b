"""Parallel coordinates: one line per run over the chosen params and metrics."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from nbtrack.charts.columns import categories_of, numbers_of, offers_log, title_of, words_of
from nbtrack.charts.drawing import DATA_NAME, Drawing, Row
from nbtrack.charts.run_styles import run_labels
from nbtrack.charts.scatter import CHOSEN, PICKED
from nbtrack.charts.theme import SEQUENCE, Theme, colour, config
from nbtrack.display.number_format import format_number
from nbtrack.errors import InvalidValue
from nbtrack.records.views import RunValues

MANY_POINTS = 500  # from here on lines are drawn thinly, or they hide each other
MOST_CATEGORIES_NAMED = 12
MOST_NUMBERS_NAMED = 6  # of more distinct numbers, the ends and the middle
MISSING_PLACE = -0.16  # below the lowest value
MISSING_WORD = "none"
LOG_WORD = " (log)"
_TITLE_SIZE, _LETTER = 11, 6.8  # pixels: of a title's letters the height, and about the width
_MOST_LINES = 3  # of titles
_LEAST_WORD = 24  # pixels
_MOST_DIGITS = 6  # of a number beside an axis


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """One axis: places between 0 (bottom) and 1 (top), None for a run that has no value."""

    title: str
    places: list[float | None]
    texts: list[str]  # the values as they are written
    ticks: list[tuple[float, str]]


def parallel(
    values: RunValues,
    *,
    axes: Sequence[str],
    theme: Theme = "page",
    width: int | str = "container",
    height: int = 240,
) -> Drawing:
    """*axes* are columns of *values*, from left to right; the last one gives the colour.

    Each axis has a scale of its own: its categories, a log scale where numbers span more than two
    decades, else from the lowest to the highest. A value that a run lacks is a place of its own
    below the axis; without the last one, which gives the colour, the run is left out, and the
    title says how many are. A brush is the param "picked", over x (the axes are at 0, 1, 2 …) and y
    (0 to 1); the lines of the ids in the param "chosen" stand out. Raises InvalidValue.
    """
    if len(axes) < 2:
        raise InvalidValue("Parallel coordinates need two columns or more.")
    scaled = [scale_axis(title_of(axis), values.columns[axis]) for axis in axes]
    rows = _rows(values, scaled)
    left_out = len(values.run_ids) - len({row["id"] for row in rows})
    chart = (
        _layers(scaled, rows, theme)
        .properties(
            width=width,
            height=height,
            title=_title(scaled[-1].title, left_out),
            description=f"Parallel coordinates of {', '.join(axis.title for axis in scaled)}",
        )
        .configure(**config(theme))
    )
    return Drawing(chart=chart, rows=rows)


def _layers(scaled: Sequence[Scaled], rows: Sequence[Row], theme: Theme) -> Any:
    import altair as alt

    count = len(scaled)
    lines = _lines(alt, count, opacity=0.9 if len(rows) < MANY_POINTS else 0.6)
    lines = lines.add_params(_brush(alt, theme), alt.param(name=CHOSEN, value=None))
    missing = {row["x"] for row in rows if row["y"] == MISSING_PLACE}
    words = _tick_words(alt, scaled, theme, missing=missing)
    return alt.layer(_rules(alt, count, theme), lines, *words, _titles(alt, scaled, theme))


def scale_axis(title: str, raw: Sequence[Any]) -> Scaled:
    numbers = numbers_of(raw)
    if numbers is None:
        return _categorical(title, raw)
    if offers_log(numbers):
        logs = [None if value is None else math.log10(value) for value in numbers]
        return _numeric(f"{title}{LOG_WORD}", logs, numbers, back=lambda place: 10**place)
    return _numeric(title, numbers, numbers, back=lambda place: place)


def _numeric(
    title: str, drawn: Sequence[float | None], numbers: Sequence[float | None], *, back: Any
) -> Scaled:
    known = [value for value in drawn if value is not None]
    low, high = min(known), max(known)
    span = high - low
    levels = sorted({(v - low) / span if span else 0.5 for v in known})
    shares = levels if len(levels) <= MOST_NUMBERS_NAMED else [0.0, 0.5, 1.0]
    return Scaled(
        title=title,
        places=[None if v is None else (v - low) / span if span else 0.5 for v in drawn],
        texts=[format_number(value) for value in numbers],
        ticks=[(share, _short(back(low + share * span))) for share in shares],
    )


def _short(value: float) -> str:
    text = format_number(value, digits=3)
    return text if len(text) <= _MOST_DIGITS else f"{value:.2g}"


def _categorical(title: str, raw: Sequence[Any]) -> Scaled:
    words, names = words_of(raw), categories_of(raw)
    step = 1 / max(len(names) - 1, 1)
    place = {name: i * step if len(names) > 1 else 0.5 for i, name in enumerate(names)}
    every = -(-len(names) // MOST_CATEGORIES_NAMED)
    return Scaled(
        title=title,
        places=[None if word is None else place[word] for word in words],
        texts=[word or "" for word in words],
        ticks=[(place[name], name) for name in names[::every]],
    )


def _rows(values: RunValues, scaled: Sequence[Scaled]) -> list[Row]:
    labels = run_labels(values.run_ids, dict(zip(values.run_ids, values.names)))
    return [
        {
            "id": run_id,
            "run": labels[run_id],
            "x": x,
            "y": MISSING_PLACE if axis.places[i] is None else axis.places[i],
            "c": scaled[-1].places[i],
            "axis": axis.title,
            "text": MISSING_WORD if axis.places[i] is None else axis.texts[i],
        }
        for i, run_id in enumerate(values.run_ids)
        if scaled[-1].places[i] is not None
        for x, axis in enumerate(scaled)
    ]


def _lines(alt: Any, count: int, *, opacity: float) -> Any:
    is_chosen = f"{CHOSEN} === null || indexof({CHOSEN}, datum.id) >= 0"
    return (
        alt.Chart(alt.NamedData(name=DATA_NAME))
        .mark_line(strokeWidth=1.4, strokeJoin="round")
        .encode(
            x=_x(alt, count),
            y=_y(alt),
            detail="id:N",
            color=alt.Color("c:Q", scale=alt.Scale(domain=[0, 1], range=SEQUENCE), legend=None),
            strokeOpacity=alt.condition(is_chosen, alt.value(opacity), alt.value(0.05)),
            tooltip=[alt.Tooltip("run:N", title="run")],
        )
    )


def _rules(alt: Any, count: int, theme: Theme) -> Any:
    data = alt.Data(values=[{"x": x} for x in range(count)])
    mark = alt.Chart(data).mark_rule(color=colour("soft", theme), opacity=0.45, strokeWidth=1)
    return mark.encode(x=_x(alt, count))


def _tick_words(
    alt: Any, scaled: Sequence[Scaled], theme: Theme, *, missing: Collection[int]
) -> list[Any]:
    """With a halo of the ground's colour: the lines run behind them."""
    none = [(MISSING_PLACE, MISSING_WORD)]
    values = [
        {"x": x, "y": y, "text": text}
        for x, axis in enumerate(scaled)
        for y, text in [*axis.ticks, *(none if x in missing else [])]
    ]
    count = len(scaled)
    words = alt.Chart(alt.Data(values=values)).encode(
        x=_x(alt, count), y=_y(alt), text="text:N", tooltip="text:N"
    )
    limit = {"expr": f"max({_LEAST_WORD}, {_apart(count)} - 12)"}
    common: dict[str, Any] = {"align": "left", "dx": 5, "fontSize": 10, "limit": limit}
    halo = {"stroke": colour("ground", theme), "strokeWidth": 4, "strokeOpacity": 0.9}
    return [
        words.mark_text(**common, **halo, color=colour("ground", theme)),
        words.mark_text(**common, color=colour("ink", theme)),
    ]


def _titles(alt: Any, scaled: Sequence[Scaled], theme: Theme) -> Any:
    """Below the axes, on as many lines as the longest needs; what is longer still loses its middle:
    keys often begin, or end, alike."""
    last = len(scaled) - 1
    lines, room = _lines_and_room(scaled)
    most = f"max(5, floor({room} / {_LETTER}))"
    whole = f"length(datum.text) <= {most}"
    cut = f"truncate(replace(datum.text, '{LOG_WORD}', ''), {most}, 'center')"
    titles = alt.Data(values=[{"x": x, "text": axis.title} for x, axis in enumerate(scaled)])
    return (
        alt.Chart(titles)
        .mark_text(
            fontSize=_TITLE_SIZE,
            baseline="top",
            align={"expr": f"datum.x == 0 ? 'left' : datum.x == {last} ? 'right' : 'center'"},
            dy={"expr": f"8 + {_TITLE_SIZE + 3} * (datum.x % {lines})"},
            color=colour("ink", theme),
        )
        .transform_calculate(shown=f"{whole} ? datum.text : {cut}")
        .encode(x=_x(alt, last + 1), y=alt.value("height"), text="shown:N", tooltip="text:N")
    )


def _lines_and_room(scaled: Sequence[Scaled]) -> tuple[str, str]:
    """On how many lines the titles stand, and how many pixels each may take.

    The first begins at its axis, the last ends there, each of the others is in the middle of its
    room: two neighbours on a line need one and a half times what one may take, and the first and
    the last, where these are neighbours, twice.
    """
    count = len(scaled)
    most, apart = min(_MOST_LINES, count), _apart(count)
    widest = max(len(axis.title) for axis in scaled) * _LETTER
    needed = f"ceil({max(1.5, 2 / (count - 1)):g} * {widest:g} / {apart})"
    if count <= _MOST_LINES:
        lines = f"({needed} > 1 ? {most} : 1)"
    else:
        lines = f"clamp({needed}, 1, {most})"
    shared = f"min({lines} / 1.5, {(count - 1) / 2:g})"
    return lines, f"(({lines} == {count} ? {count - 1} : {shared}) * {apart} - 6)"


def _apart(count: int) -> str:
    """How far the axes are apart, in pixels, as Vega works it out."""
    return f"(width / {count - 0.45:g})"


def _x(alt: Any, count: int) -> Any:
    return alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-0.15, count - 0.6], nice=False))


def _y(alt: Any) -> Any:
    return alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[MISSING_PLACE - 0.06, 1.04], nice=False))


def _brush(alt: Any, theme: Theme) -> Any:
    ink = colour("ink", theme)
    mark = alt.BrushConfig(fill=ink, fillOpacity=0.06, stroke=ink, strokeOpacity=0.35)
    return alt.selection_interval(name=PICKED, encodings=["x", "y"], mark=mark, zoom=False)


def _title(last: str, left_out: int) -> Any:
    import altair as alt

    text = f"Parallel coordinates, coloured by {last}"
    if not left_out:
        return text
    runs = "1 run without it is" if left_out == 1 else f"{left_out:,} runs without it are"
    return alt.TitleParams(text=text, subtitle=f"{runs} left out")
