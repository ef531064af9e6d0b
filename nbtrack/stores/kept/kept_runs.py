"""Runs as this process read them last, kept in memory until something has changed.

A search of runs costs DuckDB 10-40 ms, most of it for planning over views and for attaching the
file. Here the facts of all runs and the latest values of their keys are kept in arrays: while the
signs (`stores.local.signs`) say that nothing can have changed, a search is answered from them,
without a look into the file. When they have changed, one snapshot is read, and of it only the
runs that it says something new of: those of rows behind the last row that was read of each table
(tables only grow), and those in the journals' tails. Where this cannot be told, all is read anew:
when the rows that were read are not what they were (`nbtrack gc`, an UPDATE by hand, another file;
after folds of this process alone they surely are, see `signs.OwnFolds`), and when the file was
changed but no row of a run was added (the registry). Of tables of more than
`news.MOST_ROWS_COMPARED` rows only the times are compared: an UPDATE of their values by hand is
missed if rows are folded behind it before the next look.

Bounds, together 270 MB. In projects of more than MOST_RUNS runs nothing is kept, nor where their
facts take more than MOST_BYTES_OF_FACTS (94 MB; 330 bytes a run and its texts). Columns take at
most MOST_BYTES (67 MB), but for the keys of one question while it is answered: where all keys of
all runs are at most MOST_CELLS values, all of them are kept; else one column each for the keys
that filters and orders have named lately, and pages read their values from the file (whose places
take 48 bytes a run, 10 MB). Beside them are what is derived of facts to filter and sort by (25 MB),
runs as pages showed them (8 MB), answers (6 MB) and records of facts (3 MB), see `kept_table`,
which keys runs have (18 MB, see `key_pieces`), and the points of `kept_points` (36 MB). Measured:
1,000 runs x 44 keys 0.9 MB; 100,000 runs x 44 keys 45 MB, and 1 MB for each metric or 0.5 MB for
each param that was named (40 of them: 74 MB); 190,000 runs x 2 keys 90 MB after the first page,
137 MB after pages and charts by all of them.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from nbtrack.errors import StoreBusy
from nbtrack.stores.kept import loading
from nbtrack.stores.kept.kept_table import KeptTable
from nbtrack.stores.kept.news import News, read_news
from nbtrack.stores.kept.row_ranges import RowRanges
from nbtrack.stores.local.attachment import WAIT_SECONDS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from nbtrack.stores.kept.matching import Need
    from nbtrack.stores.local.signs import OwnFolds, Signs
    from nbtrack.stores.local.snapshot import SnapshotReader

T = TypeVar("T")

MOST_RUNS = 200_000
MOST_CELLS = 250_000
MOST_BYTES = 64 << 20
MOST_BYTES_OF_FACTS = 90 << 20
_MANY_ROWS = 500_000

_all_kept: weakref.WeakSet[KeptRuns] = weakref.WeakSet()


class KeptRuns:
    def __init__(self, snapshots: SnapshotReader, own_folds: OwnFolds) -> None:
        self._snapshots = snapshots
        self._own_folds = own_folds
        self._lock = threading.RLock()
        self._inside: set[int] = set()  # threads that have asked, and have no answer yet
        self.is_off = False  # for good: there are too many runs
        self._forget()
        _all_kept.add(self)

    def _forget(self) -> None:
        self._table: KeptTable | None = None
        self._is_whole = False  # whether all keys of all runs are kept
        self._is_large = False  # whether these were too many when they were looked at last
        self._signs: Signs | None = None  # of the cut that the table is of
        self._is_settled = False  # whether anything that came after it would show in the signs
        self._news: News | None = None
        self._ranges: RowRanges | None = None
        self.version = 0  # counts what was read

    def ask(
        self,
        question: Callable[[KeptTable], T],
        *,
        needs: Iterable[Need] = (),
        whole: bool = False,
        timeout: float = WAIT_SECONDS,
    ) -> T | None:
        """The answer to *question*, to a table that shows the project as it was at some moment
        since the call, with the columns of *needs*; with *whole*, those of all keys.

        None if so much is not kept: ask a snapshot. Raises StoreBusy, and what *question* does.
        """
        wanted = list(needs)

        def answer() -> T | None:
            if whole and self._is_large:
                return None
            if not (self._is_current() and self._has(wanted)):
                self._read(wanted, whole=whole, timeout=timeout)
            if self._table is None or (whole and not self._is_whole):
                return None
            return self._answer(self._table, question)

        return self._alone(answer, timeout=timeout)

    def ask_at_once(
        self, question: Callable[[KeptTable], T], *, needs: Iterable[Need] = ()
    ) -> T | None:
        """As `ask`; None as well if something had to be read."""
        wanted = list(needs)

        def answer() -> T | None:
            is_ready = self._is_current() and self._has(wanted)
            if not is_ready or self._table is None:
                return None
            return self._answer(self._table, question)

        return self._alone(answer, timeout=WAIT_SECONDS)

    def ask_beside(
        self,
        question: Callable[[KeptTable, DuckDBPyConnection], T],
        *,
        needs: Iterable[Need] = (),
        timeout: float = WAIT_SECONDS,
    ) -> T | None:
        """As `ask`, of a table that shows the same as the snapshot that goes with it."""
        wanted = list(needs)

        def answer() -> T | None:
            with self._snapshots.open(timeout=timeout) as connection:
                self._take_in(connection, wanted)
                if self._table is None:
                    return None
                return self._answer(self._table, lambda table: question(table, connection))

        return self._alone(answer, timeout=timeout)

    def places_of_values(
        self, connection: DuckDBPyConnection, run_keys: list[int]
    ) -> dict[str, list[int]]:
        """Rows of the file's tables among which the values of these runs are, for a question of
        `ask_beside`; without tables where that is not known, or not worth it."""
        if self._news is None or sum(m.rows for m in self._news.marks.values()) < _MANY_ROWS:
            return {}
        if self._ranges is None:
            self._ranges = RowRanges()
        self._ranges.catch_up(connection, self._news.marks)
        return self._ranges.rows(run_keys)

    def _alone(self, answer: Callable[[], T | None], *, timeout: float) -> T | None:
        thread = threading.get_ident()
        if thread in self._inside:
            return None  # a signal handler came in the middle; the lock would let it through
        try:
            self._inside.add(thread)
            if not self._lock.acquire(timeout=max(timeout, 0.0)):
                raise StoreBusy("Another thread of this process is reading the project. Try again.")
            return None if self.is_off else answer()
        finally:
            # A Ctrl-C lands behind calls: the first one here lets the lock go, and whatever is
            # raised behind it, the second one is made.
            try:
                self._lock.release()
            except RuntimeError:
                pass  # it was not taken
            finally:
                self._inside.discard(thread)

    def _answer(self, table: KeptTable, question: Callable[[KeptTable], T]) -> T:
        try:
            return question(table)
        finally:
            if not self._is_whole:  # those that it needed may be too large to be kept
                table.forget_oldest_columns(MOST_BYTES)

    def _is_current(self) -> bool:
        return self._is_settled and self._snapshots.shows(self._signs)

    def _has(self, needs: list[Need]) -> bool:
        if self._table is None or self._is_whole:
            return self._table is not None
        return all(key in self._table.columns[kind] for kind, key in needs)

    # --- reading

    def _read(self, needs: list[Need], *, whole: bool, timeout: float) -> None:
        with self._snapshots.open(timeout=timeout) as connection:
            if whole and self._table is None and not _are_few(connection):
                self._is_large = True  # reading them would answer nothing
            else:
                self._take_in(connection, needs)

    def _take_in(self, connection: DuckDBPyConnection, needs: list[Need]) -> None:
        """What the open snapshot shows, and the columns of *needs*."""
        signs, is_settled = self._snapshots.signs, self._snapshots.is_settled
        before, self._signs = self._signs, None  # for an interrupt, or an error
        if before != signs or not self._is_settled:
            self._catch_up(connection, before, signs)
        if self._table is not None and not self._is_whole:
            self._read_columns(connection, self._table, needs)
        self._signs, self._is_settled = signs, is_settled

    def _catch_up(self, connection: DuckDBPyConnection, before: Signs | None, signs: Signs) -> None:
        self.version += 1
        is_same_file = has_only_grown = False
        if before is not None:
            is_same_file = before.file == signs.file and self._is_settled
            has_only_grown = self._own_folds.lead(
                before.file, signs.file, is_settled=self._is_settled
            )
        news = read_news(
            connection, self._news, is_same_file=is_same_file, has_only_grown=has_only_grown
        )
        table, self._news = self._table, None
        run_keys = None
        if table is not None and before is not None:
            run_keys = _differing(table, news, before, signs)
        if table is None or run_keys is None:
            self._read_all(connection)
        else:
            self._update(connection, table, run_keys)
        self._news = news

    def _read_all(self, connection: DuckDBPyConnection) -> None:
        self._table, self._is_whole, self._ranges = None, False, None
        if loading.count_runs(connection) > MOST_RUNS:
            self.is_off = True
            return
        table = KeptTable()
        table.put_runs(loading.read_attributes(connection))
        if _are_few(connection):
            self._put_values(connection, table, None)
            self._is_whole = True
        self._keep(table)

    def _keep(self, table: KeptTable) -> None:
        """*table*, or of it what there is room for."""
        if len(table) > MOST_RUNS or table.size_of_facts > MOST_BYTES_OF_FACTS:
            self.is_off, self._table, self._ranges = True, None, None
            return
        if self._is_whole and table.size_of_columns > MOST_BYTES:
            table.forget_columns()
            self._is_whole = False
        self._is_large = not self._is_whole
        self._table = table

    def _put_values(
        self, connection: DuckDBPyConnection, table: KeptTable, run_keys: list[int] | None
    ) -> None:
        """Of all runs, or of these, all keys; or those that are kept."""
        row_of = table.rows_by_key()
        for kind in loading.KINDS:
            names = None if self._is_whole or run_keys is None else list(table.columns[kind])
            if names == []:
                continue
            for values in loading.read_values(connection, kind, run_keys=run_keys, keys=names):
                table.put_values(kind, values, row_of(values.run_keys))

    def _update(
        self, connection: DuckDBPyConnection, table: KeptTable, run_keys: list[int]
    ) -> None:
        if not run_keys:
            return
        self._table = None  # for an interrupt, or an error
        rows = table.put_runs(loading.read_attributes(connection, run_keys))
        table.drop_values(rows)
        self._put_values(connection, table, run_keys)
        self._keep(table)

    def _read_columns(
        self, connection: DuckDBPyConnection, table: KeptTable, needs: list[Need]
    ) -> None:
        row_of = table.rows_by_key() if needs else None
        for kind, key in needs:
            column = table.columns[kind].pop(key, None)
            if column is not None:
                table.columns[kind][key] = column  # the newest one
            elif row_of is not None:
                table.add_column(kind, key)
                for values in loading.read_column(connection, kind, key, runs=len(table)):
                    table.put_values(kind, values, row_of(values.run_keys))
        table.forget_oldest_columns(MOST_BYTES, spared=needs)

    def forget(self) -> None:
        """What is kept; it is read again when somebody asks."""
        with suppress(StoreBusy):  # whoever asks now has it for as long as that takes
            self._alone(self._forget, timeout=0.5)

    def after_fork(self) -> None:
        # Another thread may have been in the middle of it.
        self._lock, self._inside = threading.RLock(), set()
        self._forget()


def _are_few(connection: DuckDBPyConnection) -> bool:
    """Whether all keys of all runs may be kept."""
    return loading.count_runs(connection) * loading.count_keys(connection) <= MOST_CELLS


def _differing(table: KeptTable, news: News, before: Signs, now: Signs) -> list[int] | None:
    """Keys of the runs that have to be read again; None if all of them have."""
    is_unexplained = before.file != now.file and news.is_nothing
    if news.run_keys is None or is_unexplained:
        return None
    run_keys = set(news.run_keys)
    if before.dead != now.dead:
        run_keys |= table.keys_of_status("RUNNING", "KILLED")
    return sorted(run_keys) if len(run_keys) <= loading.MOST_AT_ONCE else None


def _read_anew_in_child() -> None:
    for kept in list(_all_kept):
        kept.after_fork()


os.register_at_fork(after_in_child=_read_anew_in_child)
