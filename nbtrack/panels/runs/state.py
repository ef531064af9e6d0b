"""What a panel of runs holds: what its views ask to see, the runs ticked, the keys there are."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Protocol

from nbtrack.panels.runs.known_keys import KnownKeys
from nbtrack.panels.runs.table_page import Asked, ask
from nbtrack.panels.runs.table_state import TableState
from nbtrack.panels.shared.rights import Rights
from nbtrack.records.runs import RunQuery
from nbtrack.stores.store import Store


@dataclass(slots=True, kw_only=True)
class RunsState:
    """*newest* is what was asked last, by whichever view: `df`, `sql` and a new view follow it.

    Whoever reads it beside the panel's own thread holds *lock*, which is the panel's.
    """

    store: Store
    known_keys: KnownKeys
    newest: TableState
    lock: threading.RLock
    top: int | None = None  # how many runs `df` has; None: all
    views: dict[str, TableState] = field(default_factory=dict)
    selected: list[str] = field(default_factory=list)  # run ids, in the order they were ticked

    def of_view(self, view: str) -> TableState:
        """What that view asks for, as far as it was right."""
        return self.views.get(view, self.newest)

    @property
    def query(self) -> RunQuery:
        """What the newest view asks for, as `Store` takes it."""
        with self.lock:
            found = self.ask(self.newest).query
        return replace(found, max_results=self.top)

    def ask(self, table: TableState, *, soon: bool = False) -> Asked:
        """What the store is to be asked for *table*; *soon* as in `table_page.ask`."""
        return ask(self.known_keys, table, soon=soon)._replace(top=self.top)


class HasRunsState(Protocol):
    """A panel of runs, as far as those know it who answer for it."""

    store: Store
    state: RunsState
    rights: Rights
