"""Some columns of many runs, for charts that show each run as one point or line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbtrack.records.runs import RunQuery
from nbtrack.records.views import RunValues
from nbtrack.stores.filters.clauses import run_column
from nbtrack.stores.filters.filter_keys import Column, Holds
from nbtrack.stores.queries.page_values import store_page
from nbtrack.stores.queries.run_index import matching_rows

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection


def read_run_values(connection: Connection, query: RunQuery, columns: Sequence[str]) -> RunValues:
    """Beside an index that has matched *query*; raises InvalidFilter."""
    found = [run_column(name) for name in columns]
    keys = [row[0] for row in matching_rows(connection, query)]
    rows = _rows(connection, keys, found) if keys else []
    run_ids, names, *values = zip(*rows) if rows else [()] * (2 + len(found))
    return RunValues(
        run_ids=list(run_ids),
        names=list(names),
        columns={name: list(of_column) for name, of_column in zip(columns, values)},
    )


def _rows(
    connection: Connection, keys: Sequence[int], columns: Sequence[Column]
) -> list[tuple[object, ...]]:
    store_page(connection, keys)
    shown, joins, parameters = ["r.run_id", "r.run_name"], [], {}
    # DuckDB reads only these rows, which are few for the newest runs; a join is not looked at
    # before the latest values are found.
    of_page = f"run_key between {min(keys)} and {max(keys)}"
    for number, column in enumerate(columns):
        name = f"c{number}"
        if column.table is not None:
            relation = f"(select * from {column.table} where key = ${name} and {of_page}) {name}"
            joins.append(f"left join {relation} on {name}.run_key = page.run_key")
            parameters[name] = column.key
        shown.append(_shown(column, name=name))
    return connection.execute(
        f"select {', '.join(shown)} from page join indexed_runs r on r.run_key = page.run_key"
        f" {' '.join(joins)} order by page.place",
        parameters,
    ).fetchall()


def _shown(column: Column, *, name: str) -> str:
    if column.table is not None:
        return f"{name}.{column.expression}"
    return f"{column.expression} // 1000" if column.holds is Holds.TIME else column.expression
