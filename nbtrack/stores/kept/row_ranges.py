"""Between which rows of the file's tables a run's values stand.

To find the rows of 25 runs among millions DuckDB looks at all of them. A run's rows are written
one after the other, mostly; so their first and last places are kept, 48 bytes a run, and only what
stands between is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.stores.kept.loading import KINDS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from nbtrack.stores.kept.columns import Integers
    from nbtrack.stores.kept.news import Mark

MOST_ROWS = 20_000


class RowRanges:
    def __init__(self) -> None:
        self._ends: dict[str, int] = dict.fromkeys(KINDS, -1)  # the last known row of each table
        self._places: dict[str, tuple[Integers, Integers]] = {}  # first and last, by run_key

    def catch_up(self, connection: DuckDBPyConnection, marks: Mapping[str, Mark]) -> None:
        """With tables that have only grown since, up to *marks*."""
        for table, known in self._ends.items():
            if known != marks[table].rowid:
                self._places[table] = self._with(connection, table, known)
                self._ends[table] = marks[table].rowid

    def _with(
        self, connection: DuckDBPyConnection, table: str, known: int
    ) -> tuple[Integers, Integers]:
        """The places in *table*, with those of rows behind *known*."""
        import numpy as np

        text = _ADDED.format(table=table)
        added: dict[str, Any] = connection.execute(text, {"known": known}).fetchnumpy()
        run_keys = added["run_key"]
        before = self._places.get(table, (np.zeros(0, np.int64), np.zeros(0, np.int64)))
        count = max(len(before[0]), int(run_keys.max(initial=0)) + 1)
        first, last = np.full(count, _NO_ROW), np.full(count, -1)
        first[: len(before[0])], last[: len(before[1])] = before
        first[run_keys] = np.minimum(first[run_keys], added["first"])
        last[run_keys] = np.maximum(last[run_keys], added["last"])
        return first, last

    def rows(self, run_keys: Sequence[int]) -> dict[str, list[int]]:
        """By table, the rows among which theirs are; without tables where these are too many."""
        ranges = {table: list(self._ranges(table, run_keys)) for table in self._ends}
        return {
            table: [row for some in of_table for row in some]
            for table, of_table in ranges.items()
            if sum(map(len, of_table)) <= MOST_ROWS
        }

    def _ranges(self, table: str, run_keys: Sequence[int]) -> Iterator[range]:
        first, last = self._places.get(table, ((), ()))
        for run_key in run_keys:
            if run_key < len(first) and last[run_key] >= 0:
                yield range(int(first[run_key]), int(last[run_key]) + 1)


_NO_ROW = (1 << 62) - 1
_ADDED = """
    select run_key, min(rowid) as first, max(rowid) as last
    from project.stored.{table} where rowid > $known group by run_key
"""
