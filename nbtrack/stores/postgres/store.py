"""The store in a PostgreSQL database; files lie in a folder of the server's.

Points take most of the room, in partitions by run (`schema`); what is asked of all runs is kept as
it stands. There are no journals here: what is appended is in the database when that returns.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nbtrack.errors import StoreError
from nbtrack.records.history import CellPlace, EarlierRun, History
from nbtrack.records.runs import Metric, Run, RunColumns, RunQuery
from nbtrack.records.traces import RunTrace
from nbtrack.stores.local import history
from nbtrack.stores.local.trace import trace_of_snapshot
from nbtrack.stores.postgres import migrations, removal
from nbtrack.stores.postgres.connection import WAIT_SECONDS, PgConnection, Pool
from nbtrack.stores.postgres.first_page import quick_page
from nbtrack.stores.postgres.panel_answers import PanelAnswers
from nbtrack.stores.postgres.received import Received
from nbtrack.stores.postgres.registry import RegistryAnswers
from nbtrack.stores.postgres.user_query import user_query
from nbtrack.stores.queries import run_queries
from nbtrack.stores.queries.plain_questions import PlainQuestions
from nbtrack.stores.store import Position

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


class PostgresStore(PlainQuestions, PanelAnswers, RegistryAnswers):
    """Safe for several threads, and several servers may use one database."""

    missed_answers = 0
    has_tables = False  # `query` has the views, in words of its own

    def __init__(self, address: str, folder: Path) -> None:
        """*address* is that of the database, postgresql://…; *folder* has the files, and names the
        store: `uri` is its address."""
        self.folder = folder
        self.uri = folder.as_uri()
        self._writer = os.urandom(16).hex()
        settings = {
            "search_path": "main",
            "nbtrack.artifact_root": str(folder / "artifacts"),
            "statement_timeout": "60s",
            "lock_timeout": "20s",
            # One question does not take the processors of the others; and to start processes for it
            # takes longer than most.
            "max_parallel_workers_per_gather": "0",
            "jit": "off",  # compiling takes longer than any of these questions
        }
        self._pool = Pool(address, settings)
        PanelAnswers.__init__(self)
        self._turns = threading.Lock()
        self.received = Received(self._pool)

    def prepare(self, *, may_set_up: bool = True) -> None:
        """Set up an empty database. Raises StoreBusy; StoreError, StoreTooNew for another one."""
        with self._pool.connection() as connection:
            migrations.check(connection, may_set_up=may_set_up)

    def upgrade(self) -> list[str]:
        """Names of the steps that were missing."""
        with self._pool.connection() as connection:
            return migrations.upgrade(connection)

    def project_id(self) -> str:
        """Of the project in the database: a random one, the same for all its servers."""
        with self._pool.transaction() as connection:
            connection.execute("lock table stored.project")
            row = connection.execute("select id from stored.project").fetchone()
            if row is not None:
                return str(row[0])
            made = os.urandom(16).hex()
            connection.execute("insert into stored.project values ($id)", {"id": made})
            return made

    # --- writing

    @property
    def writer(self) -> str:
        return self._writer

    @property
    def lost_records(self) -> int:
        return 0

    @property
    def waiting_records(self) -> int:
        return 0

    @property
    def absence(self) -> str:
        return ""

    def append(self, text: str) -> None:
        """In the database when this returns. Raises StoreBusy if it does not answer."""
        self.received.append(text)

    def flush(self) -> None:
        """All is there."""

    def was_removed(self) -> bool:
        return False

    def close(self) -> None:
        with suppress(StoreError):  # the next server ends its runs
            self.received.end_writer(self._writer)
        self.release()

    def release(self) -> None:
        """Let the connections go."""
        self.received.close()
        self._pool.close()

    # --- reading

    def _ask(self, question: Callable[..., T], *arguments: Any, **named: Any) -> T:
        with self._pool.snapshot() as connection:
            return question(connection, *arguments, **named)

    @contextmanager
    def _snapshot(self, timeout: float = WAIT_SECONDS) -> Iterator[PgConnection]:
        with self._pool.snapshot(timeout=timeout) as connection:
            yield connection

    def count_runs(self, query: RunQuery) -> int:
        return self._ask(run_queries.count_runs, query)

    def search_runs(self, query: RunQuery, *, timeout: float = WAIT_SECONDS) -> list[Run]:
        with self._snapshot(timeout) as connection:
            return run_queries.find_runs(connection, query, page=quick_page)

    def search_run_columns(self, query: RunQuery) -> RunColumns:
        return self._ask(run_queries.find_run_columns, query, page=quick_page)

    def read_metrics(self, run_id: str, key: str) -> list[Metric]:
        return self._ask(run_queries.read_metrics, run_id, key, store=str(self.folder))

    def note_renamed(self, experiment_id: str, name: str) -> None:
        """It is in the database."""

    def renamed_experiments(self) -> Mapping[str, str]:
        return {}

    def position(self) -> Position:
        """There are no journals here."""
        return {}

    def trace_written(self, *_: Any, **__: Any) -> RunTrace | None:
        return None

    def trace_run(self, run_id: str, *, timeout: float = WAIT_SECONDS) -> RunTrace:
        with self._snapshot(timeout) as connection:
            return trace_of_snapshot(connection, run_id)

    def read_history(
        self,
        experiment_id: str,
        *,
        lineage: str | None,
        without: str,
        timeout: float = WAIT_SECONDS,
    ) -> History:
        with self._snapshot(timeout) as connection:
            return history.read_history(connection, experiment_id, lineage=lineage, without=without)

    def read_identical(self, digest: str, *, timeout: float = WAIT_SECONDS) -> list[EarlierRun]:
        with self._snapshot(timeout) as connection:
            return history.read_identical(connection, digest, is_folded=False)

    def read_places(self, notebook: str, *, timeout: float = WAIT_SECONDS) -> list[CellPlace]:
        with self._snapshot(timeout) as connection:
            return history.read_places(connection, notebook)

    def version(self) -> object:
        with self._pool.connection() as connection:
            return connection.execute("select n from stored.changes").fetchone()

    # --- taking out

    def remove_runs(self, run_ids: Sequence[str]) -> None:
        with self._pool.transaction() as connection:
            removal.remove_runs(connection, run_ids)

    def remove_models(self, model_ids: Sequence[str]) -> None:
        with self._pool.transaction() as connection:
            removal.remove_models(connection, model_ids)

    def remove_executions(self, numbers: Mapping[str, Sequence[int]]) -> None:
        with self._pool.transaction() as connection:
            removal.remove_executions(connection, numbers)

    def status(self) -> dict[str, Any]:
        """As that of a folder: nothing waits here. Whether a client is alive, it alone knows: one
        that has runs which have not ended may be."""
        with self._pool.connection() as connection:
            size, bad_lines = connection.execute(_SIZES).fetchall()[0]
            writers = [writer for (writer,) in connection.execute(_WRITERS).fetchall()]
        return {
            "folder": str(self.folder),
            "database_bytes": size,
            "problem": None,
            "waiting_bytes": 0,
            "is_folding": False,
            "knows_who_is_alive": False,
            "bad_lines": bad_lines,
            "writers": [
                {"writer": writer, "is_alive": True, "host": "a client"} for writer in writers
            ],
        }

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pd.DataFrame:
        with self._pool.connection() as connection:
            return user_query(connection, sql, parameters)


_SIZES = "select pg_database_size(current_database()), (select count(*) from stored.bad_lines)"
_WRITERS = """
    select distinct writer from current.run_rows where status = 'RUNNING' and writer <> ''
"""
