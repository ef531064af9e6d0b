"""The pages that the next click may show, read while nobody waits for them.

Of 100,000 runs the first page by a column takes 50 to 100 ms of processor time, and the same again
4 ms: its column, and the runs that stand on it, are then in memory (`stores.kept`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from nbtrack.panels.runs.glance import NUMBER as GLANCE
from nbtrack.panels.runs.known_errors import KnownErrors
from nbtrack.panels.runs.known_keys import MANY_RUNS
from nbtrack.panels.runs.shown_runs import order_clauses
from nbtrack.panels.runs.state import RunsState
from nbtrack.panels.runs.table_columns import shown_columns
from nbtrack.panels.runs.table_page import Asked, bounded_query
from nbtrack.panels.runs.table_state import SortKey
from nbtrack.panels.shared.after_rest import AfterRest
from nbtrack.records.runs import RunQuery
from nbtrack.stores.queries.panel_reads import PanelReads
from nbtrack.stores.store import Store

_MOST = 16  # behind one page
_MOST_NOTED = 1000
_PAUSE = 0.02  # between two of them: the user's cell, or a click of his, comes first
LATELY = 0.5  # seconds: what a page asked then is being drawn


class ReadAhead:
    """*asked_at* says when a page asked anything last, as `Panel.asked_at`."""

    def __init__(
        self, state: RunsState, errors: KnownErrors, *, asked_at: Callable[[], float]
    ) -> None:
        self._state, self._errors, self._asked_at = state, errors, asked_at
        self._newest: Asked | None = None
        self._read_of: object = None  # the version of the store that these were read of
        self._already: set[tuple[RunQuery, bool]] = set()
        self._after_rest = AfterRest("read runs ahead")

    def soon(self, asked: Asked) -> None:
        """What may follow on the page that was *asked* for."""
        self._newest = asked
        if _is_worth_it(self._state.store, asked):
            version = self._state.store.version()
            self._after_rest.do(lambda: self._read(asked, version))

    def _read(self, asked: Asked, version: object) -> None:
        if version != self._read_of or len(self._already) > _MOST_NOTED:
            self._read_of, self._already = version, set()
        for query, folded in self._unread(asked):
            time.sleep(_PAUSE)
            with self._state.lock:
                if not self._is_still_of_use(asked):
                    return
                if time.monotonic() - self._asked_at() < LATELY:
                    self._after_rest.do(lambda: self._read(asked, version))
                    return
                self._errors.of(self._state.store.read_run_page(query, folded=folded).runs)
            self._already.add((query, folded))

    def _unread(self, asked: Asked) -> list[tuple[RunQuery, bool]]:
        """Queries, and whether children are folded in them."""
        pages = islice(next_pages(asked), _MOST)
        questions = ((bounded_query(each), not each.state.is_flat) for each in pages)
        return [each for each in questions if each not in self._already]

    def _is_still_of_use(self, asked: Asked) -> bool:
        """Not while somebody writes, too: a cell that trains has the processor for itself."""
        return self._newest is asked and self._state.store.version() == self._read_of


def next_pages(asked: Asked) -> Iterator[Asked]:
    """Turned the other way, sorted by each of its other columns, and the page behind it."""
    state = asked.state
    yield asked._replace(state=replace(state, page=state.page + 1))
    sorted_by = {key.column: key.is_descending for key in state.sort}
    for column in shown_columns(state, asked.known):
        turned = not sorted_by.get(column.id, not column.is_descending_first)
        sort = replace(state, sort=(SortKey(column.id, turned),), page=0)
        order = order_clauses(sort, asked.known.inventory)
        yield asked._replace(state=sort, query=replace(asked.query, order_by=order))


def _is_worth_it(store: Store, asked: Asked) -> bool:
    is_large = asked.known.all_runs > MANY_RUNS and asked.known.number != GLANCE
    is_kept = isinstance(store, PanelReads) and store.keeps_pages
    return is_large and is_kept and not asked.state.group
