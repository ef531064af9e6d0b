"""Questions whose answer is the same SQL in every database: a store says how it is opened."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from nbtrack.errors import ExperimentNotFound
from nbtrack.records.executions import Execution
from nbtrack.records.logged_models import FoundModel, LoggedModel, LoggedModelQuery
from nbtrack.records.runs import Experiment, FileInfo, Metric, Run, RunQuery, ViewType
from nbtrack.records.transfers import LinesOf, PointsDigest
from nbtrack.stores.connection import Connection
from nbtrack.stores.queries import executions, logged_models, run_queries
from nbtrack.stores.queries.proposals import proposed_run
from nbtrack.stores.store import FoundRun

WAIT_SECONDS = 10.0


class PlainQuestions:
    """The part of a store that is nothing but that. What it keeps in memory, it answers itself."""

    folder: Path

    @abstractmethod
    def _snapshot(self, timeout: float = WAIT_SECONDS) -> AbstractContextManager[Connection]:
        """All that is asked in the block is answered as of one moment. Raises StoreBusy."""

    def get_run(self, run_id: str, *, timeout: float = WAIT_SECONDS) -> Run:
        with self._snapshot(timeout) as connection:
            return run_queries.get_run(connection, run_id, store=str(self.folder))

    def look_up_run(self, run_id: str, *, timeout: float = WAIT_SECONDS) -> FoundRun:
        with self._snapshot(timeout) as connection:
            return run_queries.look_up_run(connection, run_id, store=str(self.folder))

    def search_runs(self, query: RunQuery, *, timeout: float = WAIT_SECONDS) -> list[Run]:
        with self._snapshot(timeout) as connection:
            return run_queries.find_runs(connection, query)

    def proposed_run(self, typed: str, *, view_type: ViewType) -> str:
        with self._snapshot() as connection:
            return proposed_run(connection, typed, view_type=view_type)

    def get_experiment(self, experiment_id: str, *, timeout: float = WAIT_SECONDS) -> Experiment:
        return self._experiment("experiment_id", experiment_id, timeout=timeout)

    def find_experiment(self, name: str, *, timeout: float = WAIT_SECONDS) -> Experiment | None:
        try:
            return self._experiment("name", name, timeout=timeout)
        except ExperimentNotFound:
            return None

    def _experiment(self, column: str, value: str, *, timeout: float) -> Experiment:
        with self._snapshot(timeout) as connection:
            return run_queries.get_experiment(connection, column, value, store=str(self.folder))

    def search_experiments(
        self,
        *,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        filter_string: str | None = None,
        order_by: Sequence[str] = (),
        max_results: int | None = None,
    ) -> list[Experiment]:
        with self._snapshot() as connection:
            return run_queries.find_experiments(
                connection,
                view_type=view_type,
                filter_string=filter_string,
                order_by=order_by,
                max_results=max_results,
            )

    def read_cell(self, run_id: str) -> dict[str, Any] | None:
        return self.read_cells([run_id]).get(run_id)

    def read_cells(self, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        with self._snapshot() as connection:
            return run_queries.read_cells(connection, run_ids)

    def read_environments(self, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        with self._snapshot() as connection:
            return run_queries.read_environments(connection, run_ids)

    def read_git_states(self, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        with self._snapshot() as connection:
            return run_queries.read_git_states(connection, run_ids)

    def read_executions(self, run_id: str) -> list[Execution]:
        with self._snapshot() as connection:
            return executions.read_executions(connection, run_id)

    def read_texts(self, digests: Sequence[str]) -> dict[str, str]:
        with self._snapshot() as connection:
            return executions.read_texts(connection, digests)

    def list_artifact_records(self, run_id: str) -> list[FileInfo]:
        with self._snapshot() as connection:
            return run_queries.list_artifact_records(connection, run_id)

    def look_up_model(self, model_id: str, *, timeout: float = WAIT_SECONDS) -> FoundModel:
        with self._snapshot(timeout) as connection:
            return logged_models.look_up_model(connection, model_id, store=str(self.folder))

    def search_logged_models(self, query: LoggedModelQuery) -> list[LoggedModel]:
        with self._snapshot() as connection:
            return logged_models.find_models(connection, query)

    def list_model_files(self, model_id: str) -> dict[str, str]:
        with self._snapshot() as connection:
            return logged_models.list_model_files(connection, model_id)

    def read_lines(self, of: LinesOf) -> list[str]:
        from nbtrack.stores.queries import run_lines

        with self._snapshot() as connection:
            return run_lines.read_lines(connection, of)

    def missing_contents(self, digests: Sequence[str]) -> list[str]:
        from nbtrack.stores.queries import run_lines

        with self._snapshot() as connection:
            return run_lines.missing_contents(connection, digests)

    def read_point_digests(self, run_id: str) -> dict[str, PointsDigest]:
        from nbtrack.stores.queries import run_lines

        with self._snapshot() as connection:
            return run_lines.read_point_digests(connection, run_id)

    def read_point_lines(
        self, run_id: str, keys: Sequence[str], *, start: int = 0, limit: int
    ) -> list[str]:
        from nbtrack.stores.queries import run_lines

        with self._snapshot() as connection:
            return run_lines.read_point_lines(connection, run_id, keys, start=start, limit=limit)

    def read_latest_points(self, run_ids: Sequence[str]) -> dict[str, dict[str, Metric]]:
        from nbtrack.stores.queries import served_facts

        with self._snapshot() as connection:
            return served_facts.read_latest_points(connection, run_ids)

    def read_datasets(self, experiment_ids: Sequence[str]) -> list[list[str | None]]:
        from nbtrack.stores.queries import served_facts

        with self._snapshot() as connection:
            return served_facts.read_datasets(connection, experiment_ids)
