"""Logged models: made, changed and linked to runs, all by lines of the journal."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.base.values import as_step, as_text, check_key, check_mapping, check_tags, checked_text
from nbtrack.errors import InvalidValue, LoggedModelNotFound, StoreError, TagNotFound
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.active_model import note_last_model
from nbtrack.recording.experiments import (
    PATIENT_LOOK_SECONDS,
    announcement,
    default_artifact_root,
)
from nbtrack.recording.measured import check_model_id
from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.logged_models import FoundModel, LoggedModel, LoggedModelStatus
from nbtrack.records.runs import Experiment, FileInfo, LifecycleStage
from nbtrack.stores.store import Store

_NO_NAME = re.compile(r"[/:.%\"']")  # MLflow's rule for names of logged models
DEFAULT_NAME = "model"


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What whoever logs a model may say of it."""

    model_id: str | None = None  # of one that was initialized before
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    model_type: str | None = None
    step: int = 0


NOTHING_SAID = ModelFacts()


def model_facts(
    params: Mapping[str, Any] | None,
    tags: Mapping[str, Any] | None,
    *,
    model_type: str | None,
    step: int,
    model_id: str | None,
) -> ModelFacts:
    """Raises InvalidValue."""
    return ModelFacts(
        model_id=None if model_id is None else check_model_id(model_id),
        params=texts_of(params, "params"),
        tags=check_tags(tags),
        model_type=checked_text(model_type, "model_type"),
        step=as_step(step),
    )


def new_model_id() -> str:
    return f"m-{os.urandom(16).hex()}"


def check_logged_name(name: Any) -> str:
    """As MLflow has it; None is "model". Raises InvalidValue."""
    if name is None:
        return DEFAULT_NAME
    text = checked_text(name, "name")
    if not text or _NO_NAME.search(text):
        raise InvalidValue(
            f"The model's name is {name!r}; give at least one character, and none of / : . % \" '."
        )
    return text


def texts_of(values: Mapping[str, Any] | None, what: str) -> dict[str, str]:
    """Params as they are kept. Raises InvalidValue."""
    given = check_mapping(what, values or {})
    return {check_key(key): as_text(value) for key, value in given.items()}


# --- making one


def create_model(
    store: Store,
    experiment: Experiment,
    *,
    name: str | None,
    source_run_id: str | None,
    params: Mapping[str, Any] | None,
    tags: Mapping[str, Any] | None,
    model_type: str | None,
) -> LoggedModel:
    """A PENDING model with a folder of its own, which what is logged to it makes."""
    model_id, t = new_model_id(), now_us()
    model = LoggedModel(
        model_id=model_id,
        name=check_logged_name(name),
        experiment_id=experiment.experiment_id,
        source_run_id=source_run_id,
        model_type=checked_text(model_type, "model_type"),
        status=LoggedModelStatus.PENDING,
        artifact_location=_own_location(store, experiment, model_id),
        creation_timestamp=t // 1000,
        last_updated_timestamp=t // 1000,
        params=texts_of(params, "params"),
        tags=check_tags(tags),
        metrics=[],
    )
    store.append(_announced(experiment) + _beginning(store, model, t=t))
    note_last_model(store, model_id)
    return model


def _announced(experiment: Experiment) -> str:
    """It may be new: a model may be the first in it, as a run may."""
    return announcement(experiment.experiment_id, experiment.name) if experiment.name else ""


def _own_location(store: Store, experiment: Experiment, model_id: str) -> str:
    root = default_artifact_root(store)
    if experiment.artifact_location in ("", root):
        return f"{root}/{model_id}"
    return f"{experiment.artifact_location.rstrip('/')}/models/{model_id}/artifacts"


def _beginning(store: Store, model: LoggedModel, *, t: int) -> str:
    facts = {
        "name": model.name,
        "experiment_id": model.experiment_id,
        "source_run_id": model.source_run_id,
        "model_type": model.model_type,
        "status": model.status,
        "path": "",
    }
    if not model.artifact_location.startswith(default_artifact_root(store)):
        facts["artifact_location"] = model.artifact_location
    said = {name: fact for name, fact in facts.items() if fact is not None}
    text = lines.model_line(model.model_id, t=t, **said)
    return text + _value_lines(model.model_id, t, params=model.params, tags=model.tags)


def _value_lines(
    model_id: str,
    t: int,
    *,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str | None] | None = None,
) -> str:
    values = [("param", k, v) for k, v in (params or {}).items()]
    all_values = [*values, *(("tag", k, v) for k, v in (tags or {}).items())]
    return "".join(lines.model_value_line(model_id, of, k, v, t=t) for of, k, v in all_values)


def record_in_run(run: RunWriter, model_id: str, *, path: str, about: ModelFacts) -> None:
    """*run* has made a model, whose files are the folder *path* of its artifacts."""
    t = run.later_us()
    facts: dict[str, object] = {
        "name": path,
        "source_run_id": run.run_id,
        "status": LoggedModelStatus.READY,
        "path": path,
        "params_until": t,
    }
    if about.model_type is not None:
        facts["model_type"] = about.model_type
    run.log_lines(
        lines.model_line(model_id, t=t, **facts)
        + _value_lines(model_id, t, params=about.params, tags=about.tags)
        + lines.model_link_line(run.run_id, model_id, "output", step=about.step, t=t)
    )
    note_last_model(run.store, model_id)


# --- changing one


def find_model(store: Store, model_id: Any) -> FoundModel:
    """Raises LoggedModelNotFound, also for one that was deleted."""
    return _if_kept(store.look_up_model(check_model_id(model_id)), store)


def _if_kept(found: FoundModel, store: Store) -> FoundModel:
    if found.model.lifecycle_stage == LifecycleStage.DELETED:
        raise LoggedModelNotFound(found.model.model_id, store.uri)
    return found


def later_us(store: Store, model_id: Any) -> int:
    """Now, but later than all that is known of the model. Raises as `find_model` does.

    Logging waits for nobody: while the database cannot be read, the id is taken at its word.
    """
    checked = check_model_id(model_id)
    with suppress(StoreError):
        found = store.look_up_model(checked, timeout=PATIENT_LOOK_SECONDS)
        return _later_than(_if_kept(found, store))
    return now_us()


def _later_than(found: FoundModel) -> int:
    return max(now_us(), found.newest_us + 1)


def change_model(store: Store, model_id: str, **facts: object) -> None:
    """Its status, or whether it is deleted. Raises LoggedModelNotFound."""
    store.append(lines.model_line(model_id, t=later_us(store, model_id), **facts))


def delete_model(store: Store, model_id: str) -> None:
    """Raises LoggedModelNotFound, also for one that is deleted."""
    t = _later_than(find_model(store, model_id))
    store.append(lines.model_line(model_id, t=t, lifecycle_stage=LifecycleStage.DELETED))


def log_params(store: Store, model_id: str, params: Mapping[str, Any]) -> None:
    """All or none; logged again, the latest stands. Raises LoggedModelNotFound."""
    texts = texts_of(params, "log_model_params")
    store.append(_value_lines(model_id, later_us(store, model_id), params=texts))


def set_tags(store: Store, model_id: str, tags: Mapping[str, Any]) -> None:
    """All or none. Raises LoggedModelNotFound."""
    texts = check_tags(check_mapping("set_logged_model_tags", tags))
    store.append(_value_lines(model_id, later_us(store, model_id), tags=texts))


def delete_tag(store: Store, model_id: str, key: str) -> None:
    """Raises LoggedModelNotFound, TagNotFound."""
    found, name = find_model(store, model_id), check_key(key, "tag")
    if name not in found.model.tags:
        raise TagNotFound(name, f"logged model {model_id}")
    store.append(_value_lines(model_id, _later_than(found), tags={name: None}))


def link_models(run: RunWriter, models: Iterable[Any], *, role: str) -> None:
    """*models* are LoggedModelInput or LoggedModelOutput records."""
    t = run.later_us()
    run.log_lines(
        "".join(
            lines.model_link_line(
                run.run_id, check_model_id(each.model_id), role, step=getattr(each, "step", 0), t=t
            )
            for each in models
        )
    )


# --- its own folder


def own_folder(model: LoggedModel) -> ArtifactStore:
    return open_artifacts(model.artifact_location, run_id=model.model_id)


def log_files(
    store: Store, model: LoggedModel, source: str | Path, artifact_path: str | None, *, is_all: bool
) -> None:
    """Copy a file or folder, or with *is_all* what a folder holds, into the model's own folder."""
    place = own_folder(model)
    add = place.add_folder if is_all else place.add_file
    record_files(store, model.model_id, add(source, artifact_path))


def record_files(store: Store, model_id: str, files: Iterable[FileInfo]) -> None:
    t = now_us()
    store.append(file_lines(model_id, {file.path: str(file.sha256) for file in files}, t=t))


def file_lines(model_id: str, files: Mapping[str, str], *, t: int) -> str:
    """*files*: {path in the model's own folder: sha256}."""
    return "".join(
        lines.model_value_line(model_id, "file", path, sha256, t=t)
        for path, sha256 in files.items()
    )
