"""What earlier runs reached, read while the cell runs, for the card under it.

The store is asked in a background thread when a cell begins. At its end the card takes what is
there, and waits for it, at most 50 ms, only where it knows nothing yet. Runs that this kernel
itself has ended are remembered here: they may not be folded yet.

All of it is kept by the store's writer too, which is another one after somebody removed the store:
so what was removed is compared with no more.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from nbtrack.base.guard import guarded
from nbtrack.errors import StoreError
from nbtrack.lookup.metric_direction import Direction, declared_directions
from nbtrack.records.history import Attempt, CellPlace, History, Reached
from nbtrack.stores.store import Store

WAIT_SECONDS = 0.05
FRESH_SECONDS = 2.0  # for so long what the store said is not asked again
_SURELY_FOLDED_SECONDS = 10.0
_MOST_REMEMBERED = 5000

Scope = tuple[str, str, str]  # store, its writer, experiment or lineage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """A run that this kernel has ended, and when it was added here."""

    scope: Scope
    run_id: str
    name: str | None
    metrics: Mapping[str, float]
    added: float = field(default_factory=time.monotonic)


class LookBack:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Scope, tuple[float, History]] = {}
        self._attempts: dict[Scope, Attempt] = {}  # by lineage
        self._ended: deque[_Ended] = deque(maxlen=_MOST_REMEMBERED)
        self._dropped: set[str] = set()
        self._declared: dict[Scope, dict[str, Direction]] = {}
        self._asking: threading.Thread | None = None
        self._asked: Scope | None = None  # what it was asked last

    def places(self, store: Store, notebook: str | None) -> list[CellPlace] | None:
        """Cells of *notebook* that earlier kernels tracked; None if the store cannot be read."""
        if notebook is None:
            return []
        try:
            return store.read_places(notebook, timeout=WAIT_SECONDS)
        except StoreError:
            return None

    def ask(self, store: Store, experiment_id: str, *, lineage: str | None, run_id: str) -> None:
        """Begin to look, unless that was done a moment ago; *lineage* is None if it is new."""
        scope = _scope(store, experiment_id)
        if lineage is not None and _scope(store, lineage) in self._attempts:
            lineage = None
        asked, _ = self._known.get(scope, (0.0, None))
        if lineage is None and time.monotonic() - asked < FRESH_SECONDS:
            return
        if self._asking is not None and self._asking.is_alive():
            return
        self._asked = scope
        self._asking = threading.Thread(
            target=self._ask,
            args=(store, experiment_id, lineage, run_id),
            name="nbtrack-look-back",
            daemon=True,
        )
        self._asking.start()

    def wait(self, store: Store, experiment_id: str, *, lineage: str | None, run_id: str) -> None:
        """Give a first look at the experiment, or at *lineage*, its 50 ms."""
        scope, deadline = _scope(store, experiment_id), time.monotonic() + WAIT_SECONDS
        if scope in self._known and (lineage is None or _scope(store, lineage) in self._attempts):
            return
        self._join(deadline)
        if self._asked != scope:  # since it began, the cell has set another experiment
            self.ask(store, experiment_id, lineage=lineage, run_id=run_id)
            self._join(deadline)

    def _join(self, deadline: float) -> None:
        if self._asking is not None:
            self._asking.join(max(0.0, deadline - time.monotonic()))

    def previous(self, store: Store, lineage: str) -> Attempt | None:
        found = self._attempts.get(_scope(store, lineage))
        return None if found is None or found.run_id in self._dropped else found

    def best(
        self, store: Store, experiment_id: str, key: str, direction: Direction
    ) -> Reached | None:
        """The best that another run of the experiment reached, as far as is known now."""
        scope = _scope(store, experiment_id)
        found = [*self._reached_here(scope, key), *self._reached_before(scope, key, direction)]
        sign = 1 if direction == "higher" else -1
        return max(found, key=lambda each: sign * each.value, default=None)

    def remember(
        self, store: Store, experiment_id: str, run_id: str, *, name: str | None,
        metrics: Mapping[str, float],
    ) -> None:  # fmt: skip
        """A run that has ended just now."""
        scope = _scope(store, experiment_id)
        with self._lock:
            self._ended.append(_Ended(scope=scope, run_id=run_id, name=name, metrics=metrics))

    def remember_attempt(self, store: Store, lineage: str, attempt: Attempt) -> None:
        self._attempts[_scope(store, lineage)] = attempt

    def known(self, store: Store, experiment_id: str) -> History:
        """What the last look at the experiment told; empty before the first."""
        return self._known.get(_scope(store, experiment_id), (0.0, History()))[1]

    def directions(self, store: Store, experiment_id: str) -> dict[str, Direction]:
        """What was declared, in an earlier kernel or here."""
        before = declared_directions(self.known(store, experiment_id).tags)
        return {**before, **self._declared.get(_scope(store, experiment_id), {})}

    def remember_directions(
        self, store: Store, experiment_id: str, declared: Mapping[str, Direction]
    ) -> None:
        self._declared.setdefault(_scope(store, experiment_id), {}).update(declared)

    def forget(self, run_id: str) -> None:
        """The run was dropped: nothing is compared with it any more."""
        self._dropped.add(run_id)

    def is_dropped(self, run_id: str) -> bool:
        return run_id in self._dropped

    def recall(self, run_id: str) -> None:
        """The run was brought back."""
        self._dropped.discard(run_id)

    def close(self) -> None:
        """Wait for the thread: alive at exit, it would find DuckDB half taken down."""
        if self._asking is not None:
            self._asking.join()

    def _ask(self, store: Store, experiment_id: str, lineage: str | None, run_id: str) -> None:
        scope, began = _scope(store, experiment_id), time.monotonic()
        with guarded("look at earlier runs"):
            try:
                history = store.read_history(
                    experiment_id, lineage=lineage, without=run_id, timeout=WAIT_SECONDS
                )
            except StoreError:
                return
            with self._lock:
                if lineage is not None and history.previous is not None:
                    self._attempts.setdefault(_scope(store, lineage), history.previous)
                self._known[scope] = (time.monotonic(), replace(history, previous=None))
                self._let_go(scope, before=began - _SURELY_FOLDED_SECONDS)

    def _let_go(self, scope: Scope, *, before: float) -> None:
        """What the store has told by now need not be remembered here."""
        kept = [each for each in self._ended if each.scope != scope or each.added > before]
        self._ended = deque(kept, maxlen=_MOST_REMEMBERED)

    def _reached_here(self, scope: Scope, key: str) -> Iterator[Reached]:
        for run in self._ended:
            value = run.metrics.get(key)
            if value is None or value != value or run.run_id in self._dropped:
                continue
            if run.scope == scope:
                yield Reached(value=value, run_id=run.run_id, run_name=run.name)

    def _reached_before(self, scope: Scope, key: str, direction: Direction) -> Iterator[Reached]:
        _, history = self._known.get(scope, (0.0, History()))
        extremes = history.extremes.get(key)
        if extremes is not None:
            reached = extremes.highest if direction == "higher" else extremes.lowest
            if reached.run_id not in self._dropped:
                yield reached


def _scope(store: Store, name: str) -> Scope:
    return store.uri, store.writer, name
