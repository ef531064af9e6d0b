"""The latest value of one metric, one bar per run: for metrics that are logged once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nbtrack.charts.drawing import DATA_NAME, Drawing, Row, finite
from nbtrack.charts.metric_lines import HIGHLIGHT
from nbtrack.charts.run_styles import RunStyle, run_colours, run_labels
from nbtrack.charts.shown_text import shown_text, tooltip_title
from nbtrack.charts.theme import Theme, colour, config
from nbtrack.display.number_format import format_column

MOST_ROOMY = 8  # more runs make the bars thinner, and then the chart higher
_ROOMY_HEIGHT, _THIN = 180, 22  # pixels; of one bar
_ROOM_FOR_VALUE = 72  # pixels on the right


def metric_bars(
    latest: Mapping[str, float],
    *,
    key: str,
    names: Mapping[str, str | None],
    styles: Mapping[str, RunStyle] | None = None,
    higher_is_better: bool | None = None,
    title: str | None = None,
    theme: Theme = "page",
    width: int | str = "container",
) -> Drawing:
    """*latest* by run id, in the order of the bars; each begins at 0 and says its number.

    With *higher_is_better* told, the best one stands first, and has a star.
    """
    import altair as alt

    key, title = shown_text(key), None if title is None else shown_text(title)
    rows = bar_rows(latest, names=names, higher_is_better=higher_is_better)
    fill = _fill(alt, rows, styles or run_colours(list(latest)))
    tooltip = [alt.Tooltip("run:N", title="run"), alt.Tooltip("text:N", title=tooltip_title(key))]
    chart = (
        alt.layer(_bars(alt, fill), _numbers(alt, theme), data=alt.NamedData(name=DATA_NAME))
        .encode(y=_y_axis(alt), tooltip=tooltip)
        .properties(
            width=width,
            height=_height(len(rows)),
            title=key if title is None else title,
            description=f"Bars of the latest {key}, runs: {len(rows)}",
            usermeta={"nbtrack": "bars"},
        )
        .configure(**config(theme))
    )
    return Drawing(chart=chart, rows=rows)


def bar_rows(
    latest: Mapping[str, float],
    *,
    names: Mapping[str, str | None],
    owners: Mapping[str, str] | None = None,
    higher_is_better: bool | None = None,
) -> list[Row]:
    """For an update too; a value that no bar can show (NaN, infinite) is None, and in the text.
    *owners* as in `line_rows`."""
    labels = run_labels(list(latest), names)
    texts = format_column(list(latest.values()))
    places = _places(latest, higher_is_better)
    is_known = higher_is_better is not None and len(latest) > 1
    return [
        {
            "id": run_id,
            "run": labels[run_id],
            "of": (owners or labels)[run_id],
            "value": finite(value),
            "text": f"★ {text}" if is_known and places[run_id] == 0 else text,
            "place": places[run_id],
        }
        for (run_id, value), text in zip(latest.items(), texts)
    ]


def _places(latest: Mapping[str, float], higher_is_better: bool | None) -> dict[str, int]:
    """Of each run, where it stands: the best one first, what is no number last."""
    numbers = {run_id: finite(value) for run_id, value in latest.items()}
    sign = -1 if higher_is_better else 1

    def rank(run_id: str) -> tuple[bool, float]:
        number = numbers[run_id]
        return number is None, sign * (number or 0.0)

    order = list(latest) if higher_is_better is None else sorted(latest, key=rank)
    return {run_id: place for place, run_id in enumerate(order)}


def _height(bars: int) -> int:
    return max(_ROOMY_HEIGHT, _THIN * bars) if bars > MOST_ROOMY else _ROOMY_HEIGHT


def _bars(alt: Any, fill: Any) -> Any:
    mark = alt.Chart().mark_bar(cornerRadiusEnd=2, height={"band": 0.68})
    bars = mark.encode(x=_x_axis(alt), color=fill, fillOpacity=_faded(alt, 0.9, 0.15))
    return bars.add_params(alt.param(name=HIGHLIGHT, value=None))


def _numbers(alt: Any, theme: Theme) -> Any:
    ink = colour("ink", theme)
    mark = alt.Chart().mark_text(align="right", fontSize=10.5, color=ink, clip=False)
    return mark.encode(x=alt.value("width"), text="text:N", opacity=_faded(alt, 1.0, 0.3))


def _fill(alt: Any, rows: Sequence[Row], styles: Mapping[str, RunStyle]) -> Any:
    colours = [styles[row["id"]].colour if row["id"] in styles else "#888888" for row in rows]
    scale = alt.Scale(domain=[row["run"] for row in rows], range=colours)
    return alt.Color("run:N", scale=scale, legend=None)


def _y_axis(alt: Any) -> Any:
    """In the order of the rows' places: when it changes, the spec need not."""
    by_place = alt.EncodingSortField("place", op="min")
    return alt.Y("run:N", sort=by_place, axis=alt.Axis(title=None, labelLimit=120, grid=False))


def _x_axis(alt: Any) -> Any:
    room = {"expr": f"width - {_ROOM_FOR_VALUE}"}
    return alt.X(
        "value:Q",
        axis=alt.Axis(title=None, tickCount=4, grid=True, domain=False),
        scale=alt.Scale(zero=True, nice=False, range=[0, room]),
    )


def _faded(alt: Any, opacity: float, otherwise: float) -> Any:
    """*otherwise* while another run is highlighted."""
    test = f"{HIGHLIGHT} === null || datum.of === {HIGHLIGHT}"
    return alt.condition(test, alt.value(opacity), alt.value(otherwise))
