"""Points of metrics as they were read last, whole or in buckets, while nothing has changed.

At most MOST_POINTS points are kept, those asked for last: about 180 bytes each, 36 MB. An answer
counts as one more, and so does each id and key that its question names.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

from nbtrack.records.runs import Metric
from nbtrack.records.views import MetricSeries
from nbtrack.stores.kept.newest import Newest

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from nbtrack.stores.local.signs import Signs
    from nbtrack.stores.local.snapshot import SnapshotReader

T = TypeVar("T", Metric, MetricSeries)

MOST_POINTS = 200_000

_all_kept: weakref.WeakSet[KeptPoints] = weakref.WeakSet()


class KeptPoints:
    def __init__(self, snapshots: SnapshotReader) -> None:
        self._snapshots = snapshots
        self.begin_anew()
        _all_kept.add(self)

    def begin_anew(self) -> None:
        # Held for moments, never while something is read; a signal handler may come then.
        self._lock = threading.RLock()
        self.forget()

    def forget(self) -> None:
        with self._lock:
            self._signs: Signs | None = None
            self._answers: Newest[Hashable, list[Any]] = Newest(MOST_POINTS)

    def read(
        self, question: tuple[Hashable, ...], find: Callable[[DuckDBPyConnection], list[T]]
    ) -> list[T]:
        """What *find* finds in a snapshot; the caller's own. Raises what *find* does."""
        with self._lock:
            signs, found = self._signs, self._answers.get(question)
        if found is not None and self._snapshots.shows(signs):
            return _copies(found)
        with self._snapshots.open() as connection:
            found = find(connection)
            signs, is_settled = self._snapshots.signs, self._snapshots.is_settled
        if is_settled:
            self._keep(signs, question, _copies(found))
        return found

    def _keep(self, signs: Signs, question: tuple[Hashable, ...], found: list[Any]) -> None:
        size = 1 + _points(found) + sum(map(_names, question))
        with self._lock:
            if self._signs != signs:
                self._signs, self._answers = signs, Newest(MOST_POINTS)
            self._answers.put(question, found, size=size)


def _copies(found: list[T]) -> list[T]:
    if _are_points(found):
        return found[:]  # nobody can change one
    return [_copy(each) for each in found]


def _copy(found: Any) -> Any:
    return MetricSeries(
        run_id=found.run_id,
        key=found.key,
        x=list(found.x),
        low=list(found.low),
        high=list(found.high),
        last=list(found.last),
        count=found.count,
    )


def _points(found: list[Any]) -> int:
    if _are_points(found):
        return len(found)
    return sum(1 + len(each.x) for each in found)


def _are_points(found: list[Any]) -> bool:
    """And no series: these are of one kind."""
    return bool(found) and isinstance(found[0], Metric)


def _names(part: Hashable) -> int:
    return len(part) if isinstance(part, tuple) else 1


def _read_anew_in_child() -> None:
    for kept in list(_all_kept):
        kept.begin_anew()


os.register_at_fork(after_in_child=_read_anew_in_child)
