"""What the flavours' `log_model` share: the run that a model goes to, and its registration."""

from __future__ import annotations

from dataclasses import replace

from nbtrack.api.client import MlflowClient
from nbtrack.lookup.registry_names import check_model_name
from nbtrack.models.folder import FlavorParts, SaveOptions
from nbtrack.models.model_info import ModelInfo
from nbtrack.models.saving import log_parts
from nbtrack.recording.run_writer import RunWriter
from nbtrack.recording.session import current_session


def log_new_model(
    path: str,
    parts: FlavorParts,
    options: SaveOptions,
    *,
    run_id: str | None,
    registered_model_name: str | None,
) -> ModelInfo:
    """Log it, and make it the next version of *registered_model_name*; if that fails, it stays
    logged."""
    run = _run_of_new_model(run_id)
    info = log_parts(run, path, parts, options)
    if registered_model_name is None or info.digest is None:
        return info
    return replace(info, registered_model_version=register_logged(run, info, registered_model_name))


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
    run: RunWriter, info: ModelInfo, name: str, *, timeout: float | None = None
) -> int:
    """Make a model that was logged the next version of *name*; its number. Raises StoreBusy."""
    from nbtrack.model_registry.changes import WAIT_SECONDS
    from nbtrack.model_registry.versions import create_version

    seconds = WAIT_SECONDS if timeout is None else timeout
    made = create_version(run.store, name, info.model_uri, makes_model=True, timeout=seconds)
    return int(made.version)
