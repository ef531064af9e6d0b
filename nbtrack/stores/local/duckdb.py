"""The local store: a journal per process, folded into one DuckDB file.

.nbtrack/
  nbtrack.duckdb     everything folded; free for other programs more than 95 % of the time
  journal/           what each process has written since
  artifacts/         plain files, by experiment and run
  renamed.jsonl      names of experiments that were renamed, for when the database is busy
  models/            the registry's own copies of models, by model and version
  registry.head      count and hash of the registry's newest event;  registry.lock  whose turn it is
                     to change it
  fold.lock          who may write the database;  tables.lock  who may add to a table artifact
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import StoreBusy
from nbtrack.journal import reading
from nbtrack.journal.writing import Journal
from nbtrack.records.history import CellPlace, EarlierRun, History
from nbtrack.records.registry import (
    ModelVersion,
    NewEvent,
    RegisteredModel,
    RegistryEvent,
    RegistryHead,
    RegistryQuery,
    StagedFolder,
)
from nbtrack.records.runs import (
    Metric,
    RunColumns,
    RunQuery,
)
from nbtrack.records.traces import RunTrace
from nbtrack.stores.connection import Connection
from nbtrack.stores.kept.kept_points import KeptPoints
from nbtrack.stores.kept.kept_runs import KeptRuns
from nbtrack.stores.local import identities
from nbtrack.stores.local.attachment import WAIT_SECONDS, Attachment
from nbtrack.stores.local.fold import fold
from nbtrack.stores.local.folding_thread import FoldingThread, folding_guarded
from nbtrack.stores.local.git_ignore import keep_out_of_git
from nbtrack.stores.local.history import read_history, read_identical, read_places
from nbtrack.stores.local.removal import remove_executions, remove_models, remove_runs
from nbtrack.stores.local.renamed import note_renamed, renamed_experiments
from nbtrack.stores.local.signs import OwnFolds
from nbtrack.stores.local.snapshot import SnapshotReader
from nbtrack.stores.local.status import store_status
from nbtrack.stores.local.trace import trace_of_lines, trace_of_snapshot
from nbtrack.stores.local.user_query import first_rows, user_query
from nbtrack.stores.queries import run_queries
from nbtrack.stores.queries.panel_reads import PanelReads
from nbtrack.stores.queries.run_index import RunIndex
from nbtrack.stores.registry import registry_queries
from nbtrack.stores.registry.registry_append import (
    MODELS_FOLDER,
    RegistryTurn,
    append_events,
    read_head,
)
from nbtrack.stores.registry.registry_chain import noted_head
from nbtrack.stores.store import Position

if TYPE_CHECKING:
    import pandas as pd

DATABASE_NAME = "nbtrack.duckdb"
MOST_TRACED_BYTES = 1 << 20  # parsed in 30 ms; a snapshot with as much in the journals takes 200


class DuckDBStore(PanelReads):
    def __init__(self, folder: Path, *, outbox: Path | None = None) -> None:
        """What is logged stays in the folder *outbox*, too, until somebody has taken it there."""
        self.folder = folder
        self.uri = folder.as_uri()
        self.database = folder / DATABASE_NAME
        self._journal = Journal(folder / "journal", on_waiting=self._on_waiting, also_in=outbox)
        self._attachment = Attachment(self.database)
        self._thread = FoldingThread(self.fold, prepare=self._attachment.prepare)
        self._own_folds = OwnFolds(self.database)
        self._snapshots = SnapshotReader(
            self._attachment,
            self._journal.folder,
            own_writer=lambda: self._journal.writer,
            own_waiting=lambda: self._journal.waiting_text,
            fold_now=self.fold,
        )
        self._index = RunIndex(self._snapshots)
        self._kept = KeptRuns(self._snapshots, self._own_folds)
        self._points = KeptPoints(self._snapshots)

    has_tables = True
    missed_answers = 0

    # --- writing

    @property
    def writer(self) -> str:
        return self._journal.writer

    @property
    def lost_records(self) -> int:
        return self._journal.lost_records

    @property
    def waiting_records(self) -> int:
        return self._journal.waiting_records

    @property
    def absence(self) -> str:
        return ""

    def append(self, text: str) -> None:
        self._journal.append(text)

    def flush(self) -> None:
        self._thread.request(True)

    def was_removed(self) -> bool:
        return self._journal.was_removed()

    def fold(self) -> bool:
        """Move what all journals hold into the database; False if it cannot be written now."""
        if not self._journal.retry():
            return False  # what does not take a line does not take a database either
        self._journal.folded()
        if not self.folder.exists():
            return True  # nobody has written yet, or somebody has removed all
        keep_out_of_git(self.folder)
        return fold(
            self._attachment,
            self._journal.folder,
            own_writer=self._journal.writer,
            own_folds=self._own_folds,
        )

    def close(self) -> None:
        """End this process's journal and fold it, if the file is free; readers fold the rest."""
        self._thread.close()
        has_written = self._journal.has_written
        self._journal.close()
        if has_written:
            with folding_guarded():
                self.fold()
        self._attachment.close()
        self._kept.forget()
        self._points.forget()

    def _on_waiting(self, is_much: bool) -> None:
        self._thread.request(is_much)

    # --- reading

    def _snapshot(self, timeout: float = WAIT_SECONDS) -> AbstractContextManager[Connection]:
        return self._snapshots.open(timeout=timeout)

    def count_runs(self, query: RunQuery) -> int:
        from nbtrack.stores.kept.answers import count_runs

        if (count := count_runs(self._kept, query)) is not None:
            return count
        with self._snapshots.open() as connection:
            return run_queries.count_runs(connection, query)

    def search_run_columns(self, query: RunQuery) -> RunColumns:
        from nbtrack.stores.kept.answers import find_run_columns

        if (found := find_run_columns(self._kept, query)) is not None:
            return found
        with self._snapshots.open() as connection:
            return run_queries.find_run_columns(connection, query)

    def read_metrics(self, run_id: str, key: str) -> list[Metric]:
        store = str(self.folder)
        return self._points.read(
            (run_id, key),
            lambda connection: run_queries.read_metrics(connection, run_id, key, store=store),
        )

    def note_renamed(self, experiment_id: str, name: str) -> None:
        note_renamed(self.folder, experiment_id, name)

    def renamed_experiments(self) -> Mapping[str, str]:
        return renamed_experiments(self.folder)

    def position(self) -> Position:
        try:
            return reading.segment_sizes(self._journal.folder)
        except OSError:  # a folder that cannot be: what is logged waits in memory
            return {}

    def trace_written(self, run_id: str, since: Position) -> RunTrace | None:
        now = self.position()
        if not since.keys() <= now.keys():
            return None  # folded and deleted since
        if sum(now.values()) - sum(since.values()) > MOST_TRACED_BYTES:
            return None
        tails = [
            reading.read_tail(self._journal.folder, name, start=since.get(name, 0), limit=size)
            for name, size in now.items()
            if size > since.get(name, 0)
        ]
        texts = [tail.text.decode("utf-8", "replace") for tail in tails]
        texts.append(self._journal.waiting_text)
        return trace_of_lines("".join(text for text in texts if run_id in text), run_id)

    def trace_run(self, run_id: str, *, timeout: float = WAIT_SECONDS) -> RunTrace:
        with self._snapshots.open(timeout=timeout) as connection:
            return trace_of_snapshot(connection, run_id)

    def read_history(
        self,
        experiment_id: str,
        *,
        lineage: str | None,
        without: str,
        timeout: float = WAIT_SECONDS,
    ) -> History:
        if not self.database.exists():
            return History()
        with self._attachment.open(read_only=True, timeout=timeout) as connection:
            return read_history(connection, experiment_id, lineage=lineage, without=without)

    def read_identical(self, digest: str, *, timeout: float = WAIT_SECONDS) -> list[EarlierRun]:
        with self._attachment.open(read_only=True, timeout=timeout) as connection:
            found = read_identical(connection, digest, is_folded=True)
        if found or not identities.is_in_journals(self._journal.folder, digest):
            return found
        with self._snapshots.open(timeout=timeout) as connection:
            return read_identical(connection, digest, is_folded=False)

    def read_places(self, notebook: str, *, timeout: float = WAIT_SECONDS) -> list[CellPlace]:
        if not self.database.exists():
            return []
        with self._attachment.open(read_only=True, timeout=timeout) as connection:
            return read_places(connection, notebook)

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pd.DataFrame:
        with self._snapshots.open() as connection:
            return user_query(connection, sql, parameters)

    def first_rows(
        self, sql: str, *, most: int, seconds: float
    ) -> tuple[list[str], list[tuple[object, ...]]]:
        """Of one SELECT, for somebody who is not waited for; see `user_query.first_rows`."""
        with self._snapshots.open() as connection:
            return first_rows(connection, sql, most=most, seconds=seconds)

    # --- the model registry

    @property
    def models_uri(self) -> str:
        return (self.folder / MODELS_FOLDER).as_uri()

    def registry_head(self) -> RegistryHead:
        with self._attachment.open(read_only=True) as connection:
            return read_head(connection)[0]

    def noted_registry_head(self) -> RegistryHead | None:
        return noted_head(self.folder)

    def registry_turn(self, *, timeout: float) -> AbstractContextManager[None]:
        return RegistryTurn(self.folder, timeout=timeout)

    def registry_append(
        self,
        events: Sequence[NewEvent],
        *,
        after: RegistryHead,
        staged: StagedFolder | None = None,
        timeout: float = WAIT_SECONDS,
    ) -> list[RegistryEvent]:
        recorded = append_events(
            self._attachment, events, after=after, staged=staged, timeout=timeout
        )
        keep_out_of_git(self.folder)
        return recorded

    def registry_events(
        self, *, name: str | None = None, n: int | None = None
    ) -> list[RegistryEvent]:
        with self._attachment.open(read_only=True) as connection:
            return registry_queries.find_events(connection, name=name, n=n)

    def search_registered_models(self, query: RegistryQuery) -> list[RegisteredModel]:
        with self._attachment.open(read_only=True) as connection:
            return registry_queries.find_models(connection, query)

    def search_model_versions(self, query: RegistryQuery) -> list[ModelVersion]:
        with self._attachment.open(read_only=True) as connection:
            return registry_queries.find_versions(connection, query)

    def remove_runs(self, run_ids: Sequence[str]) -> None:
        self._fold_all()
        remove_runs(self._attachment, run_ids)

    def remove_models(self, model_ids: Sequence[str]) -> None:
        self._fold_all()
        remove_models(self._attachment, model_ids)

    def remove_executions(self, numbers: Mapping[str, Sequence[int]]) -> None:
        self._fold_all()
        remove_executions(self._attachment, numbers)

    def _fold_all(self) -> None:
        """What is folded later would come back, a part of a run without the rest."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.fold():
            if time.monotonic() >= deadline:
                raise StoreBusy(
                    f"{self.database} cannot be written now: another program has it open, or the "
                    "folder is read-only. Close the file there and try again."
                )
            time.sleep(0.02)

    def status(self) -> dict[str, Any]:
        return store_status(self.folder, self._attachment, own_writer=self.writer)
