"""Stages: moving a version from one to another, with its gate, and asking what is where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nbtrack.base.values import as_tuple, checked_text
from nbtrack.errors import GateFailed, InvalidValue, NotAllowed
from nbtrack.lookup.registered_models import get_model, get_version
from nbtrack.lookup.registry_names import check_stage, check_version
from nbtrack.model_registry.changes import Change, commit
from nbtrack.model_registry.gates import GateResult, result_of_gate
from nbtrack.model_registry.versions import of_version
from nbtrack.records.registry import (
    ARCHIVED,
    NO_STAGE,
    EventKind,
    ModelVersion,
    NewEvent,
    RegisteredModel,
    RegistryHead,
    RegistryQuery,
)
from nbtrack.stores.store import Store

Check = Callable[[ModelVersion, str], None]


def transition(
    store: Store,
    name: Any,
    version: Any,
    stage: Any,
    *,
    archive_existing: bool = False,
    reason: str | None = None,
    override_gate: bool = False,
    check: Check | None = None,
) -> ModelVersion:
    """Move a version to *stage*; with *archive_existing* those that are there go to Archived.

    All in one change. *override_gate* goes on although the gate fails; that is in the record.
    *check* sees the version and its target as they are when it is moved; what it raises goes
    through, and nothing is changed.
    Raises GateFailed, ModelVersionNotFound, RegisteredModelNotFound; InvalidValue for an unknown
    stage and for the one that the version is in.
    """
    number = check_version(version)
    checked_text(reason, "reason")

    def decide(_: RegistryHead) -> Change:
        model, found = get_model(store, name), get_version(store, name, number)
        target = check_stage(stage, model.stages, model=model.name)
        if check is not None:
            check(found, target)
        _refuse_same(found, target)
        details = _gate_details(store, model, found, target, is_overridden=override_gate)
        facts: dict[str, Any] = {"reason": reason, "details": details}
        others = _archived(store, model, found, target, reason) if archive_existing else []
        return Change(events=[*others, _moved(model, found, target, facts)])

    commit(store, decide)
    return get_version(store, name, number)


def _refuse_same(version: ModelVersion, target: str) -> None:
    if version.current_stage == target:
        raise InvalidValue(
            f"Version {version.version} of {version.name!r} is in stage {target} already; "
            "nothing was changed."
        )


def _gate_details(
    store: Store, model: RegisteredModel, version: ModelVersion, target: str, *, is_overridden: bool
) -> dict[str, Any]:
    """Raises GateFailed."""
    try:
        result = result_of_gate(store, model, version, target)
    except NotAllowed:  # to see the run: only a server says so, which asks the gate itself
        return {"gate": {"is_overridden": is_overridden}}
    if result is None:
        return {}
    _refuse_failed(result, is_overridden=is_overridden)
    return {"gate": result.to_dict() | {"is_overridden": not result.is_passed}}


def _refuse_failed(result: GateResult, *, is_overridden: bool) -> None:
    if not result.is_passed and not is_overridden:
        raise GateFailed(
            f"{result.summary} override_gate=True moves it all the same, and is recorded.", result
        )


def _archived(
    store: Store, model: RegisteredModel, version: ModelVersion, target: str, reason: str | None
) -> list[NewEvent]:
    if target in (NO_STAGE, ARCHIVED):
        raise InvalidValue(
            f"archive_existing_versions empties a stage for the one version in use, and {target} "
            "is no such stage. Leave it out."
        )
    there = store.search_model_versions(RegistryQuery(name=model.name, stage=target))
    details = {"made_room_for": int(version.version)}
    facts: dict[str, Any] = {"reason": reason, "details": details}
    return [_moved(model, each, ARCHIVED, facts) for each in there]


def _moved(
    model: RegisteredModel, version: ModelVersion, target: str, facts: Mapping[str, Any]
) -> NewEvent:
    values = {"from_value": version.current_stage, "to_value": target}
    return of_version(model, version, EventKind.STAGE_CHANGED, **values, **facts)


def latest_versions(
    store: Store, name: Any, stages: Iterable[str] | None = None
) -> list[ModelVersion]:
    """The newest version of each stage, or of each of *stages*, where there is one."""
    model = get_model(store, name)
    if stages is None:
        return model.latest_versions
    wanted = {check_stage(each, model.stages, model=model.name) for each in as_tuple(stages)}
    return [version for version in model.latest_versions if version.current_stage in wanted]
