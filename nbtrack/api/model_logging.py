"""What the flavours' `log_model` share: the run that a model goes to, and its registration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nbtrack.api.client import MlflowClient
from nbtrack.errors import InvalidValue
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
    run = run_of_model(run_id)
    return registered(run, log_parts(run, path, parts, options), registered_model_name)


def notes_of(
    *,
    params: Mapping[str, Any] | None,
    tags: Mapping[str, Any] | None,
    model_type: str | None,
    step: int,
    model_id: str | None,
) -> dict[str, Any]:
    """What describes a model, as its MLmodel file keeps it. Raises InvalidValue."""
    if model_id is not None:
        raise InvalidValue("model_id= names a logged model of MLflow; give run_id= and name=.")
    notes = {"params": params, "tags": tags, "model_type": model_type, "step": step or None}
    return {n: v if n == "step" else _texts(v) for n, v in notes.items() if v is not None}


def _texts(value: Any) -> Any:
    """As MLflow keeps them: the values of params and tags are texts."""
    return {k: str(v) for k, v in value.items()} if isinstance(value, Mapping) else str(value)


def registered(run: RunWriter, info: ModelInfo, name: str | None) -> ModelInfo:
    """What was logged, registered as *name* if there is one."""
    if name is None or info.digest is None:
        return info
    return replace(info, registered_model_version=register_logged(run, info, name))


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
    run: RunWriter, info: ModelInfo, name: str, *, timeout: float | None = None
) -> int:
    """Make a model that was logged the next version of *name*; its number. Raises StoreBusy."""
    from nbtrack.model_registry.changes import WAIT_SECONDS
    from nbtrack.model_registry.versions import create_version

    seconds = WAIT_SECONDS if timeout is None else timeout
    made = create_version(run.store, name, info.model_uri, makes_model=True, timeout=seconds)
    return int(made.version)
