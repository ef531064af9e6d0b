"""Points of metrics as they were read last, whole or in buckets, while nothing has changed.

At most MOST_POINTS points are kept, those asked for last: about 180 bytes each, 36 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from nbtrack.records.runs import Metric
from nbtrack.records.views import MetricSeries

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from nbtrack.stores.local.signs import Signs
    from nbtrack.stores.local.snapshot import SnapshotReader

T = TypeVar("T")

MOST_POINTS = 200_000


class KeptPoints:
    def __init__(self, snapshots: SnapshotReader) -> None:
        self._snapshots = snapshots
        # Replaced as a whole, never changed: other threads may be at it.
        self._kept: tuple[Signs | None, dict[Hashable, list[Any]]] = (None, {})

    def read(self, question: Hashable, find: Callable[[DuckDBPyConnection], list[T]]) -> list[T]:
        """What *find* finds in a snapshot; a list of the caller's own. Raises what *find* does."""
        signs, known = self._kept
        found: list[T] | None = known.get(question)
        if found is not None and self._snapshots.shows(signs):
            return list(found)
        with self._snapshots.open() as connection:
            found = find(connection)
            signs, is_settled = self._snapshots.signs, self._snapshots.is_settled
        if is_settled:
            self._keep(signs, question, found)
        return list(found)

    def _keep(self, signs: Signs, question: Hashable, found: list[Any]) -> None:
        before, known = self._kept
        others = known.items() if before == signs else ()
        kept = {**{each: answer for each, answer in others if each != question}, question: found}
        while kept and sum(map(_points, kept.values())) > MOST_POINTS:
            del kept[next(iter(kept))]
        self._kept = signs, kept


def _points(answer: Sequence[Metric | MetricSeries]) -> int:
    return sum(len(each.x) if isinstance(each, MetricSeries) else 1 for each in answer)
