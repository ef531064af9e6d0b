"""What panels and servers ask of the local store; what answers is not for the logging path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.journal.reading import segment_sizes
from nbtrack.records.runs import Run, RunQuery, ViewType
from nbtrack.stores.kept.kept_points import KeptPoints
from nbtrack.stores.kept.kept_runs import KeptRuns
from nbtrack.stores.local.attachment import WAIT_SECONDS, stamp, wal_of
from nbtrack.stores.local.snapshot import SnapshotReader
from nbtrack.stores.queries.plain_questions import PlainQuestions
from nbtrack.stores.queries.run_index import RunIndex

if TYPE_CHECKING:
    from nbtrack.journal.writing import Journal
    from nbtrack.records.views import (
        Axis,
        KeyInventory,
        MetricSeries,
        RunGroup,
        RunPage,
        RunValues,
    )
    from nbtrack.stores.queries.key_inventory import KeptInventories

MOST_ON_PAGE = 200  # runs: of more, reading what they hold is the most of the work


class PanelReads(PlainQuestions):
    """The part of DuckDBStore that panels and servers need."""

    database: Path
    _journal: Journal
    _snapshots: SnapshotReader
    _index: RunIndex
    _kept: KeptRuns
    _points: KeptPoints
    _inventories: KeptInventories | None = None
    _pages_asked = 0

    @property
    def keeps_pages(self) -> bool:
        """Whether a page that was read is found in memory from then on."""
        return not self._kept.is_off

    def version(self) -> object:
        try:
            sizes = segment_sizes(self._journal.folder)
        except OSError:  # a folder that cannot be: what is logged waits in memory
            sizes = {}
        files = stamp(self.database), stamp(wal_of(self.database))
        return frozenset(sizes.items()), len(self._journal.waiting_text), files

    def search_runs(self, query: RunQuery, *, timeout: float = WAIT_SECONDS) -> list[Run]:
        """Of a page from the second one on by what is kept: who asks once is done sooner without,
        and of 100,000 runs each page would be sorted out of all."""
        if timeout >= WAIT_SECONDS and 0 < (query.max_results or 0) <= MOST_ON_PAGE:
            self._pages_asked += 1
            if self._pages_asked > 1:
                from nbtrack.stores.kept import page_answers

                found = page_answers.find_runs(self._kept, query)
                if found is not None:
                    return found
        return super().search_runs(query, timeout=timeout)

    def read_run_page(self, query: RunQuery, *, folded: bool) -> RunPage:
        from nbtrack.stores.kept import page_answers
        from nbtrack.stores.queries import run_pages

        page = page_answers.read_run_page(self._kept, query, folded=folded)
        if page is not None:
            return page
        with self._index.open(query) as connection:
            return run_pages.read_run_page(connection, query, folded=folded)

    def read_child_runs(
        self,
        parent_id: str,
        *,
        order_by: Sequence[str] = (),
        view_type: ViewType = ViewType.ACTIVE_ONLY,
    ) -> list[Run]:
        from nbtrack.stores.kept import page_answers
        from nbtrack.stores.queries import run_pages

        query = RunQuery(order_by=tuple(order_by), view_type=view_type)
        runs = page_answers.read_child_runs(self._kept, parent_id, query)
        if runs is not None:
            return runs
        with self._index.open() as connection:
            return run_pages.read_child_runs(connection, parent_id, query)

    def read_keys(self, query: RunQuery) -> KeyInventory:
        from nbtrack.stores.kept.key_pieces import read_key_inventory
        from nbtrack.stores.queries.key_inventory import KeptInventories

        if self._inventories is None:
            self._inventories = KeptInventories(
                self._read_all_keys, lambda query: read_key_inventory(self._kept, query)
            )
        return self._inventories.read(query, version=self.version())

    def _read_all_keys(self, query: RunQuery) -> KeyInventory:
        from nbtrack.stores.queries.key_inventory import read_keys

        with self._index.open(query) as connection:
            return read_keys(connection)

    def read_groups(self, query: RunQuery, *, by: str, metrics: Sequence[str]) -> list[RunGroup]:
        from nbtrack.stores.queries import run_groups

        with self._index.open(query) as connection:
            return run_groups.read_groups(connection, by=by, metrics=metrics)

    def read_series(
        self,
        run_ids: Sequence[str],
        keys: Sequence[str],
        *,
        x: Axis,
        buckets: int = 300,
        low: float | None = None,
        high: float | None = None,
    ) -> list[MetricSeries]:
        from nbtrack.stores.queries import series

        wanted = series.Wanted(axis=x, buckets=buckets, low=low, high=high)
        return self._points.read(
            (tuple(run_ids), tuple(keys), wanted),
            lambda connection: series.read_series(connection, run_ids, keys, wanted=wanted),
        )

    def read_run_values(self, query: RunQuery, columns: Sequence[str]) -> RunValues:
        from nbtrack.stores.kept import page_answers
        from nbtrack.stores.queries import run_values

        values = page_answers.read_run_values(self._kept, query, columns)
        if values is not None:
            return values
        with self._index.open(query) as connection:
            return run_values.read_run_values(connection, query, columns)
