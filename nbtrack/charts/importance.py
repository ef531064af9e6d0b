"""How much each param says about a metric: rank correlation, and a small forest's opinion.

Neither is a cause. Both are shown with the number of runs that they rest on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from nbtrack.charts.columns import numbers_of, title_of
from nbtrack.charts.drawing import DATA_NAME, Drawing, Row
from nbtrack.charts.forest import FEWEST_RUNS, forest_importance
from nbtrack.charts.ranks import rank_correlation, rank_dependence
from nbtrack.charts.run_styles import PALETTE
from nbtrack.charts.theme import Theme, config
from nbtrack.display.number_format import format_number
from nbtrack.errors import InvalidValue
from nbtrack.records.views import RunValues

FEWEST_RUNS_OF_A_PARAM = 8  # a correlation of fewer says nothing
_RANKS, _FOREST = "rank correlation", "share of the forest's importance"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamImportance:
    """*correlation* is |Spearman| for numbers, 0 to 1; *n* is how many runs have both values.

    For categories it is the like of it: the square root of the share of the variance of the
    metric's ranks that they explain. *permutation* is by how much R² falls, in runs that the
    forest has not seen, when the param is shuffled; None where there was no forest.
    """

    param: str
    correlation: float
    permutation: float | None
    is_categorical: bool
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    params: list[ParamImportance]  # the most important first
    drawing: Drawing
    n: int  # runs that have the metric
    forest_r2: float | None  # of the forest, in runs it has not seen; None: there was no forest


def importance(
    values: RunValues,
    *,
    params: Sequence[str],
    metric: str,
    theme: Theme = "page",
    width: int | str = "container",
) -> Importance:
    """*params* and *metric* are columns of *values*; params with one value only are left out, and
    those that fewer than 8 runs have.

    The forest is asked from 20 runs on and if it is done within a second, and is heard only if it
    predicts the metric better than its mean does. Raises InvalidValue if the metric is no number.
    """
    target = numbers_of(values.columns[metric])
    if target is None:
        raise InvalidValue(f"{title_of(metric)} is no number in these runs: choose a metric.")
    # By id, so that the folds of the forest do not depend on how a table was sorted.
    kept = sorted(
        (i for i, value in enumerate(target) if value is not None), key=values.run_ids.__getitem__
    )
    columns = {param: [values.columns[param][i] for i in kept] for param in params}
    y = [float(target[i] or 0.0) for i in kept]
    found = [_ranked(param, column, y) for param, column in columns.items()]
    shown = [each for each in found if each is not None]
    names = [each.param for each in shown]
    forest = forest_importance([columns[name] for name in names], y)
    if forest is not None:
        shown = [replace(p, permutation=drop) for p, drop in zip(shown, forest.drops)]
    shown.sort(key=lambda each: (-(each.permutation or 0.0), -each.correlation, each.param))
    r2 = None if forest is None else forest.r2
    title = _titles(title_of(metric), len(y), r2)
    drawing = _draw(shown, title, theme=theme, width=width)
    return Importance(params=shown, drawing=drawing, n=len(y), forest_r2=r2)


def _ranked(param: str, column: Sequence[Any], y: Sequence[float]) -> ParamImportance | None:
    numbers = numbers_of(column)
    found: Sequence[Any] = column if numbers is None else numbers
    both = [(value, goal) for value, goal in zip(found, y) if value is not None]
    if len({value for value, _ in both}) < 2 or len(both) < FEWEST_RUNS_OF_A_PARAM:
        return None
    has, goals = [value for value, _ in both], [goal for _, goal in both]
    is_categorical = numbers is None
    if is_categorical:
        strength = rank_dependence([str(value) for value in has], goals)
    else:
        strength = abs(rank_correlation(has, goals))
    return ParamImportance(
        param=param,
        correlation=strength,
        permutation=None,
        is_categorical=is_categorical,
        n=len(both),
    )


def _titles(metric: str, n: int, r2: float | None) -> tuple[str, str]:
    title = f"What goes with {metric} (n = {n:,})"
    if r2 is not None:
        return (
            title,
            f"the forest explains {r2:.0%} of the variance in runs it has not seen",
        )
    if n < FEWEST_RUNS:
        return title, f"rank correlation only: a forest needs {FEWEST_RUNS} runs"
    return title, "rank correlation only: a forest predicts no better than the mean"


def _draw(
    shown: Sequence[ParamImportance], titles: tuple[str, str], *, theme: Theme, width: int | str
) -> Drawing:
    import altair as alt

    total = sum(max(each.permutation or 0.0, 0.0) for each in shown)
    rows = [row for each in shown for row in _rows(each, total)]
    measures = list(dict.fromkeys(row["measure"] for row in rows)) or [_RANKS]
    order = list(dict.fromkeys(row["param"] for row in rows))
    bars = _bars(alt, order, measures)
    height = max(40, len(order) * (30 if len(measures) > 1 else 22))
    title = alt.TitleParams(text=titles[0], subtitle=titles[1])
    chart = bars.properties(
        width=width, height=height, title=title, description=f"Bars: {titles[0]}"
    ).configure(**config(theme))
    return Drawing(chart=chart, rows=rows)


def _bars(alt: Any, order: Sequence[str], measures: Sequence[str]) -> Any:
    """One bar for each param and measure, from 0 to 1."""
    has_two = len(measures) > 1
    legend = alt.Legend(title=None, orient="top", symbolType="square") if has_two else None
    offset = {"yOffset": alt.YOffset("measure:N", sort=measures)} if has_two else {}
    colours = alt.Scale(domain=measures, range=list(PALETTE[: len(measures)]))
    mark = alt.Chart(alt.NamedData(name=DATA_NAME)).mark_bar(
        cornerRadiusEnd=2, height={"band": 0.78}
    )
    return mark.encode(
        x=alt.X(
            "value:Q",
            axis=alt.Axis(title=None, format="~g", grid=True, tickCount=5),
            scale=alt.Scale(domain=[0, 1]),
        ),
        y=alt.Y(
            "param:N",
            sort=order,
            axis=alt.Axis(title=None, grid=False, labelLimit=250),
            scale=alt.Scale(paddingInner=0.3),
        ),
        color=alt.Color("measure:N", scale=colours, legend=legend),
        tooltip=[
            alt.Tooltip("param:N", title="param"),
            alt.Tooltip("text:N", title="importance"),
        ],
        **offset,
    )


def _rows(each: ParamImportance, total: float) -> list[Row]:
    """*total* is the importance of all params together, by the forest."""
    name = f"{title_of(each.param)} (n={each.n:,})"
    measures = [(_RANKS, each.correlation)]
    if each.permutation is not None and total:
        measures.append((_FOREST, max(each.permutation, 0.0) / total))
    return [
        {
            "param": name,
            "measure": measure,
            "value": value,
            "text": f"{measure} {format_number(value, digits=2)}, {each.n:,} runs",
        }
        for measure, value in measures
    ]
