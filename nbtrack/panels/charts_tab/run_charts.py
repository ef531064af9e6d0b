"""Charts in which each run is one point or one line: scatter, parallel coordinates, importance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.charts.drawing import Drawing, packed, spec_of
from nbtrack.charts.run_styles import PALETTE, RunStyle, style_of
from nbtrack.errors import InvalidValue
from nbtrack.lookup.salience import is_told_first
from nbtrack.panels.charts_tab.charted_runs import NOT_A_CHILDS, narrowed
from nbtrack.panels.charts_tab.line_charts import form_of
from nbtrack.panels.runs.table_columns import Kind, in_order
from nbtrack.panels.runs.table_page import Asked
from nbtrack.records.views import KeyFacts, RunValues

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.panels.runs.state import RunsState
    from nbtrack.panels.runs.table_state import TableState

MOST_POINTS, MOST_LINES, MOST_FOR_IMPORTANCE = 1000, 400, 2000  # the newest ones
MOST_AXES = 12
_PARAM_AXES, _METRIC_AXES = 5, 2
_MOST_PARAMS, _MOST_METRICS = 30, 10  # that are looked at
_KIND = "tags.estimator_class"


def scatter_answer(
    state: RunsState,
    table: TableState,
    *,
    x: str | None,
    y: str | None,
    colour: str | None,
    places: Mapping[str, int],
) -> dict[str, Any]:
    """What the view leaves open is chosen here; *colour* "" means by run: those of *places*."""
    from nbtrack.charts.scatter import scatter

    asked = state.ask(table)
    x, y, colour = _scatter_columns(state, asked, x, y, colour)
    columns = list(dict.fromkeys(filter(None, [x, y, colour])))
    values, total = _read(state, asked, columns, most=MOST_POINTS)
    drawing = scatter(
        values, x=x, y=y, colour_by=colour or None, styles=_looks(values, places), height=320
    )
    chosen = {"x": x, "y": y, "colour": colour}
    return {**_answer(drawing, values, total), "chosen": chosen}


def _scatter_columns(
    state: RunsState, asked: Asked, x: str | None, y: str | None, colour: str | None
) -> tuple[str, str, str]:
    if x and y and colour is not None:
        return x, y, colour
    params, metrics = _drawn_columns(state, asked, most=MOST_POINTS)
    numbers = {f"params.{each.key}" for each in asked.known.inventory.params if each.is_number}
    x = x or _first_of([*(each for each in params if each in numbers), *params, *metrics])
    y = y or _first_of([each for each in metrics if each != x])
    if x is None or y is None:
        raise InvalidValue("There is nothing to draw yet: a scatter needs a metric and a param.")
    rest = [each for each in [*metrics, *params] if each not in (x, y)]
    return x, y, (_first_of(rest) or "") if colour is None else colour


def parallel_answer(
    state: RunsState, table: TableState, *, axes: Sequence[str] | None
) -> dict[str, Any]:
    from nbtrack.charts.parallel import parallel

    asked = state.ask(table)
    chosen = list(axes or _default_axes(state, asked))[:MOST_AXES]
    if len(chosen) < 2:
        raise InvalidValue(
            "Parallel coordinates need two columns or more: choose axes, or log params that differ."
        )
    values, total = _read(state, asked, chosen, most=MOST_LINES)
    empty = [axis for axis in chosen if all(value is None for value in values.columns[axis])]
    if empty:
        raise InvalidValue(f"None of these runs has {empty[0]!r}: leave this axis out.")
    drawing = parallel(values, axes=chosen, height=320)
    return {**_answer(drawing, values, total), "chosen": {"axes": chosen}}


def importance_answer(state: RunsState, table: TableState, *, metric: str | None) -> dict[str, Any]:
    """With how many runs it rests on, and how it was found."""
    from nbtrack.charts.importance import FEWEST_RUNS_OF_A_PARAM, importance

    asked = state.ask(table)
    metric = metric or _first_of(_ids(telling(asked, "metrics"), "metrics"))
    params = _ids(_told_params(asked), "params")[:_MOST_PARAMS]
    if metric is None or not params:
        raise InvalidValue(
            "There is nothing to compare yet: it takes runs with a metric and params that differ."
        )
    columns = [*params, metric, _KIND]
    values, total = _read(state, asked, columns, most=MOST_FOR_IMPORTANCE)
    having = sum(value is not None for value in values.columns[metric])
    if having < FEWEST_RUNS_OF_A_PARAM:
        raise InvalidValue(
            f"{having} runs have this metric; {FEWEST_RUNS_OF_A_PARAM} or more are needed."
        )
    found = importance(values, params=_varying_within_a_kind(values, params), metric=metric)
    if not found.params:
        raise InvalidValue(
            f"Too few runs: no param that varies was recorded in {FEWEST_RUNS_OF_A_PARAM} or more."
        )
    return {
        **_answer(found.drawing, values, total),
        "chosen": {"metric": metric},
        "n": found.n,
        "r2": found.forest_r2,
        "method": _method(found.forest_r2),
    }


def telling(asked: Asked, kind: Kind) -> list[KeyFacts]:
    """Those that differ between the runs, else all of them; what matters most first."""
    facts = in_order(asked.known, kind)
    return [each for each in facts if each.distinct > 1] or facts


def _told_params(asked: Asked) -> list[KeyFacts]:
    """What somebody set, without defaults and bookkeeping."""
    known = asked.known
    return [
        each
        for each in telling(asked, "params")
        if is_told_first("params", each, known.meaning, runs=known.runs)
    ]


def _drawn_columns(state: RunsState, asked: Asked, *, most: int) -> tuple[list[str], list[str]]:
    """Params and metrics that tell apart the runs that are drawn, which may be fewer than the view
    has, and other ones; else all that these runs have. What matters most first."""
    params = _ids(_told_params(asked) or telling(asked, "params"), "params")[:_MOST_PARAMS]
    metrics = _ids(telling(asked, "metrics"), "metrics")[:_MOST_METRICS]
    values, _ = _read(state, asked, [*params, *metrics], most=most)
    distinct = {column: len(set(found) - {None}) for column, found in values.columns.items()}
    return _telling_most(params, distinct), _telling_most(metrics, distinct)


def _telling_most(columns: Sequence[str], distinct: Mapping[str, int]) -> list[str]:
    varying = [column for column in columns if distinct[column] > 1]
    return varying or [column for column in columns if distinct[column]]


def _varying_within_a_kind(values: RunValues, params: Sequence[str]) -> list[str]:
    """A param that is another one in each kind of estimator says which kind it is, no more."""
    kinds = values.columns[_KIND]
    found = []
    for param in params:
        seen: dict[Any, set[Any]] = {}
        for kind, value in zip(kinds, values.columns[param]):
            if value is not None:
                seen.setdefault(kind, set()).add(value)
        if any(len(of_kind) > 1 for of_kind in seen.values()):
            found.append(param)
    return found


def read_values(
    state: RunsState, table: TableState, columns: Sequence[str], *, most: int
) -> RunValues:
    """Of the runs that a chart of *most* runs shows."""
    asked = state.ask(table)
    return _read(state, asked, columns, most=most)[0]


def _default_axes(state: RunsState, asked: Asked) -> list[str]:
    params, metrics = _drawn_columns(state, asked, most=MOST_LINES)
    return [*params[:_PARAM_AXES], *reversed(metrics[:_METRIC_AXES])]


def _read(
    state: RunsState, asked: Asked, columns: Sequence[str], *, most: int
) -> tuple[RunValues, int]:
    """The newest runs of the view, and how many there are in all."""
    newest = narrowed(asked.query, NOT_A_CHILDS, most=most, order=())
    values = state.store.read_run_values(newest, columns)
    count = len(values.run_ids)
    return values, count if count < most else state.store.count_runs(newest)


def _answer(drawing: Drawing, values: RunValues, total: int) -> dict[str, Any]:
    spec, shown = spec_of(drawing), len(values.run_ids)
    note = f"The newest {shown:,} of {total:,} runs." if total > shown else ""
    return {"form": form_of(spec), "spec": spec, "rows": packed(drawing.rows), "note": note}


def _looks(values: RunValues, places: Mapping[str, int]) -> dict[str, RunStyle]:
    """The colours of the table, and grey for runs that have none there."""
    if not places:
        return dict.fromkeys(values.run_ids, RunStyle(PALETTE[0], ()))
    return {run_id: style_of(place) for run_id, place in places.items()}


def _method(r2: float | None) -> str:
    ranks = "Rank correlation is |Spearman's ρ|; of categories, how far they explain the ranks."
    if r2 is None:
        return ranks
    return (
        f"{ranks} The forest's importance is by how much it predicts worse, in runs it has not"
        " seen, when a param is shuffled. Neither says what causes what."
    )


def _ids(facts: Sequence[KeyFacts], kind: str) -> list[str]:
    return [f"{kind}.{each.key}" for each in facts]


def _first_of(columns: Sequence[str]) -> str | None:
    return next(iter(columns), None)
