"""The first runs by a number, read in the order of an index: 100,000 runs are not sorted for 20.

Runs that have a number by the first key come before all others, in both directions. So of them
alone the page is asked; if they do not fill it, all runs are sorted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nbtrack.records.runs import RunInfo, RunQuery
from nbtrack.records.views import RunPage
from nbtrack.stores.connection import Connection
from nbtrack.stores.filters.clauses import SortedBy, sorted_by
from nbtrack.stores.filters.filter_keys import RUNS
from nbtrack.stores.queries.run_pages import page_of
from nbtrack.stores.queries.run_queries import INFO_COLUMNS, condition_of, limit_of, run_info

MOST_RUNS = 1000  # to the end of the page: of more, sorting is not the most of the work
# The table behind each view that has an index by (key_id, number).
_ORDERED = {
    "current.latest_metrics": ("current.latest_points", "o0.value"),
    "current.params": ("current.param_values", "try_cast(o0.value as double)"),
}


def quick_page(connection: Connection, query: RunQuery) -> tuple[list[int], list[RunInfo]]:
    """As `read_page`, with the same answer."""
    rows = page_rows(connection, query)
    return [row[0] for row in rows], [run_info(row) for row in rows]


def page_rows(connection: Connection, query: RunQuery, *, also: str = "true") -> list[Any]:
    """INFO_COLUMNS of the runs that match, and of which *also* holds."""
    order = sorted_by(query.order_by, subject=RUNS)
    end = query.offset + (query.max_results or MOST_RUNS + 1)
    if order and order[0].column.table in _ORDERED and end <= MOST_RUNS:
        rows = _leading(connection, query, order, also)
        if len(rows) == query.max_results:
            return rows
    return _sorted(connection, query, order, also)


def _leading(
    connection: Connection, query: RunQuery, order: Sequence[SortedBy], also: str
) -> list[Any]:
    first, *others = order
    table, number = _ORDERED[str(first.column.table)]
    # Not of another table: what PostgreSQL looks up once has no order of its own.
    key_id = "(select key_id from stored.key_names where name = $o0)"
    joins = [f"join {table} o0 on o0.run_key = r.run_key and o0.key_id = {key_id}"]
    joins += [each.join for each in others]
    orders = [_direction(number, first), *_orders(others)]
    also = f"{also} and {number} < 'NaN'::double"
    return _rows(connection, query, joins, orders, also=also, bound=_bound(order))


def _sorted(
    connection: Connection, query: RunQuery, order: Sequence[SortedBy], also: str
) -> list[Any]:
    joins = [each.join for each in order]
    return _rows(connection, query, joins, _orders(order), also=also, bound=_bound(order))


def _rows(
    connection: Connection,
    query: RunQuery,
    joins: Sequence[str],
    orders: Sequence[str],
    *,
    also: str,
    bound: Mapping[str, object],
) -> list[Any]:
    where, parameters = condition_of(query)
    page = {"most": limit_of(query.max_results), "offset": query.offset}
    return connection.execute(
        f"select {INFO_COLUMNS} from indexed_runs r {' '.join(joins)} where {where} and {also}"
        f" order by {', '.join([*orders, RUNS.natural_order])} limit $most offset $offset",
        {**parameters, **bound, **page},
    ).fetchall()


def _orders(order: Sequence[SortedBy]) -> list[str]:
    return [part for each in order for part in each.order_by]


def _bound(order: Sequence[SortedBy]) -> dict[str, object]:
    return {name: key for each in order for name, key in each.parameters.items()}


def _direction(number: str, first: SortedBy) -> str:
    """Backwards as the index is read, in which nothing is missing."""
    return f"{number} desc nulls first" if first.descending else f"{number} asc nulls last"


# --- a page of a panel

# Whose parent matches, too. What matches is named `r` in it as well: the inner one is another run.
_IS_CHILD = (
    "exists (select 1 from (select r.run_key from indexed_runs r where {where}) p"
    " where p.run_key = r.parent_key)"
)


def read_run_page(connection: Connection, query: RunQuery, *, folded: bool) -> RunPage:
    where, parameters = condition_of(query)
    is_child = _IS_CHILD.format(where=where)
    rows = page_rows(connection, query, also=f"not {is_child}" if folded else "true")
    counts = connection.execute(
        f"select count(*), count(*) filter (not {is_child}) from indexed_runs r where {where}",
        parameters,
    ).fetchone()
    assert counts is not None  # there is always a row
    return page_of(connection, query, rows, (counts[0], counts[1]), folded=folded)
