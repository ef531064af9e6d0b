"""The table of a panel for where nothing is alive: with its order, filter, columns and ticks.

It is written anew when the user has come to rest, and not for what others log meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nbtrack.lookup.run_order import Order
from nbtrack.panels.runs.facts import RunTable
from nbtrack.panels.runs.reading import TableRequest, read_table
from nbtrack.panels.runs.run_scope import read_experiments
from nbtrack.panels.runs.state import RunsState
from nbtrack.panels.runs.table import run_table_html, run_table_text
from nbtrack.panels.runs.table_state import ATTRIBUTES, TableState, key_of, kind_of
from nbtrack.panels.shared.after_rest import AfterRest

MOST_ROWS = 20


class TableTwin:
    """*first* is what it shows at first; *update* puts a MIME bundle into its output, where
    *is_there* says that there is one: a page without a kernel has none."""

    def __init__(
        self, state: RunsState, first: RunTable, *, update: Callable[[dict[str, Any]], None],
        is_there: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._state = state
        self._first: RunTable | None = first
        self._update, self._is_there = update, is_there
        self._shown: object = None  # what was asked for, and ticked, when it was written last
        self._after_rest = AfterRest("write the table for the saved notebook")

    def bundle(self) -> dict[str, Any]:
        with self._state.lock:
            self._shown = self._asked
            table, self._first = self._first or shown_table(self._state), None
        return table_bundle(table)

    def write_soon(self) -> None:
        if self._is_there() and self._shown != self._asked:
            self._after_rest.do(lambda: self._update(self.bundle()))

    @property
    def _asked(self) -> object:
        newest = replace(self._state.newest, room=0, page=0, unfolded={}, flat=None)
        return newest, tuple(self._state.selected)


def table_bundle(table: RunTable) -> dict[str, Any]:
    return {
        "text/plain": run_table_text(table, is_dated=True),
        "text/html": run_table_html(table),
    }


def shown_table(state: RunsState) -> RunTable:
    """What the newest view shows, from its first run on."""
    table = state.newest
    query = state.ask(table).query
    most = MOST_ROWS if state.top is None else min(MOST_ROWS, state.top)
    asked = TableRequest(
        scope=replace(query, order_by=()),
        order=_order(table),
        clauses=query.order_by,
        top=most,
        filter_text=_filter_text(table),
        columns=table.columns,
        ticked=frozenset(state.selected),
    )
    return read_table(state.store, asked, read_experiments(state.store, table.experiments))


def _order(table: TableState) -> Order:
    """As its first key has it."""
    if not table.sort:
        return Order()
    column, is_descending = table.sort[0]
    return Order(f"{kind_of(column)}.{key_of(column)}", is_descending)


def _filter_text(table: TableState) -> str:
    fields = [f"{ATTRIBUTES.get(c, key_of(c))}: {text}" for c, text in table.quick.items()]
    return " and ".join([*([table.filter] if table.filter else []), *fields])
