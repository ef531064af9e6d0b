"""Pages of runs as panels show them, children folded under their parents or not.

Which runs stand on a page is found in memory. What they hold is read once for each of them, until
something is written to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from nbtrack.records.runs import Run, RunQuery
from nbtrack.records.tags import PARENT_TAG
from nbtrack.records.views import RunPage, RunValues
from nbtrack.stores.filters.clauses import run_column
from nbtrack.stores.filters.filter_keys import Holds
from nbtrack.stores.kept.answers import found, of_stage
from nbtrack.stores.kept.columns import NumberColumn
from nbtrack.stores.kept.kept_runs import KeptRuns
from nbtrack.stores.kept.matching import (
    Need,
    Place,
    column_at,
    in_order,
    needs_of,
    place_of,
    read_filter,
    read_order,
    whole_milliseconds,
)
from nbtrack.stores.queries.run_queries import with_data

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from nbtrack.stores.kept.columns import Integers
    from nbtrack.stores.kept.kept_table import KeptTable

T = TypeVar("T")
_PARENT: Need = ("tags", PARENT_TAG)


class _Rows(NamedTuple):
    """A page without what its runs hold."""

    rows: Integers
    total: int
    matching: int
    children: dict[str, int]


def read_run_page(kept: KeptRuns, query: RunQuery, *, folded: bool) -> RunPage | None:
    """As `run_pages.read_run_page`; None if a snapshot has to be asked."""
    condition, order = read_filter(query.filter_string), read_order(query.order_by)
    if condition is None:
        return None

    def page(table: KeptTable) -> _Rows:
        matching = found(table, query, condition)
        shown = matching & ~_folded_away(table, matching) if folded else matching
        most = None if query.max_results is None else query.offset + query.max_results
        rows = in_order(table, shown.nonzero()[0], order, most)[query.offset :]
        children = _children(table, rows, query) if folded else {}
        return _Rows(rows, int(shown.sum()), int(matching.sum()), children)

    answer = _with_runs(kept, page, lambda each: each.rows, {*needs_of(condition, order), _PARENT})
    if answer is None:
        return None
    (_, total, matching, children), runs = answer
    return RunPage(runs=runs, total=total, matching=matching, children=children)


def find_runs(kept: KeptRuns, query: RunQuery) -> list[Run] | None:
    """As `run_queries.find_runs`, of a page; None if a snapshot has to be asked."""
    condition, order = read_filter(query.filter_string), read_order(query.order_by)
    if condition is None or query.max_results is None:
        return None
    most = query.offset + query.max_results

    def page(table: KeptTable) -> Integers:
        rows = found(table, query, condition).nonzero()[0]
        return in_order(table, rows, order, most)[query.offset :]

    answer = _with_runs(kept, page, lambda rows: rows, {*needs_of(condition, order)})
    return None if answer is None else answer[1]


def read_child_runs(kept: KeptRuns, parent_id: str, query: RunQuery) -> list[Run] | None:
    """As `run_pages.read_child_runs`."""
    order = read_order(query.order_by)

    def children(table: KeptTable) -> Integers:
        parent = table.row_of(parent_id)
        is_child = (table.parents == parent) & of_stage(table, query) & (parent >= 0)
        rows = is_child.nonzero()[0]
        return in_order(table, rows, order, query.max_results)

    needs = {*((place.kind, place.name) for place, _ in order if place.kind), _PARENT}
    answer = _with_runs(kept, children, lambda rows: rows, needs)
    return None if answer is None else answer[1]


def read_run_values(kept: KeptRuns, query: RunQuery, columns: Sequence[str]) -> RunValues | None:
    """As `run_values.read_run_values`."""
    condition, order = read_filter(query.filter_string), read_order(query.order_by)
    places = [place_of(run_column(name)) for name in columns]
    if condition is None:
        return None

    def values(table: KeptTable) -> RunValues:
        most = None if query.max_results is None else query.offset + query.max_results
        rows = found(table, query, condition).nonzero()[0]
        rows = in_order(table, rows, order, most)[query.offset :]
        infos = table.infos(rows)
        return RunValues(
            run_ids=[info.run_id for info in infos],
            names=[info.run_name for info in infos],
            columns={name: _shown(table, place, rows) for name, place in zip(columns, places)},
        )

    shown: set[Need] = {(place.kind, place.name) for place in places if place.kind}
    return kept.ask(values, needs={*needs_of(condition, order), *shown})


def _with_runs(
    kept: KeptRuns,
    question: Callable[[KeptTable], T],
    rows_of: Callable[[T], Integers],
    needs: set[Need],
) -> tuple[T, list[Run]] | None:
    """The answer, and the runs in its rows; of those that are not known a snapshot is asked."""

    def known(table: KeptTable) -> tuple[T, list[Run | None]]:
        answer = question(table)
        return answer, table.runs(rows_of(answer))

    def read(table: KeptTable, connection: DuckDBPyConnection) -> tuple[T, list[Run]]:
        answer = question(table)
        return answer, _runs(kept, table, connection, rows_of(answer))

    answer, runs = kept.ask_at_once(known, needs=needs) or (None, [])
    if answer is not None and None not in runs:
        return answer, [run for run in runs if run is not None]
    return kept.ask_beside(read, needs=needs)


def _runs(
    kept: KeptRuns, table: KeptTable, connection: DuckDBPyConnection, rows: Integers
) -> list[Run]:
    """Those that are known, and the others as they are read."""
    import numpy as np

    known = table.runs(rows)
    unknown = rows[np.array([run is None for run in known], dtype=np.bool_)]
    if not len(unknown):
        return [run for run in known if run is not None]
    keys = table.run_keys[unknown].tolist()
    places = kept.places_of_values(connection, keys)
    read = with_data(connection, keys, table.infos(unknown), places)
    table.note_runs(unknown, read)
    others = iter(read)
    return [run or next(others) for run in known]


def _folded_away(table: KeptTable, matching: Any) -> Any:
    """Runs whose parent matches too."""
    parents = table.parents
    return (parents >= 0) & matching[parents]


def _children(table: KeptTable, rows: Integers, query: RunQuery) -> dict[str, int]:
    """How many each of the runs in *rows* has, of those that have any."""
    import numpy as np

    parents = table.parents
    of_page = parents[np.isin(parents, rows) & of_stage(table, query)]
    counted = zip(*np.unique(of_page, return_counts=True))
    return {table.facts["run_id"][row]: int(count) for row, count in counted}


def _shown(table: KeptTable, place: Place, rows: Integers) -> list[Any]:
    column = column_at(table, place)
    if isinstance(column, NumberColumn) and place.holds is Holds.TIME:
        column = whole_milliseconds(column)
    shown: list[Any] = column.shown(rows).tolist()
    return shown
