"""`RemoteStore`: a project on a server, as every other room sees it.

It is a local project, too, in a folder of this machine: what is logged goes there at once, by the
same code and at the same cost. From there `shipping` brings it to the server, which answers what
is read; while it is away, the local project answers with what this machine knows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from nbtrack.artifact_store.opening import open_otherwise
from nbtrack.artifact_store.paths import SCHEME
from nbtrack.base.guard import guarded, warn_once
from nbtrack.base.locks import make_shared_folder
from nbtrack.errors import (
    NotAllowed,
    NotFound,
    NotIdentified,
    ServerAway,
    StoreBusy,
    StoreError,
)
from nbtrack.records.registry import NewEvent, RegistryEvent, RegistryHead, StagedFolder
from nbtrack.remote.codec import decode, encode
from nbtrack.remote.files import RemoteArtifacts
from nbtrack.remote.line import PATIENT_SECONDS, READ_SECONDS, Line, SomethingElse
from nbtrack.remote.mlflow_server.ids import Ids
from nbtrack.remote.mlflow_server.kind import is_mlflows
from nbtrack.remote.mlflow_server.rest import Rest
from nbtrack.remote.mlflow_server.shipping import MlflowShipping
from nbtrack.remote.outbox import Outbox
from nbtrack.remote.protocol import COPIES, QUESTIONS, SERVED_ROOT, kind_of_owner, question
from nbtrack.remote.registry import append_to_registry
from nbtrack.remote.shipped import ShippedStore
from nbtrack.remote.shipping import Shipping
from nbtrack.stores.local.attachment import WAIT_SECONDS
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.registry.registry_append import MODELS_FOLDER

P = ParamSpec("P")
R = TypeVar("R")

WITH_THEIRS = "change it with MLflow's own client."
ELSEWHERE = "nbtrack-elsewhere:"  # a folder of another machine
VERSION_SECONDS = 1.0  # news of others are asked for no more often


def asked(local: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """The method of `Store`, answered by the server, or while that is away by *local*; of one that
    turned out to be MLflow's, the next process reads."""

    def answered(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.is_mlflows:
            return local(self, *args, **kwargs)
        arguments = question(local.__name__).signature.bind(self, *args, **kwargs).arguments
        del arguments["self"]
        try:
            found: R = self._ask(local.__name__, arguments)
        except ServerAway:
            self._say_away()
            return local(self, *args, **kwargs)
        except (NotFound, NotAllowed) as exc:
            is_refused = bool(self.outbox.refused_lines())
            if not is_refused and (self.is_up_to_date or isinstance(exc, NotAllowed)):
                raise
            try:  # it may not have been sent yet, or not be taken
                return local(self, *args, **kwargs)
            except NotFound:  # here: what is the server's is as that says
                raise exc from None
        return found

    return answered


def located(location: str, *, root: str) -> str:
    """The folder of artifacts is another one on each machine, here *root*, and no other folder of
    this one is somebody else's to name."""
    if location == SERVED_ROOT or location.startswith(f"{SERVED_ROOT}/"):
        parts = location.removeprefix(SERVED_ROOT).split("/")
        return root + "/".join(parts) if ".." not in parts else ELSEWHERE
    scheme = SCHEME.match(location)
    is_folder = scheme is None or scheme[1].lower() == "file"
    return f"{ELSEWHERE}{location}" if is_folder else location


class RemoteStore(ShippedStore):
    def __init__(self, uri: str, folder: Path) -> None:
        line, outbox = Line(uri), Outbox(folder / "outbox", folder / "journal")
        shipping = Shipping(line, outbox, folder / "artifacts")
        super().__init__(uri, folder, line=line, outbox=outbox, shipping=shipping)
        self.is_mlflows = False  # it was slow to say so; see `mlflow_server.kind`
        self._root = str(folder / "artifacts")
        self._project_file = folder / "project.id"
        self._news, self._asked_at = "", 0.0
        self._asking: threading.Thread | None = None
        open_otherwise(folder / "artifacts", self._open_artifacts)
        open_otherwise(folder / MODELS_FOLDER, self._open_copy)

    # --- to the server

    def knock(self) -> None:
        self.line.ask(f"/{QUESTIONS}/version", {})

    def _greet(self) -> None:
        if self.is_mlflows:
            return
        try:
            self._know_project()
        except SomethingElse:
            if not is_mlflows(self.uri, self.folder):
                raise
            self._send_to_mlflow()

    def _send_to_mlflow(self) -> None:
        """Whoever opened the store had no time to wait until it said whose it is."""
        self.line = Rest(self.uri)
        self._shipping = MlflowShipping(
            self.line, self.outbox, self.folder / "artifacts", Ids(self.folder)
        )
        self.is_mlflows = True
        warn_once(
            f"nbtrack: {self.uri} is a server of MLflow's, which was slow to say so. What is "
            "logged is sent there; what others have there, the next process shows."
        )

    def _know_project(self, *, timeout: float = READ_SECONDS) -> None:
        """Lines of one project are not for another that is at the same address now."""
        if not self.line.project:
            with suppress(FileNotFoundError):
                self.line.project = self._project_file.read_text()
        if not self.line.project:
            self.line.ask(f"/{QUESTIONS}/version", {}, timeout=timeout)
            make_shared_folder(self.folder)
            self._project_file.write_text(self.line.project)

    # --- questions; those that a cell waits for, `read_identical`, `trace_run`, `trace_written` and
    # `renamed_experiments`, are this machine's to answer

    def _ask(self, name: str, arguments: dict[str, Any]) -> Any:
        """Raises ServerAway; to whoever has no time because he logs, StoreBusy for all that is no
        answer."""
        timeout = float(arguments.pop("timeout", READ_SECONDS))
        is_hurried = timeout < PATIENT_SECONDS
        if self.line.seems_away(is_hurried=is_hurried):
            raise ServerAway(self.uri, "it did not a moment ago", was_sent=False)
        if not is_hurried:  # so that one reads what one has just written
            self._catch_up()
        try:
            self._know_project(timeout=timeout)
            told = self.line.ask(f"/{QUESTIONS}/{name}", encode(arguments), timeout=timeout)
        except (NotIdentified, NotAllowed) as exc:
            if is_hurried:
                raise StoreBusy(str(exc)) from exc
            raise
        return decode(question(name).answer, told["answer"], self._located)

    def _located(self, location: str) -> str:
        return located(location, root=self._root)

    def version(self) -> object:
        """Of what is here, and as of a second ago of what is there: nobody waits for the server."""
        is_old = time.monotonic() - self._asked_at > VERSION_SECONDS
        if is_old and self._asking is None and not self.is_mlflows:
            self._asked_at = time.monotonic()
            self._asking = threading.Thread(target=self._ask_for_news, daemon=True)
            self._asking.start()
        return super().version(), self._news, self.line.away_since

    def _ask_for_news(self) -> None:
        try:
            with guarded("ask for news", outcome="it asks again"), suppress(StoreBusy):
                self._news = str(self.line.ask(f"/{QUESTIONS}/version", {})["answer"])
        finally:
            self._asking = None

    def _open_artifacts(self, folder: Path, run_id: str | None) -> RemoteArtifacts:
        below = folder.relative_to(self._root).as_posix()
        name = f"{kind_of_owner(below)}/{below}"
        return RemoteArtifacts(folder, run_id=run_id, line=self.line, name=name)

    def _open_copy(self, folder: Path, run_id: str | None) -> RemoteArtifacts:
        below = folder.relative_to(self.folder / MODELS_FOLDER).as_posix()
        return RemoteArtifacts(folder, run_id=run_id, line=self.line, name=f"{COPIES}/{below}")

    # --- the registry: the server decides, at once

    def registry_turn(self, *, timeout: float) -> AbstractContextManager[None]:  # noqa: ARG002 - whose turn it is, the server knows
        return nullcontext()

    def registry_append(
        self,
        events: Sequence[NewEvent],
        *,
        after: RegistryHead,
        staged: StagedFolder | None = None,
        timeout: float = WAIT_SECONDS,
    ) -> list[RegistryEvent]:
        if self.is_mlflows:
            raise StoreError(f"The registry is that of the MLflow server {self.uri}: {WITH_THEIRS}")
        try:
            return append_to_registry(
                self.line, events, after=after, staged=staged, timeout=timeout
            )
        except ServerAway as exc:
            what = "it may have been changed: look before you try again"
            if not exc.was_sent:
                what = "nothing in it was changed"
            text = f"{self.uri} does not answer. The registry is there, and {what}."
            raise StoreBusy(text) from exc

    count_runs = asked(DuckDBStore.count_runs)
    find_experiment = asked(DuckDBStore.find_experiment)
    get_experiment = asked(DuckDBStore.get_experiment)
    get_run = asked(DuckDBStore.get_run)
    list_artifact_records = asked(DuckDBStore.list_artifact_records)
    list_model_files = asked(DuckDBStore.list_model_files)
    look_up_model = asked(DuckDBStore.look_up_model)
    look_up_run = asked(DuckDBStore.look_up_run)
    missing_contents = asked(DuckDBStore.missing_contents)
    noted_registry_head = asked(DuckDBStore.noted_registry_head)
    proposed_run = asked(DuckDBStore.proposed_run)
    read_cell = asked(DuckDBStore.read_cell)
    read_cells = asked(DuckDBStore.read_cells)
    read_child_runs = asked(DuckDBStore.read_child_runs)
    read_datasets = asked(DuckDBStore.read_datasets)
    read_environments = asked(DuckDBStore.read_environments)
    read_executions = asked(DuckDBStore.read_executions)
    read_git_states = asked(DuckDBStore.read_git_states)
    read_groups = asked(DuckDBStore.read_groups)
    read_history = asked(DuckDBStore.read_history)
    read_keys = asked(DuckDBStore.read_keys)
    read_latest_points = asked(DuckDBStore.read_latest_points)
    read_lines = asked(DuckDBStore.read_lines)
    read_metrics = asked(DuckDBStore.read_metrics)
    read_places = asked(DuckDBStore.read_places)
    read_point_digests = asked(DuckDBStore.read_point_digests)
    read_point_lines = asked(DuckDBStore.read_point_lines)
    read_run_page = asked(DuckDBStore.read_run_page)
    read_run_values = asked(DuckDBStore.read_run_values)
    read_series = asked(DuckDBStore.read_series)
    read_texts = asked(DuckDBStore.read_texts)
    registry_events = asked(DuckDBStore.registry_events)
    registry_head = asked(DuckDBStore.registry_head)
    search_experiments = asked(DuckDBStore.search_experiments)
    search_logged_models = asked(DuckDBStore.search_logged_models)
    search_model_versions = asked(DuckDBStore.search_model_versions)
    search_registered_models = asked(DuckDBStore.search_registered_models)
    search_run_columns = asked(DuckDBStore.search_run_columns)
    search_runs = asked(DuckDBStore.search_runs)
