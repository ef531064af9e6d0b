"""Recording a change: decide on what there is, and try again if somebody was faster."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbtrack.base.values import checked_text
from nbtrack.errors import RegistryClosed, RegistryMoved, StoreBusy
from nbtrack.recording.acting import acting_user
from nbtrack.recording.session import current_session
from nbtrack.records.registry import (
    EventKind,
    NewEvent,
    RegistryEvent,
    RegistryHead,
    StagedFolder,
)
from nbtrack.stores.store import Store

WAIT_SECONDS = 10.0
_REST_SECONDS = 0.02  # at most, before another look


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    events: Sequence[NewEvent]
    staged: StagedFolder | None = None


Decide = Callable[[RegistryHead], Change]


def commit(store: Store, decide: Decide, *, timeout: float = WAIT_SECONDS) -> list[RegistryEvent]:
    """Record what *decide* makes of the registry as it is; without events, nothing.

    *decide* is called again when somebody else has recorded something meanwhile: it must look at
    the store afresh. What it raises goes through. Raises StoreBusy after *timeout* seconds;
    RegistryClosed where a run is being reproduced.
    """
    if current_session().is_rehearsing:
        raise RegistryClosed("The model registry is not changed while a run is being reproduced.")
    deadline = time.monotonic() + timeout
    # Taking turns, nobody starves: on a busy machine, looking again and again may take for ever.
    with store.registry_turn(timeout=timeout):
        while True:
            head = store.registry_head()  # before the look: whatever comes later is noticed
            change = decide(head)
            if not change.events:
                return []
            left = max(deadline - time.monotonic(), 0.0)
            try:
                return store.registry_append(
                    change.events, after=head, staged=change.staged, timeout=left
                )
            except RegistryMoved as exc:  # where there are no locks
                _refuse_late(exc, deadline)


def _refuse_late(exc: RegistryMoved, deadline: float) -> None:
    if time.monotonic() >= deadline:
        raise StoreBusy(
            "Others keep changing the model registry. Nothing was recorded; try again."
        ) from exc
    time.sleep(random.uniform(0, _REST_SECONDS))  # so that two do not keep step


def event(
    kind: EventKind, *, model: str, model_key: int, details: Mapping[str, Any] | None = None,
    reason: str | None = None, **facts: Any,
) -> NewEvent:  # fmt: skip
    """*facts* are fields of `NewEvent`; the actor is `acting_user`."""
    return NewEvent(
        actor=acting_user(),
        kind=kind,
        model=model,
        model_key=model_key,
        reason=checked_text(reason, "reason"),
        details=details or {},
        **facts,
    )
