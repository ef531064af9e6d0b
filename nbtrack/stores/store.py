"""`Store`: what the rest of nbtrack knows of where records live. Records in, records out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from nbtrack.records.executions import Execution
from nbtrack.records.logged_models import FoundModel, LoggedModel, LoggedModelQuery
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
    Experiment,
    FileInfo,
    Metric,
    Run,
    RunColumns,
    RunInfo,
    RunQuery,
    ViewType,
)

if TYPE_CHECKING:
    import pandas as pd

    from nbtrack.records.history import CellPlace, EarlierRun, History
    from nbtrack.records.traces import RunTrace
    from nbtrack.records.transfers import LinesOf, PointsDigest
    from nbtrack.records.views import (
        Axis,
        KeyInventory,
        MetricSeries,
        RunGroup,
        RunPage,
        RunValues,
    )

Position = Mapping[str, int]  # bytes by segment


class FoundRun(NamedTuple):
    """*newest_us* is the newest time of its facts, its points apart, by whatever clock: what is
    to replace one of them must be later."""

    info: RunInfo
    newest_us: int


class Store(Protocol):
    uri: str

    @property
    def writer(self) -> str:
        """The id under which this process writes; the runs it opens end with it."""
        ...

    @property
    def lost_records(self) -> int:
        """Records that could not be kept: the disk refused them for too long."""
        ...

    @property
    def waiting_records(self) -> int:
        """Records that are in memory because the disk refuses them."""
        ...

    @property
    def absence(self) -> str:
        """Why what is read may not be all, in a few words: its server is away. Else ""."""
        ...

    @property
    def missed_answers(self) -> int:
        """How many questions were answered with what this machine knows: its server was away."""
        ...

    @property
    def has_tables(self) -> bool:
        """Whether `query` answers over all that a project's folder has, its own tables too."""
        ...

    def append(self, text: str) -> None:
        """Keep *text*, whole lines as `journal.lines` makes them; never waits for a reader."""
        ...

    def flush(self) -> None:
        """A good moment to make what was appended known to all: the end of a cell or run."""
        ...

    def was_removed(self) -> bool:
        """Whether somebody deleted the store under us since the last call."""
        ...

    def close(self) -> None: ...

    def get_run(self, run_id: str, *, timeout: float = ...) -> Run:
        """Raises RunNotFound, StoreBusy."""
        ...

    def look_up_run(self, run_id: str, *, timeout: float = ...) -> FoundRun:
        """Without its data. Raises RunNotFound, StoreBusy."""
        ...

    def search_runs(self, query: RunQuery, *, timeout: float = ...) -> list[Run]: ...

    def proposed_run(self, typed: str, *, view_type: ViewType) -> str:
        """A sentence that proposes a run instead of one that is not there; or nothing."""
        ...

    def count_runs(self, query: RunQuery) -> int:
        """How many there are, whatever *query* says of order and page."""
        ...

    def search_run_columns(self, query: RunQuery) -> RunColumns: ...

    def read_metrics(self, run_id: str, key: str) -> list[Metric]:
        """Every point of one metric, ordered by step, then by time."""
        ...

    def read_latest_points(self, run_ids: Sequence[str]) -> dict[str, dict[str, Metric]]:
        """Of each metric the point that stands for it, by run and key: a run has its value only."""
        ...

    def read_datasets(self, experiment_ids: Sequence[str]) -> list[list[str | None]]:
        """Experiment, name, digest and context of those that runs have read, a thousand at most."""
        ...

    def get_experiment(self, experiment_id: str, *, timeout: float = ...) -> Experiment:
        """Raises ExperimentNotFound, StoreBusy."""
        ...

    def find_experiment(self, name: str, *, timeout: float = ...) -> Experiment | None: ...

    def note_renamed(self, experiment_id: str, name: str) -> None:
        """So that others know it without a look at the database."""
        ...

    def renamed_experiments(self) -> Mapping[str, str]:
        """Their names by id, without a look at the database."""
        ...

    def search_experiments(
        self,
        *,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        filter_string: str | None = None,
        order_by: Sequence[str] = (),
        max_results: int | None = None,
    ) -> list[Experiment]: ...

    def read_cell(self, run_id: str) -> dict[str, Any] | None:
        """Facts of the tracked cell that made the run: the columns of the view `cells`."""
        ...

    def read_cells(self, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The same of several runs, by run; those that were no cell are left out."""
        ...

    def read_environments(self, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Interpreter, packages and machine, by run; without runs of which they are not known."""
        ...

    def read_git_states(self, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Commit, branch and what differed from it, by run; without runs of no repository."""
        ...

    def read_executions(self, run_id: str) -> list[Execution]:
        """Of cells, in the kernel that the run's cell ran in, up to that cell, which is the last;
        none where they were not recorded."""
        ...

    def read_texts(self, digests: Sequence[str]) -> dict[str, str]:
        """What cells and modules said, by sha256; what nobody kept is left out."""
        ...

    def list_artifact_records(self, run_id: str) -> list[FileInfo]:
        """What was logged, with size and sha256; whether the files are still there is not asked."""
        ...

    def position(self) -> Position:
        """How far the journals are now; see `trace_written`."""
        ...

    def trace_written(self, run_id: str, since: Position) -> RunTrace | None:
        """What was logged to a run since *since*, without a look at the database.

        None if that was much, or if some of it may have been folded away meanwhile.
        """
        ...

    def trace_run(self, run_id: str, *, timeout: float = ...) -> RunTrace:
        """What all processes logged to a run and its children. Raises StoreBusy."""
        ...

    def read_history(
        self, experiment_id: str, *, lineage: str | None, without: str, timeout: float = ...
    ) -> History:
        """What the experiment's runs reached, but run *without*. Raises StoreBusy."""
        ...

    def read_identical(self, digest: str, *, timeout: float = ...) -> list[EarlierRun]:
        """A few finished runs whose IDENTITY_TAG is *digest*, the newest first. Raises
        StoreBusy."""
        ...

    def read_places(self, notebook: str, *, timeout: float = ...) -> list[CellPlace]:
        """The tracked cells of a notebook, by their newest attempts. Raises StoreBusy."""
        ...

    def version(self) -> object:
        """Equal as long as nobody has written anything; asked without a look at the database."""
        ...

    def read_run_page(self, query: RunQuery, *, folded: bool) -> RunPage:
        """A page of *query*; *folded*: children whose parent matches too are left out of it."""
        ...

    def read_child_runs(
        self,
        parent_id: str,
        *,
        order_by: Sequence[str] = (),
        view_type: ViewType = ViewType.ACTIVE_ONLY,
    ) -> list[Run]: ...

    def read_keys(self, query: RunQuery) -> KeyInventory:
        """What the matching runs have, whatever *query* says of order and page."""
        ...

    def read_groups(self, query: RunQuery, *, by: str, metrics: Sequence[str]) -> list[RunGroup]:
        """The matching runs by "params.x", "tags.x", "experiment" (its id), "cell" (its lineage)
        or "status", newest first; the mean of each of *metrics*. Raises InvalidFilter."""
        ...

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
        """In the order of *run_ids*, then *keys*; what has no points is left out.

        *x* is the step, milliseconds since 1970 ("time") or seconds since the run's start
        ("relative"); *low* and *high* bound it. A series of more than *buckets* points comes in
        so many equal parts of its own range of x, empty ones left out; with 0, of each series
        comes how many points it has, and none of them, which takes a fifth of the time.
        """
        ...

    def read_run_values(self, query: RunQuery, columns: Sequence[str]) -> RunValues:
        """Columns "params.lr" (text), "metrics.f1", "duration" (seconds), "start_time"
        (milliseconds): keys as they are, without quotes, as in *by* of read_groups. Raises
        InvalidFilter."""
        ...

    # --- for a copy in another project

    def read_lines(self, of: LinesOf) -> list[str]:
        """What is stored of these, as lines of a journal; see `LinesOf`."""
        ...

    def missing_contents(self, digests: Sequence[str]) -> list[str]:
        """Those of *digests* of which there is neither an environment nor a text."""
        ...

    def read_point_digests(self, run_id: str) -> dict[str, PointsDigest]:
        """By metric; of a run that is not here, nothing."""
        ...

    def read_point_lines(
        self, run_id: str, keys: Sequence[str], *, start: int = 0, limit: int
    ) -> list[str]:
        """All points of these metrics, *limit* of them from the one of number *start*."""
        ...

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pd.DataFrame:
        """The user's own query over the public views."""
        ...

    # --- logged models

    def look_up_model(self, model_id: str, *, timeout: float = ...) -> FoundModel:
        """A deleted one too. Raises LoggedModelNotFound, StoreBusy."""
        ...

    def search_logged_models(self, query: LoggedModelQuery) -> list[LoggedModel]: ...

    def list_model_files(self, model_id: str) -> dict[str, str]:
        """{path: sha256} of what was logged into a model's own folder."""
        ...

    # --- the model registry: never journalled

    @property
    def models_uri(self) -> str:
        """Where the registry keeps its copies of models; places in it are relative to this."""
        ...

    def registry_head(self) -> RegistryHead: ...

    def noted_registry_head(self) -> RegistryHead | None:
        """What is noted of the head outside of the database. Raises RegistryBroken."""
        ...

    def registry_turn(self, *, timeout: float) -> AbstractContextManager[None]:
        """A block in which no other process that asks for its turn is in such a block.

        `registry_append` is safe without: whoever looks and then appends in its turn only does
        not have to look again. Raises StoreBusy naming who has it.
        """
        ...

    def registry_append(
        self,
        events: Sequence[NewEvent],
        *,
        after: RegistryHead,
        staged: StagedFolder | None = None,
        timeout: float = ...,
    ) -> list[RegistryEvent]:
        """Record *events*, and put *staged* in its place: all at once or nothing.

        Raises RegistryMoved if *after* is not the newest event any more, StoreBusy naming who
        holds the file, and RegistryBroken if the newest events are not those it noted.
        """
        ...

    def registry_events(
        self, *, name: str | None = None, n: int | None = None
    ) -> list[RegistryEvent]:
        """In order; only those of models that ever were called *name*, only that of number *n*."""
        ...

    def search_registered_models(self, query: RegistryQuery) -> list[RegisteredModel]: ...

    def search_model_versions(self, query: RegistryQuery) -> list[ModelVersion]: ...

    def remove_executions(self, numbers: Mapping[str, Sequence[int]]) -> None:
        """Records of cells, by kernel, and the texts that only they name. Raises StoreBusy."""
        ...

    def remove_runs(self, run_ids: Sequence[str]) -> None:
        """Forget these runs for good, with all that was recorded of them, and what they made."""
        ...

    def remove_models(self, model_ids: Sequence[str]) -> None:
        """Forget these logged models for good."""
        ...

    def status(self) -> dict[str, Any]:
        """Facts for `nbtrack doctor`."""
        ...
