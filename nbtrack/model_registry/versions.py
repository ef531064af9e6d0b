"""Versions of a registered model: make one of a model that was logged, describe, tag, delete."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbtrack.base.values import as_text, check_key, check_run_id, check_tags, checked_text
from nbtrack.errors import InvalidValue, NotFound, RunNotFound
from nbtrack.lookup.registered_models import find_model, get_model, get_version
from nbtrack.lookup.registry_names import check_model_name, check_version
from nbtrack.model_registry.changes import WAIT_SECONDS, Change, commit, event
from nbtrack.model_registry.copies import Copy, place_of, staged_copy
from nbtrack.model_registry.evidence import evidence_of
from nbtrack.model_registry.models import alias_deleted, creation_events, of_model
from nbtrack.models.mlmodel_file import read_mlmodel
from nbtrack.models.model_place import ModelPlace
from nbtrack.models.model_uris import locate, logged_model_in
from nbtrack.recording import logged_models
from nbtrack.records.registry import (
    NO_STAGE,
    EventKind,
    ModelVersion,
    NewEvent,
    RegisteredModel,
    RegistryHead,
    StagedFolder,
)
from nbtrack.stores.store import Store


def create_version(
    store: Store,
    name: Any,
    source: Any,
    *,
    run_id: str | None = None,
    run_link: str | None = None,
    model_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    makes_model: bool = False,
    timeout: float = WAIT_SECONDS,
) -> ModelVersion:
    """The next version of *name*, with a copy of the model that the URI or path *source* names.

    *run_id*, *model_id*: by default the run and the logged model that the source is of.
    *makes_model*: make the registered
    model if there is none. Raises RegisteredModelNotFound, ModelNotFound, ModelChanged,
    RunNotFound, LoggedModelNotFound, InvalidValue, StoreBusy; then nothing is recorded.
    """
    checked = check_model_name(name)
    if not makes_model:
        get_model(store, checked)  # before anything is copied
    facts: dict[str, Any] = {
        "run_link": checked_text(run_link, "run_link"),
        "source": str(source),
    }
    texts, note = check_tags(tags), checked_text(description, "description")
    place = _located(store, source)
    origin = _run_of(store, place, run_id)
    facts["model_id"] = _logged_model_of(store, source, place, model_id)
    with staged_copy(store, place) as copy:
        facts |= {"files": dict(copy.files), "evidence": _evidence(store, place, origin)}

        def decide(head: RegistryHead) -> Change:
            new = _New(store, checked, head, makes_model=makes_model)
            events = new.events(copy, facts, run_id=origin, tags=texts, description=note)
            staged = StagedFolder(folder=copy.folder, place=new.place)
            return Change(events=events, staged=staged)

        recorded = commit(store, decide, timeout=timeout)
    created = next(e for e in recorded if e.kind == EventKind.VERSION_CREATED)
    return get_version(store, checked, created.version)


def _located(store: Store, source: Any) -> ModelPlace:
    if not isinstance(source, str | Path) or not str(source):
        raise InvalidValue(
            f"The model is {source!r:.80}; give its URI, such as runs:/<run id>/model."
        )
    checked_text(str(source), "source")
    return locate(source, store=store)


def _run_of(store: Store, place: ModelPlace, run_id: str | None) -> str | None:
    """The run that is the evidence for a version. Raises RunNotFound for one that was given, and
    InvalidValue if the model is of another one."""
    if run_id is not None:
        given = store.look_up_run(check_run_id(run_id)).info.run_id
        if place.run_id not in (None, given):
            raise InvalidValue(
                f"The model belongs to run {place.run_id}, and run_id says {run_id}: a version is "
                "judged by the run that made its model. Leave run_id out."
            )
        return given
    if place.run_id is not None:
        return place.run_id
    claimed = read_mlmodel(place.folder).run_id
    try:  # a folder from elsewhere may name a run that is not here
        return None if claimed is None else store.look_up_run(claimed).info.run_id
    except NotFound:
        return None


def _logged_model_of(
    store: Store, source: str | Path, place: ModelPlace, model_id: str | None
) -> str | None:
    """Raises LoggedModelNotFound for one that was given, and InvalidValue if it is another one."""
    is_looked_up = str(source).startswith("models:") and logged_model_in(str(source))
    if model_id is None and place.model_id and is_looked_up:
        return place.model_id
    found = place.model_id or read_mlmodel(place.folder).model_id
    if model_id is None:
        with suppress(NotFound):  # a folder from elsewhere may name a model that is not here
            return found and logged_models.find_model(store, found).model.model_id
        return None
    if found not in (None, model_id):
        raise InvalidValue(f"The source is the logged model {found}, and model_id says {model_id}.")
    return logged_models.find_model(store, model_id).model.model_id


def _evidence(store: Store, place: ModelPlace, run_id: str | None) -> Mapping[str, Any]:
    try:
        return evidence_of(store, run_id)
    except RunNotFound:  # a copy of a version whose run is gone
        return place.evidence or {}


class _New:
    """The version that comes next, as the registry is now."""

    def __init__(self, store: Store, name: str, head: RegistryHead, *, makes_model: bool) -> None:
        model = find_model(store, name)
        if model is None and not makes_model:
            get_model(store, name)  # it was deleted meanwhile: the error says so
        self._first = [] if model else creation_events(name, head)
        self._name = name
        self._key = model.event_number if model else head.number + 1
        self._version = model.last_version + 1 if model else 1

    @property
    def place(self) -> str:
        return place_of(self._name, self._key, self._version)

    def events(
        self,
        copy: Copy,
        facts: Mapping[str, Any],
        *,
        run_id: str | None,
        tags: Mapping[str, str],
        description: str | None,
    ) -> list[NewEvent]:
        own: dict[str, Any] = {"run_id": run_id, "digest": copy.digest}
        details = {**facts, "place": self.place}
        created = self._event(EventKind.VERSION_CREATED, to_value=NO_STAGE, details=details, **own)
        found = [*self._first, created]
        if description:
            found.append(self._event(EventKind.VERSION_DESCRIBED, to_value=description))
        for key, value in tags.items():
            kind, about = EventKind.VERSION_TAG_SET, {"key": key}
            found.append(self._event(kind, to_value=value, details=about))
        return found

    def _event(self, kind: EventKind, **facts: Any) -> NewEvent:
        return event(kind, model=self._name, model_key=self._key, version=self._version, **facts)


def describe_version(
    store: Store, name: Any, version: Any, description: str | None
) -> ModelVersion:
    text = checked_text(description, "description")
    if text is None:
        raise InvalidValue("update_model_version changes the description; give description=.")

    def decide(_: RegistryHead) -> Change:
        model, found = get_model(store, name), get_version(store, name, version)
        facts = {"from_value": found.description, "to_value": text}
        return Change(events=[of_version(model, found, EventKind.VERSION_DESCRIBED, **facts)])

    commit(store, decide)
    return get_version(store, name, version)


def set_version_tag(store: Store, name: Any, version: Any, key: Any, value: Any) -> None:
    _set_tag(store, name, version, check_key(key, "tag"), as_text(value))


def delete_version_tag(store: Store, name: Any, version: Any, key: Any) -> None:
    """A tag that is not there stays away."""
    _set_tag(store, name, version, check_key(key, "tag"), None)


def _set_tag(store: Store, name: Any, version: Any, key: str, value: str | None) -> None:
    def decide(_: RegistryHead) -> Change:
        model, found = get_model(store, name), get_version(store, name, version)
        before = found.tags.get(key)
        if before == value:
            return Change(events=[])
        kind = EventKind.VERSION_TAG_DELETED if value is None else EventKind.VERSION_TAG_SET
        facts: dict[str, Any] = {
            "from_value": before, "to_value": value, "details": {"key": key},
        }  # fmt: skip
        return Change(events=[of_version(model, found, kind, **facts)])

    commit(store, decide)


def delete_version(store: Store, name: Any, version: Any, *, reason: str | None = None) -> None:
    """Its aliases go with it, its number is not given again; `nbtrack gc` frees its files."""
    number = check_version(version)

    def decide(_: RegistryHead) -> Change:
        model, found = get_model(store, name), get_version(store, name, number)
        gone = [alias_deleted(model, alias, reason=reason) for alias in found.aliases]
        facts: dict[str, Any] = {"from_value": found.current_stage, "reason": reason}
        deleted = of_version(model, found, EventKind.VERSION_DELETED, **facts)
        return Change(events=[*gone, deleted])

    commit(store, decide)


def of_version(
    model: RegisteredModel, version: ModelVersion, kind: EventKind, **facts: Any
) -> NewEvent:
    """An event about *version*, with its run as evidence and its digest."""
    evidence = {"run_id": version.run_id, "digest": version.digest}
    return of_model(model, kind, version=int(version.version), **{**evidence, **facts})
