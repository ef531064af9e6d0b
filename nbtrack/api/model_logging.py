"""What the flavours' `log_model` share: where a model goes to, and its registration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from nbtrack.api.client import MlflowClient
from nbtrack.lookup.registry_names import check_model_name
from nbtrack.models.folder import FlavorParts, SaveOptions
from nbtrack.models.homes import Home, OwnHome, RunHome
from nbtrack.models.model_info import ModelInfo
from nbtrack.models.saving import log_parts
from nbtrack.recording.logged_models import ModelFacts, change_model, find_model
from nbtrack.recording.run_writer import RunWriter
from nbtrack.recording.session import current_session
from nbtrack.records.logged_models import LoggedModelStatus
from nbtrack.stores.store import Store


def log_new_model(
    path: str,
    parts: FlavorParts,
    options: SaveOptions,
    about: ModelFacts,
    *,
    run_id: str | None,
    registered_model_name: str | None,
) -> ModelInfo:
    """Log it, and make it the next version of *registered_model_name*; if that fails, it stays
    logged."""
    home = home_of(path, about, run_id=run_id)
    return registered(home.store, log_parts(home, parts, options), registered_model_name)


def home_of(path: str, about: ModelFacts, *, run_id: str | None) -> Home:
    """The folder *path* of a run, or the place that the model has already: then no run is opened
    for it."""
    if about.model_id is None:
        return RunHome(run_of_model(run_id), path, about)
    session = current_session()
    run = session.active_run() if run_id is None else run_of_model(run_id)
    store = session.store if run is None else run.store
    model = find_model(store, about.model_id).model
    if model.path:  # it was logged before, into its run
        writer = MlflowClient(store.uri).writer(str(model.source_run_id))
        return RunHome(writer, model.path, about)
    return OwnHome(store, model, run, about.step)


@contextmanager
def failing(model_id: str | None) -> Iterator[None]:
    """A block in which the model *model_id* is written; if that goes wrong, it has FAILED."""
    try:
        yield
    except Exception:
        if model_id is not None:
            change_model(current_session().store, model_id, status=LoggedModelStatus.FAILED)
        raise


def notes_of(about: ModelFacts) -> dict[str, Any]:
    """What describes a model, as its MLmodel file keeps it."""
    notes = {
        "params": dict(about.params),
        "tags": dict(about.tags),
        "model_type": about.model_type,
        "step": about.step,
    }
    return {name: note for name, note in notes.items() if note}


def registered(store: Store, info: ModelInfo, name: str | None) -> ModelInfo:
    """What was logged, registered as *name* if there is one."""
    if name is None or info.digest is None:
        return info
    return replace(info, registered_model_version=register_logged(store, info, name))


def run_of_model(run_id: str | None) -> RunWriter:
    """The run to log to: by id, else the active one, else a new one, as for a metric."""
    session = current_session()
    if run_id is None:
        return session.run_to_log_to()
    if (known := session.known_run(run_id)) is not None:
        return known
    return MlflowClient().writer(run_id)


def check_registration(registered_model_name: str | None) -> None:
    """Before anything is logged: raises InvalidValue for a name that no model can have."""
    if registered_model_name is not None:
        check_model_name(registered_model_name, "registered_model_name")


def register_logged(
    store: Store, info: ModelInfo, name: str, *, timeout: float | None = None
) -> int:
    """Make a model that was logged the next version of *name*; its number. Raises StoreBusy."""
    from nbtrack.model_registry.changes import WAIT_SECONDS
    from nbtrack.model_registry.versions import create_version

    seconds = WAIT_SECONDS if timeout is None else timeout
    made = create_version(store, name, info.model_uri, makes_model=True, timeout=seconds)
    return int(made.version)
