"""The processes that train one model together: the first one, or rank, records. With system metrics
switched on, each other one leaves those of its machine in a child of the run of the first.

That run is told in the store by which torch's processes have found each other: no collective is
called for it, and nobody waits. Lightning and transformers train by torch's processes, too.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch.distributed as together

from nbtrack.base.guard import guarded
from nbtrack.hooks.training.arguments import UsersArguments
from nbtrack.hooks.training.record import Record
from nbtrack.recording import system_metrics
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.run_writer import RunWriter
from nbtrack.recording.session import current_session
from nbtrack.records.tags import AUTOLOG_TAG

_RUN = "nbtrack/run"
LOOK_SECONDS = 1.0


def is_first_rank() -> bool:
    if _is_one_of_several():
        return together.get_rank() == 0
    return os.environ.get("RANK", "0") == "0"


def tell_ranks(run: RunWriter) -> None:
    """The others, that *run* records the training."""
    if _is_one_of_several() and (shared := _shared_store()) is not None:
        shared.set(_RUN, json.dumps([run.store.uri, run.run_id]))


class OtherRank:
    """What this process records if it is not the first rank: one for all that trains in it."""

    def __init__(self) -> None:
        self._next_look = 0.0
        self._run_id: str | None = None  # of the first rank
        self._child: ActiveRun | None = None

    def look(self, *, flavor: str = "pytorch") -> None:
        """To be called in each step: once a second it looks."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        run_id = _told_run() if system_metrics.chosen().is_on else None
        if run_id is None or run_id == self._run_id:
            return
        self.end()
        self._run_id, self._child = run_id, _child_of(run_id, flavor)

    def end(self) -> None:
        """The training is over; that of another run begins another child."""
        child, self._child, self._next_look = self._child, None, 0.0
        if child is not None:
            child.end()


def rank_record(
    what: str, arguments: UsersArguments, following: Callable[[], AbstractContextManager[object]]
) -> Record | None:
    """Of a framework's call in another rank than the first; *following* is to have `other_rank`
    look, step by step. None: nobody asked for system metrics."""
    if not system_metrics.chosen().is_on:
        return None
    return RankRecord(what, arguments, following)


class RankRecord(Record):
    """It has no run: what the first rank records is all there is of the training."""

    def __init__(
        self,
        what: str,
        arguments: UsersArguments,
        following: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self.what, self.args, self.kwargs = what, arguments.args, arguments.kwargs
        self._following = following

    def following(self) -> AbstractContextManager[object]:
        return self._following()

    def finish(self, result: Any) -> None:  # noqa: ARG002 - the first rank has it
        with guarded("end the run of another rank"):
            other_rank().end()

    def fail(self, error: BaseException) -> None:
        """The first rank says so."""
        self.finish(error)


def _told_run() -> str | None:
    """None if the first rank has told of none, or records elsewhere."""
    shared = _shared_store() if _is_one_of_several() else None
    if shared is None or not shared.check([_RUN]):
        return None
    uri, run_id = json.loads(shared.get(_RUN))
    return str(run_id) if uri == current_session().store.uri else None


def _child_of(run_id: str, flavor: str) -> ActiveRun:
    """It is not the active one: what the user logs is where he says."""
    session = current_session()
    name, tags = f"rank {together.get_rank()}", {AUTOLOG_TAG: flavor}
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


_other_rank = OtherRank()


def other_rank() -> OtherRank:
    """Of this process."""
    return _other_rank


def _after_fork() -> None:
    global _other_rank
    _other_rank = OtherRank()


os.register_at_fork(after_in_child=_after_fork)
