"""Runs across processes: a child records where its parent does, and in the run that is open there.

What a child logs without a run of its own goes to its parent's, and runs that it begins are
children of that; as of a tracked cell that starts a script.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from nbtrack.base import parent_process
from nbtrack.base.parent_process import ParentProcess
from nbtrack.errors import NbtrackError
from nbtrack.recording.experiments import PATIENT_LOOK_SECONDS
from nbtrack.recording.run_creation import find_run_to_log
from nbtrack.records.runs import RunInfo
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    from nbtrack.recording.active_experiment import ActiveExperiment
    from nbtrack.recording.active_run import AttachedRun
    from nbtrack.recording.run_stack import RunStack


class _Asked(NamedTuple):
    """Once a job, not at every log call: a look at the database takes milliseconds."""

    job: int | None
    was_running: bool


class ProcessFamily:
    """*attach* makes a run of another process one that can be logged to."""

    def __init__(self, attach: Callable[[str, RunInfo], AttachedRun]) -> None:
        self._attach = attach
        self._attached: dict[str, AttachedRun | None] = {}  # by id
        self._asked: _Asked | None = None  # of a worker that is reused

    def parents_run_id(self, store: Store) -> str | None:
        """Of whoever records in another store, the runs are nothing to us; nor is one that ended
        to a worker which has served others since."""
        parent = self._parent
        if parent.run is None or parent.store != store.uri:
            return None
        is_over = parent_process.is_reused() and not self._was_running(store, parent.run)
        return None if is_over else parent.run

    @cached_property
    def _parent(self) -> ParentProcess:
        return parent_process.parent_process()

    def parents_run(self, store: Store) -> AttachedRun | None:
        """None also if it was deleted: its child goes on by itself."""
        if (run_id := self.parents_run_id(store)) is None:
            return None
        if run_id not in self._attached:
            self._attached[run_id] = self._found(store, run_id)
        return self._attached[run_id]

    def _was_running(self, store: Store, run_id: str) -> bool:
        """When the job began that is done here now: then it is its job, to the job's end."""
        job = parent_process.reused_workers_job()
        if self._asked is None or (job is not None and job != self._asked.job):
            self._asked = _Asked(job, self._is_running(store, run_id))
        return self._asked.was_running

    def _is_running(self, store: Store, run_id: str) -> bool:
        try:
            return store.look_up_run(run_id, timeout=PATIENT_LOOK_SECONDS).info.status == "RUNNING"
        except NbtrackError:
            return False

    def _found(self, store: Store, run_id: str) -> AttachedRun | None:
        try:
            found = find_run_to_log(store, run_id, timeout=PATIENT_LOOK_SECONDS)
        except NbtrackError:
            return None
        return self._attach(store.uri, found.info)

    def tell_children(
        self, stack: RunStack, store_uri: str | None, experiments: ActiveExperiment
    ) -> None:
        """What a process that is started now by a cell's or the script's own code begins with."""
        if threading.get_ident() != threading.main_thread().ident or not stack.is_own_code():
            return
        run = stack.top()
        is_there = run is not None and run.is_open and run.store.uri == store_uri
        parent_process.tell_children(
            ParentProcess(
                store=store_uri,
                experiment=experiments.name_for(run),
                run=run.run_id if run is not None and is_there else None,
            )
        )
