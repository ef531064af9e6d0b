"""Runs that stand still: text, a static table, and a DataFrame."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from nbtrack.lookup.run_order import Order
from nbtrack.lookup.typed_filter.moved_values import moved_in
from nbtrack.lookup.typed_filter.names import names_in
from nbtrack.lookup.typed_filter.reading import typed_scope
from nbtrack.panels.runs.reading import run_table_of
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    import pandas as pd

_MOST_ROWS = 20  # of a static table


class RunsView:
    def __init__(
        self,
        store: Store,
        experiment_ids: tuple[str, ...] | None,
        *,
        filter_string: str | None,
        sort: str | None,
        top: int | None,
    ) -> None:
        self._store = store
        self.table = run_table_of(
            store,
            experiment_ids=experiment_ids,
            filter_string=filter_string,
            sort=sort,
            top=_MOST_ROWS if top is None else top,
        )
        order = Order(key=self.table.sort_key, is_descending=self.table.sort_descending)
        scope = typed_scope(
            filter_string,
            experiment_ids,
            names_in(store, experiment_ids),
            moved=moved_in(store, experiment_ids),
        )
        self.query = replace(scope, order_by=order.clauses, max_results=top)

    @cached_property
    def df(self) -> pd.DataFrame:
        """The same runs with all they hold; columns as of `nbtrack.search_runs`."""
        from nbtrack.lookup.run_frame import run_frame

        return run_frame(self._store.search_run_columns(self.query))

    def __len__(self) -> int:
        return len(self.table.rows)

    def __repr__(self) -> str:
        from nbtrack.panels.runs.table import run_table_text

        return run_table_text(self.table)

    def _repr_html_(self) -> str:
        from nbtrack.panels.runs.table import run_table_html

        return run_table_html(self.table)


def all_runs(store: Store) -> RunsView:
    """Of all experiments, the newest first."""
    return RunsView(store, None, filter_string=None, sort=None, top=None)
