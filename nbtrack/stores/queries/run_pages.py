"""Pages of runs, children folded under their parents or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.records.runs import Run, RunQuery, ViewType
from nbtrack.records.views import RunPage
from nbtrack.stores.queries.page_values import keys_in_text
from nbtrack.stores.queries.run_index import count_matching, matching_rows, sorted_rows
from nbtrack.stores.queries.run_queries import run_info, with_data
from nbtrack.stores.queries.stages import stage_condition

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection


def read_run_page(connection: Connection, query: RunQuery, *, folded: bool) -> RunPage:
    """Beside an index that has matched *query*."""
    rows = matching_rows(connection, query, folded=folded)
    return page_of(connection, query, rows, count_matching(connection), folded=folded)


def page_of(
    connection: Connection,
    query: RunQuery,
    rows: Sequence[Sequence[Any]],
    counts: tuple[int, int],
    *,
    folded: bool,
) -> RunPage:
    """*rows* have INFO_COLUMNS; *counts* are of all that match, and of those not folded."""
    matching, families = counts
    return RunPage(
        runs=_runs(connection, rows),
        total=families if folded else matching,
        matching=matching,
        children=_children(connection, rows, query.view_type) if folded else {},
    )


def read_child_runs(connection: Connection, parent_id: str, query: RunQuery) -> list[Run]:
    """Beside an index; of *query* the order and the view type count."""
    rows = sorted_rows(
        connection,
        "r.parent_key in (select run_key from indexed_runs where run_id = $parent_id)"
        f" and {stage_condition('r', query.view_type)}",
        query=query,
        parent_id=parent_id,
    )
    return _runs(connection, rows)


def _runs(connection: Connection, rows: Sequence[Sequence[Any]]) -> list[Run]:
    return with_data(connection, [row[0] for row in rows], [run_info(row) for row in rows])


def _children(
    connection: Connection, rows: Sequence[Sequence[Any]], view_type: ViewType
) -> dict[str, int]:
    run_ids = {run_key: run_id for run_key, run_id, *_ in rows}
    counts = connection.execute(
        "select parent_key, count(*) from indexed_runs r"
        f" where parent_key in ({keys_in_text(list(run_ids))})"
        f" and {stage_condition('r', view_type)} group by parent_key"
    ).fetchall()
    return {run_ids[parent_key]: count for parent_key, count in counts}
