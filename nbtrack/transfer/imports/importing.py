"""Bringing what another tracker keeps into a project.

A run is written so that its last line makes it a run: killed before, it is not there, and the next
import begins it anew. What came over whole has a mark (see `marks`), so that an import can be
repeated at any time and writes what is new.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence

from nbtrack.base.locks import held, holder_of, make_shared_folder
from nbtrack.errors import StoreBusy, StoreError
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.opening import folder_of
from nbtrack.transfer.imports import kept_here
from nbtrack.transfer.imports.checking import look_here, note_source
from nbtrack.transfer.imports.experiment_homes import ExperimentHomes, Home
from nbtrack.transfer.imports.imported_models import import_logged_models
from nbtrack.transfer.imports.imported_registry import import_registry
from nbtrack.transfer.imports.outcome import Outcome
from nbtrack.transfer.imports.run_import import RunImport
from nbtrack.transfer.imports.run_text import with_known_times
from nbtrack.transfer.sources.source_records import BrokenRecord, SourceReader

Progress = Callable[[int, int, str], None]  # how many are done, of how many, and what they are
_FOLD_SECONDS = 600.0
# What a record of another kind than the tracker writes ends in: it is listed, the rest comes.
_BROKEN = (
    BrokenRecord, ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError,
    sqlite3.DatabaseError,
)  # fmt: skip
_RUNS_PER_SIGN = 20  # of life: drawing a bar takes longer than bringing a small run


def import_source(reader: SourceReader, store: DuckDBStore, *, progress: Progress) -> Outcome:
    """Raises StoreBusy if another import is at it, StoreError if the project takes nothing or the
    source cannot be read at all."""
    lock = folder_of(store.uri) / "import.lock"
    make_shared_folder(lock.parent)
    with held(lock) as is_ours:
        if not is_ours:
            raise StoreBusy(f"{lock} is held by {holder_of(lock)}: another import is at work here.")
        try:
            return _Import(reader, store, progress).all()
        except sqlite3.DatabaseError as exc:
            raise StoreError(f"{reader.title} cannot be read: {exc}.") from exc


class _Import:
    def __init__(self, reader: SourceReader, store: DuckDBStore, progress: Progress) -> None:
        self._reader, self._store, self._progress = reader, store, progress
        self._outcome = Outcome()
        self._homes: dict[str, Home] = {}

    def all(self) -> Outcome:
        fold_all(self._store)
        self._make_experiments()
        run_ids = self._reader.run_ids()
        self._forget_halves(run_ids)
        self._bring_runs(run_ids)
        fold_all(self._store)
        if self._outcome.broken:
            self._forget_halves(run_ids)
        self._progress(len(run_ids), len(run_ids), "models")
        import_logged_models(self._reader, self._store, self._homes, self._outcome)
        fold_all(self._store)
        import_registry(self._reader, self._store, self._outcome)
        self._outcome.broken |= self._reader.leftovers()
        self._outcome.notes += self._reader.notes()
        self._progress(len(run_ids), len(run_ids), "comparing")
        look_here(self._store, self._outcome)
        return self._outcome

    def _make_experiments(self) -> None:
        homes = ExperimentHomes(self._store, self._reader.kind)
        for found in self._reader.experiments():
            if isinstance(found, BrokenRecord):
                self._outcome.note_broken(found)
                continue
            home = self._homes[found.experiment_id] = homes.home_of(found)
            if home.remark:
                self._outcome.remarks.append(home.remark)

    def _forget_halves(self, run_ids: Sequence[str]) -> None:
        """What a killed import left of runs, or was written before one turned out to be broken."""
        if halves := sorted(kept_here.half_runs(self._store).intersection(run_ids)):
            self._store.remove_runs(halves)

    def _bring_runs(self, run_ids: Sequence[str]) -> None:
        marks, here = kept_here.marks_here(self._store), kept_here.runs_here(self._store)
        runs = RunImport(self._reader, self._store)
        for number, run_id in enumerate(run_ids):
            if number % _RUNS_PER_SIGN == 0:
                self._progress(number, len(run_ids), "runs")
            try:
                run = self._reader.run(run_id)
                if run.experiment_id not in self._homes:
                    raise BrokenRecord(f"its experiment {run.experiment_id!r} is not there")
                home = self._homes[run.experiment_id].experiment_id
                mark, is_here = marks.get(run_id), run_id in here
                run = with_known_times(run, *here.get(run_id, (0, 0)))
                brought = runs.bring(run, experiment_id=home, mark=mark, is_here=is_here)
            except _BROKEN as exc:
                self._outcome.broken[f"run {run_id}"] = str(exc)
                continue
            note_source(self._outcome, brought)
            self._refuse_if_full()

    def _refuse_if_full(self) -> None:
        if self._store.waiting_records:
            raise StoreError(
                f"{self._store.uri} takes nothing now, and the import ends here. What came over is "
                "kept; make room, and import again."
            )


def fold_all(store: DuckDBStore) -> None:
    """What was written can be asked for in bulk then. Raises StoreBusy."""
    until = time.monotonic() + _FOLD_SECONDS
    while not store.fold():
        if time.monotonic() > until:
            raise StoreBusy(f"{store.uri} cannot be written: another program has it open.")
        time.sleep(0.05)
