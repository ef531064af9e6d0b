"""Changes of the registry that clients have decided on: recorded if nobody was faster, and if the
gates agree here, too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbtrack.artifact_store.paths import TEMPORARY
from nbtrack.errors import GateFailed, InvalidValue
from nbtrack.lookup.registered_models import get_model, get_version
from nbtrack.model_registry.gates import result_of_gate
from nbtrack.models.digests import check_files
from nbtrack.models.registered_places import copies_folder
from nbtrack.recording.acting import identified_actor
from nbtrack.records.registry import (
    EventKind,
    NewEvent,
    RegistryEvent,
    RegistryHead,
    StagedFolder,
)
from nbtrack.server.served import Served

_TOKEN = re.compile(r"[0-9a-f]{32}")
_PLACE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*-\d+/\d+")  # see `model_registry.copies`


def staging_folder(served: Served, token: str) -> Path:
    """Where a client's copy of a model comes together. Raises InvalidValue."""
    if not _TOKEN.fullmatch(token):
        raise InvalidValue(f"{token!r:.80} is no name of a copy.")
    return copies_folder(served.store) / f"{TEMPORARY}{token}"


def append(
    served: Served,
    events: Sequence[NewEvent],
    *,
    after: RegistryHead,
    token: str | None,
    place: str | None,
) -> list[RegistryEvent]:
    """Raises RegistryMoved, StoreBusy, GateFailed, ModelChanged, InvalidValue."""
    staged = None if token is None else _staged(served, events, token, str(place))
    checked = [_checked(served, event, has_copy=staged is not None) for event in events]
    with served.store.registry_turn(timeout=10.0):
        return served.store.registry_append(checked, after=after, staged=staged, timeout=10.0)


def _staged(served: Served, events: Sequence[NewEvent], token: str, place: str) -> StagedFolder:
    folder = staging_folder(served, token)
    created = [event for event in events if event.kind == EventKind.VERSION_CREATED]
    if len(created) != 1 or created[0].details.get("place") != place or not _PLACE.fullmatch(place):
        raise InvalidValue(f"{place!r:.80} is not the place of a new version.")
    check_files(folder, created[0].details.get("files") or {})
    return StagedFolder(folder=folder, place=place)


def _checked(served: Served, event: NewEvent, *, has_copy: bool) -> NewEvent:
    if event.kind == EventKind.HEAD_RENEWED or (
        event.kind == EventKind.VERSION_CREATED and not has_copy
    ):
        raise InvalidValue(f"A client does not record {event.kind!r}.")
    event = replace(event, actor=identified_actor() or event.actor)
    return _judged(served, event) if event.kind == EventKind.STAGE_CHANGED else event


def _judged(served: Served, event: NewEvent) -> NewEvent:
    """With what the gate says here, whatever the client made of it."""
    model = get_model(served.store, event.model)
    version = get_version(served.store, event.model, event.version)
    result = result_of_gate(served.store, model, version, str(event.to_value))
    details: dict[str, Any] = {k: v for k, v in event.details.items() if k != "gate"}
    if result is not None:
        is_overridden = bool(event.details.get("gate", {}).get("is_overridden"))
        if not (result.is_passed or is_overridden):
            raise GateFailed(result.summary, result)
        details["gate"] = result.to_dict() | {"is_overridden": not result.is_passed}
    return replace(event, details=details)
