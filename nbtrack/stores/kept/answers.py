"""Questions about runs, answered from what is kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.records.runs import RunColumns, RunQuery, ViewType
from nbtrack.stores.kept.kept_runs import KeptRuns
from nbtrack.stores.kept.matching import (
    Filter,
    Place,
    in_order,
    matching,
    needs_of,
    read_filter,
    read_order,
)

if TYPE_CHECKING:
    from nbtrack.stores.kept.columns import Flags, Integers
    from nbtrack.stores.kept.kept_table import KeptTable
    from nbtrack.stores.kept.loading import Kind


def find_run_columns(kept: KeptRuns, query: RunQuery) -> RunColumns | None:
    """As `run_queries.find_run_columns`; None if a snapshot has to be asked."""
    condition, order = read_filter(query.filter_string), read_order(query.order_by)
    if condition is None:
        return None

    def find(table: KeptTable) -> RunColumns:
        rows = _page(table, query, condition, order)
        params, metrics, tags = (_shown(table, kind, rows) for kind in table.columns)
        return RunColumns(infos=table.infos(rows), params=params, metrics=metrics, tags=tags)

    return kept.ask(
        lambda table: table.answer(query, lambda: find(table)),
        needs=needs_of(condition, order),
        whole=True,
    )


def count_runs(kept: KeptRuns, query: RunQuery) -> int | None:
    condition = read_filter(query.filter_string)
    if condition is None:
        return None
    return kept.ask(
        lambda table: int(found(table, query, condition).sum()), needs=needs_of(condition, ())
    )


def found(table: KeptTable, query: RunQuery, condition: Filter) -> Flags:
    """Of each row, whether *query* finds it; *condition* is its filter."""
    flags = matching(table, condition) & of_stage(table, query)
    if query.experiment_ids is not None:
        flags &= table.is_one_of("experiment_id", query.experiment_ids)
    return flags


def of_stage(table: KeptTable, query: RunQuery) -> Flags:
    """Of each row, whether *query* looks at runs of its lifecycle stage."""
    stages = {ViewType.ACTIVE_ONLY: ["active"], ViewType.DELETED_ONLY: ["deleted"]}
    wanted = stages.get(query.view_type, ["active", "deleted"])
    return table.is_one_of("lifecycle_stage", wanted)


def _page(
    table: KeptTable, query: RunQuery, condition: Filter, order: Sequence[tuple[Place, bool]]
) -> Integers:
    rows = found(table, query, condition).nonzero()[0]
    most = None if query.max_results is None else query.offset + query.max_results
    return in_order(table, rows, order, most)[query.offset :]


def _shown(table: KeptTable, kind: Kind, rows: Integers) -> dict[str, list[Any]]:
    columns = table.columns[kind].items()
    return {key: column.shown(rows).tolist() for key, column in columns if column.has[rows].any()}
