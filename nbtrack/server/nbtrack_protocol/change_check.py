"""A change of the registry that a client has decided on, beside what the registry is here: it names
models as they stand, its versions follow, and what it says of them is so.

What follows from the rest is not taken from the client at all, but worked out again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nbtrack.errors import GateFailed, InvalidValue, NameTaken
from nbtrack.lookup.registered_models import find_model, get_model, get_version
from nbtrack.lookup.registry_names import check_alias, check_model_name, check_stage
from nbtrack.model_registry.copies import place_of
from nbtrack.model_registry.gates import result_of_gate
from nbtrack.models.digests import folder_digest
from nbtrack.records.registry import (
    EventKind,
    ModelVersion,
    NewEvent,
    RegisteredModel,
    RegistryHead,
)
from nbtrack.server.version_origin import evidence_for
from nbtrack.stores.store import Store


class ChangeCheck:
    """Of one change, on the registry whose newest event is *after*."""

    def __init__(self, store: Store, events: Sequence[NewEvent], *, after: RegistryHead) -> None:
        self._store, self._events = store, events
        self._new_key = after.number + 1
        is_new = bool(events) and events[0].kind == EventKind.MODEL_CREATED
        self._new_model = events[0].model if is_new else None
        self._new_names: set[str] = set()
        self._new_version: tuple[str, int | None] | None = None

    def checked(self) -> list[NewEvent]:
        """The events as they are to be recorded. Raises InvalidValue, NameTaken, GateFailed, and
        what says that there is no such model, version or stage."""
        if self._new_model is not None:
            self._check_free(self._new_model)
        return [self._checked(event) for event in self._events]

    def _checked(self, event: NewEvent) -> NewEvent:
        model = self._model_of(event)
        if event.kind == EventKind.HEAD_RENEWED or (
            event.kind == EventKind.MODEL_CREATED and event is not self._events[0]
        ):
            raise InvalidValue(f"A client does not record {event.kind!r} so.")
        if event.kind == EventKind.MODEL_RENAMED:
            self._check_free(str(event.to_value))
        if event.kind == EventKind.VERSION_CREATED:
            return self._as_new_version(event, model)
        if event.version is None or (event.model, event.version) == self._new_version:
            return _without_version(event)
        return self._of_version(event, model, get_version(self._store, event.model, event.version))

    def _check_free(self, name: str) -> None:
        is_taken = find_model(self._store, check_model_name(name)) is not None
        if is_taken or name in self._new_names:
            raise NameTaken(f"Registered model {name!r} exists; choose another name.")
        self._new_names.add(name)

    def _model_of(self, event: NewEvent) -> RegisteredModel | None:
        """None: this change makes it. A name and a key of two models would let one be judged, and
        the other be changed."""
        is_new = event.model == self._new_model
        model = None if is_new else get_model(self._store, event.model)
        if event.model_key != (self._new_key if model is None else model.event_number):
            raise InvalidValue(f"{event.model!r:.80} is not the model {event.model_key}.")
        return model

    def _as_new_version(self, event: NewEvent, model: RegisteredModel | None) -> NewEvent:
        """The next one, which no event can have named before."""
        number = model.last_version + 1 if model else 1
        place = place_of(event.model, event.model_key, number)
        if (event.version, event.details.get("place")) != (number, place):
            raise InvalidValue(
                f"The next version of {event.model!r:.80} is {number}, and its place is {place!r}."
            )
        self._new_version = event.model, number
        files = event.details["files"]
        event = replace(event, digest=folder_digest(files))
        evidence = evidence_for(self._store, event)
        return replace(event, details={**event.details, "evidence": evidence})

    def _of_version(
        self, event: NewEvent, model: RegisteredModel | None, version: ModelVersion
    ) -> NewEvent:
        assert model is not None  # it has a version
        event = replace(event, run_id=version.run_id, digest=version.digest)
        if event.kind == EventKind.ALIAS_SET:
            return _as_alias(event, model)
        if event.kind == EventKind.STAGE_CHANGED:
            return self._judged(event, model, version)
        return event

    def _judged(self, event: NewEvent, model: RegisteredModel, version: ModelVersion) -> NewEvent:
        """With what the gate says here, whatever the client made of it."""
        target = check_stage(event.to_value, model.stages, model=model.name)
        _check_before(event, version.current_stage)
        result = result_of_gate(self._store, model, version, target)
        details: dict[str, Any] = {k: v for k, v in event.details.items() if k != "gate"}
        if result is not None:
            if not (result.is_passed or _is_overridden(event.details.get("gate"))):
                raise GateFailed(result.summary, result)
            details["gate"] = result.to_dict() | {"is_overridden": not result.is_passed}
        return replace(event, to_value=target, details=details)


def _without_version(event: NewEvent) -> NewEvent:
    """Or about the one that this change makes, which has no stage and no alias yet."""
    if event.kind in (EventKind.STAGE_CHANGED, EventKind.ALIAS_SET):
        raise InvalidValue(f"{event.kind!r} is about a version that there is.")
    return event


def _as_alias(event: NewEvent, model: RegisteredModel) -> NewEvent:
    alias = check_alias(event.details.get("key"))
    _check_before(event, model.aliases.get(alias))
    return replace(event, to_value=str(event.version))


def _check_before(event: NewEvent, known: str | None) -> None:
    if event.from_value != known:
        raise InvalidValue(
            f"{event.kind!r} says that it was {event.from_value!r:.80} before; it is {known!r}."
        )


def _is_overridden(gate: object) -> bool:
    return isinstance(gate, Mapping) and bool(gate.get("is_overridden"))
