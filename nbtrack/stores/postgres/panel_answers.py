"""What panels ask of the store in PostgreSQL: `stores.queries` answers, as for a folder."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbtrack.records.runs import Run, RunQuery, ViewType
from nbtrack.stores.postgres import first_page
from nbtrack.stores.postgres.connection import Pool
from nbtrack.stores.postgres.index import matched
from nbtrack.stores.queries import key_inventory, run_groups, run_pages, run_values, series

if TYPE_CHECKING:
    from nbtrack.records.views import (
        Axis,
        KeyInventory,
        MetricSeries,
        RunGroup,
        RunPage,
        RunValues,
    )


class PanelAnswers:
    """The part of PostgresStore that panels need."""

    _pool: Pool

    def __init__(self) -> None:
        self._inventories = key_inventory.KeptInventories(self._read_all_keys, lambda _: None)

    @abstractmethod
    def version(self) -> object: ...

    def read_run_page(self, query: RunQuery, *, folded: bool) -> RunPage:
        with self._pool.snapshot() as connection:
            return first_page.read_run_page(connection, query, folded=folded)

    def read_child_runs(
        self,
        parent_id: str,
        *,
        order_by: Sequence[str] = (),
        view_type: ViewType = ViewType.ACTIVE_ONLY,
    ) -> list[Run]:
        query = RunQuery(order_by=tuple(order_by), view_type=view_type)
        with self._pool.snapshot() as connection:
            return run_pages.read_child_runs(connection, parent_id, query)

    def read_keys(self, query: RunQuery) -> KeyInventory:
        """Kept while nobody writes: of 20,000 runs x 40 keys it takes seconds."""
        return self._inventories.read(query, version=self.version())

    def _read_all_keys(self, query: RunQuery) -> KeyInventory:
        with matched(self._pool, query) as connection:
            return key_inventory.read_kept_keys(connection)

    def read_groups(self, query: RunQuery, *, by: str, metrics: Sequence[str]) -> list[RunGroup]:
        with matched(self._pool, query) as connection:
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
        wanted = series.Wanted(axis=x, buckets=buckets, low=low, high=high)
        with self._pool.snapshot() as connection:
            return series.read_series(connection, run_ids, keys, wanted=wanted)

    def read_run_values(self, query: RunQuery, columns: Sequence[str]) -> RunValues:
        with matched(self._pool, query) as connection:
            return run_values.read_run_values(connection, query, columns)
