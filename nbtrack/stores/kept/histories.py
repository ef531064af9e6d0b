"""Metric histories as they were read last, while nothing in the project has changed.

At most MOST_POINTS points are kept, of the histories read last: about 180 bytes each, 36 MB.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nbtrack.records.runs import Metric

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from nbtrack.stores.local.signs import Signs
    from nbtrack.stores.local.snapshot import SnapshotReader

MOST_POINTS = 200_000


class KeptHistories:
    def __init__(self, snapshots: SnapshotReader) -> None:
        self._snapshots = snapshots
        # Replaced as a whole, never changed: other threads may be at it.
        self._kept: tuple[Signs | None, dict[tuple[str, str], list[Metric]]] = (None, {})

    def read(
        self, run_id: str, key: str, read: Callable[[DuckDBPyConnection], list[Metric]]
    ) -> list[Metric]:
        """What *read* finds in a snapshot; a list of the caller's own."""
        signs, known = self._kept
        points = known.get((run_id, key))
        if points is not None and self._snapshots.look() == signs:
            return list(points)
        with self._snapshots.open() as connection:
            found = read(connection)
            signs, is_settled = self._snapshots.signs, self._snapshots.is_settled
        if is_settled:
            self._keep(signs, (run_id, key), found)
        return list(found)

    def _keep(self, signs: Signs, place: tuple[str, str], found: list[Metric]) -> None:
        before, known = self._kept
        if before != signs:
            known = {}
        known = {**{each: points for each, points in known.items() if each != place}, place: found}
        while known and sum(map(len, known.values())) > MOST_POINTS:
            del known[next(iter(known))]
        self._kept = signs, known
