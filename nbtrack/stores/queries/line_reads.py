"""What copies to another project ask of the local store."""

from __future__ import annotations

from collections.abc import Sequence

from nbtrack.records.transfers import LinesOf, PointsDigest
from nbtrack.stores.local.snapshot import SnapshotReader


class LineReads:
    """The part of DuckDBStore that copies need."""

    _snapshots: SnapshotReader

    def read_lines(self, of: LinesOf) -> list[str]:
        from nbtrack.stores.queries import run_lines

        with self._snapshots.open() as connection:
            return run_lines.read_lines(connection, of)

    def missing_contents(self, digests: Sequence[str]) -> list[str]:
        from nbtrack.stores.queries import run_lines

        with self._snapshots.open() as connection:
            return run_lines.missing_contents(connection, digests)

    def read_point_digests(self, run_id: str) -> dict[str, PointsDigest]:
        from nbtrack.stores.queries import run_lines

        with self._snapshots.open() as connection:
            return run_lines.read_point_digests(connection, run_id)

    def read_point_lines(
        self, run_id: str, keys: Sequence[str], *, start: int = 0, limit: int
    ) -> list[str]:
        from nbtrack.stores.queries import run_lines

        with self._snapshots.open() as connection:
            return run_lines.read_point_lines(connection, run_id, keys, start=start, limit=limit)
