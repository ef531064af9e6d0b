"""The processes that train one model together: the first one, or rank, records. With system metrics
switched on, each other one leaves those of its machine in a child of the run of the first.

That run is told in the store by which torch's processes have found each other: no collective is
called for it, and nobody waits.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

import torch.distributed as together

from nbtrack.recording import system_metrics
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.session import current_session
from nbtrack.records.tags import AUTOLOG_TAG

_RUN = "nbtrack/run"
LOOK_SECONDS = 1.0


def is_first_rank() -> bool:
    if _is_one_of_several():
        return together.get_rank() == 0
    return os.environ.get("RANK", "0") == "0"


def tell_ranks(run: ActiveRun) -> None:
    """The others, that *run* records the training."""
    if _is_one_of_several() and (shared := _shared_store()) is not None:
        shared.set(_RUN, json.dumps([run.store.uri, run.run_id]))


class OtherRank:
    """What this process records if it is not the first rank."""

    def __init__(self) -> None:
        self._next_look = 0.0
        self._run_id: str | None = None  # of the first rank
        self._child: ActiveRun | None = None

    def look(self) -> None:
        """To be called in each step: once a second it looks."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        run_id = _told_run() if system_metrics.chosen().is_on else None
        if run_id is None or run_id == self._run_id:
            return
        if self._child is not None:
            self._child.end()
        self._run_id, self._child = run_id, _child_of(run_id)


def _told_run() -> str | None:
    """None if the first rank has told of none, or records elsewhere."""
    shared = _shared_store() if _is_one_of_several() else None
    if shared is None or not shared.check([_RUN]):
        return None
    uri, run_id = json.loads(shared.get(_RUN))
    return str(run_id) if uri == current_session().store.uri else None


def _child_of(run_id: str) -> ActiveRun:
    """It is not the active one: what the user logs is where he says."""
    session = current_session()
    name, tags = f"rank {together.get_rank()}", {AUTOLOG_TAG: "pytorch"}
    child = session.start_run(name=name, nested=True, parent_run_id=run_id, tags=tags)
    session.stack.pop(child)
    system_metrics.sample_machine(child)
    return child


def _is_one_of_several() -> bool:
    return together.is_available() and together.is_initialized() and together.get_world_size() > 1


def _shared_store() -> Any:
    """None: this version of torch has it elsewhere."""
    found = getattr(together.distributed_c10d, "_get_default_store", None)
    return None if found is None else found()
