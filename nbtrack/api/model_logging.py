"""What the flavours' `log_model` share: the run that a model goes to, and its registration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from nbtrack.api.client import MlflowClient
from nbtrack.lookup.registry_names import check_model_name
from nbtrack.models.folder import FlavorParts, SaveOptions
from nbtrack.models.model_info import ModelInfo
from nbtrack.models.saving import log_parts, log_parts_of_model
from nbtrack.recording.logged_models import (
    ModelFacts,
    change_model,
    delete_tag,
    find_model,
    link_models,
)
from nbtrack.recording.run_writer import RunWriter
from nbtrack.recording.session import current_session
from nbtrack.records.logged_models import EXTERNAL_TAG, LoggedModelStatus
from nbtrack.records.runs import LoggedModelOutput
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
    store, info = _logged(path, parts, options, about, run_id=run_id)
    if registered_model_name is None or info.digest is None:
        return info
    number = register_logged(store, info, registered_model_name)
    return replace(info, registered_model_version=number)


def _logged(
    path: str, parts: FlavorParts, options: SaveOptions, about: ModelFacts, *, run_id: str | None
) -> tuple[Store, ModelInfo]:
    if about.model_id is None:
        run = _run_of_new_model(run_id)
        return run.store, log_parts(run, path, parts, options, about)
    # It has a place to be in: no run is opened for it.
    found = current_session().active_run() if run_id is None else _run_of_new_model(run_id)
    store = current_session().store if found is None else found.store
    return store, _log_into(store, about.model_id, found, parts, options, about)


def _log_into(
    store: Store,
    model_id: str,
    run: RunWriter | None,
    parts: FlavorParts,
    options: SaveOptions,
    about: ModelFacts,
) -> ModelInfo:
    """Into the place of a model that was initialized before; *run* made it, then."""
    model = find_model(store, model_id).model
    if model.path:  # it was logged before, into its run
        writer = MlflowClient(store.uri).writer(str(model.source_run_id))
        return log_parts(writer, model.path, parts, options, about)
    info = log_parts_of_model(store, model, parts, options)
    change_model(store, model_id, status=LoggedModelStatus.READY)
    if EXTERNAL_TAG in model.tags:
        delete_tag(store, model_id, EXTERNAL_TAG)
    if run is not None:
        link_models(run, [LoggedModelOutput(model_id, about.step)], role="output")
    return info


@contextmanager
def failing(model_id: str | None) -> Iterator[None]:
    """A block in which the model *model_id* is written; if that goes wrong, it has FAILED."""
    try:
        yield
    except Exception:
        if model_id is not None:
            change_model(current_session().store, model_id, status=LoggedModelStatus.FAILED)
        raise


def _run_of_new_model(run_id: str | None) -> RunWriter:
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
