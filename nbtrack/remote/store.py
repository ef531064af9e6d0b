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
from nbtrack.base.guard import guarded, warn_once
from nbtrack.errors import ServerAway, StoreBusy
from nbtrack.records.registry import NewEvent, RegistryEvent, RegistryHead, StagedFolder
from nbtrack.remote.codec import decode, encode
from nbtrack.remote.files import RemoteArtifacts
from nbtrack.remote.line import PATIENT_SECONDS, READ_SECONDS, Line
from nbtrack.remote.outbox import Outbox
from nbtrack.remote.protocol import COPIES, MODELS, QUESTIONS, RUNS, SERVED_ROOT, question
from nbtrack.remote.registry import append_to_registry
from nbtrack.remote.shipping import Shipping
from nbtrack.stores.local.attachment import WAIT_SECONDS
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.local.folding_thread import FoldingThread
from nbtrack.stores.registry.registry_append import MODELS_FOLDER

P = ParamSpec("P")
R = TypeVar("R")

CLOSE_SECONDS = 5.0  # for what waits at the end of the process; later ones send the rest
VERSION_SECONDS = 1.0  # news of others are asked for no more often


def asked(local: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """The method of `Store`, answered by the server, or while that is away by *local*."""

    def answered(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        arguments = question(local.__name__).signature.bind(self, *args, **kwargs).arguments
        del arguments["self"]
        try:
            found: R = self._ask(local.__name__, arguments)
        except ServerAway:
            self._say_away()
            return local(self, *args, **kwargs)
        return found

    return answered


class RemoteStore(DuckDBStore):
    def __init__(self, uri: str, folder: Path) -> None:
        super().__init__(folder, outbox=folder / "outbox")
        self.uri = uri
        self.line = Line(uri)
        self.outbox = Outbox(folder / "outbox", folder / "journal")
        self._root = str(folder / "artifacts")
        self._shipping = Shipping(self.line, self.outbox, folder / "artifacts")
        self._shipper = FoldingThread(self.ship, name="nbtrack-ship", guard=self._guarded)
        self._news, self._asked_at = "", 0.0
        self._asking: threading.Thread | None = None
        open_otherwise(folder / "artifacts", self._open_artifacts)
        open_otherwise(folder / MODELS_FOLDER, self._open_copy)

    @property
    def absence(self) -> str:
        if (since := self.line.away_since) is None:
            return ""
        words = f"offline since {time.strftime('%H:%M', time.localtime(since))}"
        waiting = self.outbox.waiting_lines()
        return f"{words}, {waiting:,} lines waiting" if waiting else words

    # --- to the server

    def ship(self) -> bool:
        """Send what waits; False if the server is away, or another process sends it."""
        return self._shipping.ship(self.writer)

    def _guarded(self) -> AbstractContextManager[None]:
        return guarded(f"send to {self.uri}", outcome="what was logged waits, and is sent later")

    def flush(self) -> None:
        super().flush()
        self._shipper.request(True)

    def close(self) -> None:
        self._shipper.close()
        super().close()
        if not self.line.seems_away:
            with self._guarded():
                self._shipping.ship(self.writer, wait=CLOSE_SECONDS)

    def _on_waiting(self, is_much: bool) -> None:
        super()._on_waiting(is_much)
        self._shipper.request(is_much)

    # --- questions; `read_identical`, `trace_run` and `trace_written` are asked while a cell waits,
    # and are this machine's to answer

    def _ask(self, name: str, arguments: dict[str, Any]) -> Any:
        """Raises ServerAway."""
        timeout = float(arguments.pop("timeout", READ_SECONDS))
        if self.line.seems_away:
            raise ServerAway(self.uri, "it did not answer a moment ago")
        if timeout >= PATIENT_SECONDS:  # so that one reads what one has just written
            self._shipping.ship(self.writer, wait=2.0, with_files=False)
        told = self.line.ask(f"/{QUESTIONS}/{name}", encode(arguments), timeout=timeout)
        return decode(question(name).answer, told["answer"], self._located)

    def _located(self, location: str) -> str:
        """The folder of artifacts is another one on each machine."""
        if location == SERVED_ROOT or location.startswith(f"{SERVED_ROOT}/"):
            return self._root + location.removeprefix(SERVED_ROOT)
        return location

    def _say_away(self) -> None:
        warn_once(
            f"nbtrack: {self.uri} does not answer. What is shown is what this machine knows; what "
            "is logged waits here, and is sent when the server is back."
        )

    def version(self) -> object:
        """Of what is here, and as of a second ago of what is there: nobody waits for the server."""
        if time.monotonic() - self._asked_at > VERSION_SECONDS and self._asking is None:
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
        kind = MODELS if below.startswith("m-") else RUNS
        return RemoteArtifacts(folder, run_id=run_id, line=self.line, name=f"{kind}/{below}")

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
        try:
            return append_to_registry(
                self.line, events, after=after, staged=staged, timeout=timeout
            )
        except ServerAway as exc:
            raise StoreBusy(f"{exc} The registry is there, and nothing in it was changed.") from exc

    count_runs = asked(DuckDBStore.count_runs)
    find_experiment = asked(DuckDBStore.find_experiment)
    get_experiment = asked(DuckDBStore.get_experiment)
    get_run = asked(DuckDBStore.get_run)
    list_artifact_records = asked(DuckDBStore.list_artifact_records)
    list_model_files = asked(DuckDBStore.list_model_files)
    look_up_model = asked(DuckDBStore.look_up_model)
    look_up_run = asked(DuckDBStore.look_up_run)
    noted_registry_head = asked(DuckDBStore.noted_registry_head)
    proposed_run = asked(DuckDBStore.proposed_run)
    read_cell = asked(DuckDBStore.read_cell)
    read_cells = asked(DuckDBStore.read_cells)
    read_child_runs = asked(DuckDBStore.read_child_runs)
    read_environments = asked(DuckDBStore.read_environments)
    read_executions = asked(DuckDBStore.read_executions)
    read_git_states = asked(DuckDBStore.read_git_states)
    read_groups = asked(DuckDBStore.read_groups)
    read_history = asked(DuckDBStore.read_history)
    read_keys = asked(DuckDBStore.read_keys)
    read_metrics = asked(DuckDBStore.read_metrics)
    read_places = asked(DuckDBStore.read_places)
    read_run_page = asked(DuckDBStore.read_run_page)
    read_run_values = asked(DuckDBStore.read_run_values)
    read_series = asked(DuckDBStore.read_series)
    read_texts = asked(DuckDBStore.read_texts)
    registry_events = asked(DuckDBStore.registry_events)
    registry_head = asked(DuckDBStore.registry_head)
    renamed_experiments = asked(DuckDBStore.renamed_experiments)
    search_experiments = asked(DuckDBStore.search_experiments)
    search_logged_models = asked(DuckDBStore.search_logged_models)
    search_model_versions = asked(DuckDBStore.search_model_versions)
    search_registered_models = asked(DuckDBStore.search_registered_models)
    search_run_columns = asked(DuckDBStore.search_run_columns)
    search_runs = asked(DuckDBStore.search_runs)
