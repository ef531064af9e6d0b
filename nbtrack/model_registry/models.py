"""Registered models: make, rename, describe, tag, delete; their aliases and custom stages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from nbtrack.base.values import as_text, check_key, check_tags, checked_text
from nbtrack.errors import InvalidValue, NameTaken
from nbtrack.lookup.registered_models import find_model, get_model, get_version
from nbtrack.lookup.registry_names import check_alias, check_model_name, check_version
from nbtrack.model_registry.changes import Change, commit, event
from nbtrack.model_registry.stage_names import check_custom_stages
from nbtrack.records.registry import (
    STAGES,
    EventKind,
    NewEvent,
    RegisteredModel,
    RegistryHead,
    RegistryQuery,
)
from nbtrack.stores.store import Store


def create_model(
    store: Store,
    name: Any,
    *,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
) -> RegisteredModel:
    """Raises NameTaken, InvalidValue."""
    texts, note = check_tags(tags), checked_text(description, "description")
    checked = check_model_name(name)

    def decide(head: RegistryHead) -> Change:
        if find_model(store, checked) is not None:
            raise NameTaken(
                f"Registered model {checked!r} exists; choose another name, or add a version to it."
            )
        return Change(events=creation_events(checked, head, tags=texts, description=note))

    commit(store, decide)
    return get_model(store, checked)


def creation_events(
    name: str,
    head: RegistryHead,
    *,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
) -> list[NewEvent]:
    """The events that make a model which is not there; its key is the number of the first one."""
    facts: dict[str, Any] = {"model": name, "model_key": head.number + 1}
    events = [event(EventKind.MODEL_CREATED, **facts)]
    if description:
        events.append(event(EventKind.MODEL_DESCRIBED, to_value=description, **facts))
    for key, value in (tags or {}).items():
        kind, details = EventKind.MODEL_TAG_SET, {"key": key}
        events.append(event(kind, to_value=value, details=details, **facts))
    return events


def rename_model(
    store: Store, name: Any, new_name: Any, *, reason: str | None = None
) -> RegisteredModel:
    """Its versions, aliases and record go with it. Raises NameTaken."""
    checked = check_model_name(new_name, "new name")

    def decide(_: RegistryHead) -> Change:
        model = get_model(store, name)
        if model.name == checked:
            return Change(events=[])
        if find_model(store, checked) is not None:
            raise NameTaken(f"Registered model {checked!r} exists; choose another name.")
        names = {"from_value": model.name, "to_value": checked, "reason": reason}
        return Change(events=[of_model(model, EventKind.MODEL_RENAMED, **names)])

    commit(store, decide)
    return get_model(store, checked)


def describe_model(store: Store, name: Any, description: str | None) -> RegisteredModel:
    """None takes the description away."""
    text = checked_text(description, "description")

    def decide(_: RegistryHead) -> Change:
        model = get_model(store, name)
        facts = {"from_value": model.description, "to_value": text}
        return Change(events=[of_model(model, EventKind.MODEL_DESCRIBED, **facts)])

    commit(store, decide)
    return get_model(store, name)


def set_model_tag(store: Store, name: Any, key: Any, value: Any) -> None:
    _set_tag(store, name, check_key(key, "tag"), as_text(value))


def delete_model_tag(store: Store, name: Any, key: Any) -> None:
    """A tag that is not there stays away."""
    _set_tag(store, name, check_key(key, "tag"), None)


def _set_tag(store: Store, name: Any, key: str, value: str | None) -> None:
    def decide(_: RegistryHead) -> Change:
        model = get_model(store, name)
        before = model.tags.get(key)
        if before == value:
            return Change(events=[])
        kind = EventKind.MODEL_TAG_DELETED if value is None else EventKind.MODEL_TAG_SET
        facts = {"from_value": before, "to_value": value, "details": {"key": key}}
        return Change(events=[of_model(model, kind, **facts)])

    commit(store, decide)


def delete_model(store: Store, name: Any, *, reason: str | None = None) -> None:
    """With all its versions; their files stay until `nbtrack gc`, the record for good."""

    def decide(_: RegistryHead) -> Change:
        model = get_model(store, name)
        versions = store.search_model_versions(RegistryQuery(name=model.name))
        details = {"versions": sorted(int(version.version) for version in versions)}
        facts: dict[str, Any] = {"reason": reason, "details": details}
        return Change(events=[of_model(model, EventKind.MODEL_DELETED, **facts)])

    commit(store, decide)


def set_stages(
    store: Store, name: Any, stages: Iterable[str], *, reason: str | None = None
) -> RegisteredModel:
    """The stages that the model has beside None, Staging, Production and Archived.

    Raises InvalidValue if a version or a gate is in one that would go.
    """
    custom = check_custom_stages(stages)

    def decide(_: RegistryHead) -> Change:
        model = get_model(store, name)
        before = model.stages[len(STAGES) :]
        if before == custom:
            return Change(events=[])
        _refuse_to_remove(model, set(before) - set(custom))
        values = {"from_value": json.dumps(before), "to_value": json.dumps(custom)}
        return Change(events=[of_model(model, EventKind.STAGES_SET, reason=reason, **values)])

    commit(store, decide)
    return get_model(store, name)


def _refuse_to_remove(model: RegisteredModel, stages: set[str]) -> None:
    for version in model.latest_versions:
        if version.current_stage in stages:
            raise InvalidValue(
                f"Version {version.version} of {model.name!r} is in stage "
                f"{version.current_stage!r}; move it to another stage first."
            )
    for gate in model.gates:
        if gate.stage in stages:
            raise InvalidValue(
                f"Stage {gate.stage!r} of {model.name!r} has a gate; remove that first."
            )


def set_alias(
    store: Store, name: Any, alias: Any, version: Any, *, reason: str | None = None
) -> None:
    """An alias that names another version names this one from now on. Raises InvalidValue for
    one that reads as a version, or that differs from another one only in case."""
    checked, number = check_alias(alias), check_version(version)

    def decide(_: RegistryHead) -> Change:
        model, target = get_model(store, name), get_version(store, name, number)
        before = model.aliases.get(checked)
        if before == target.version:
            return Change(events=[])
        _refuse_double(model, checked)
        facts: dict[str, Any] = {
            "version": number, "from_value": before, "to_value": target.version,
            "details": {"key": checked}, "run_id": target.run_id, "digest": target.digest,
        }  # fmt: skip
        return Change(events=[of_model(model, EventKind.ALIAS_SET, reason=reason, **facts)])

    commit(store, decide)


def _refuse_double(model: RegisteredModel, alias: str) -> None:
    same = [a for a in model.aliases if a.lower() == alias.lower() and a != alias]
    if same:
        raise InvalidValue(
            f"{model.name!r} has the alias {same[0]!r}, which differs from {alias!r} in case only. "
            "Use that one, or delete it first."
        )


def delete_alias(store: Store, name: Any, alias: Any, *, reason: str | None = None) -> None:
    """An alias that is not there stays away, as in MLflow."""
    checked = checked_text(alias, "alias") or ""

    def decide(_: RegistryHead) -> Change:
        model = get_model(store, name)
        before = model.aliases.get(checked)
        if before is None:
            return Change(events=[])
        return Change(events=[alias_deleted(model, checked, reason=reason)])

    commit(store, decide)


def alias_deleted(model: RegisteredModel, alias: str, *, reason: str | None = None) -> NewEvent:
    version = model.aliases[alias]
    facts: dict[str, Any] = {"version": int(version), "from_value": version, "reason": reason}
    return of_model(model, EventKind.ALIAS_DELETED, details={"key": alias}, **facts)


def of_model(model: RegisteredModel, kind: EventKind, **facts: Any) -> NewEvent:
    return event(kind, model=model.name, model_key=model.event_number, **facts)
