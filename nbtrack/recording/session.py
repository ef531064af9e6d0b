"""What one Python process has open: stores, the active experiment, the active runs."""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any

from nbtrack.base.guard import guarded, warn, warn_once
from nbtrack.base.stopwatch import Stopwatch
from nbtrack.base.values import check_run_id, check_tags
from nbtrack.errors import NbtrackError, RunDeleted
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.active_experiment import ActiveExperiment
from nbtrack.recording.active_run import ActiveRun, AttachedRun
from nbtrack.recording.code_end import end_if_this_code_fails, end_with_this_code
from nbtrack.recording.deletions import Deletion
from nbtrack.recording.experiments import PATIENT_LOOK_SECONDS
from nbtrack.recording.handing_over import HandingOver
from nbtrack.recording.here import CellLine
from nbtrack.recording.open_stores import OpenStores
from nbtrack.recording.process_end import status_at_exit, watch_process_end
from nbtrack.recording.process_family import ProcessFamily
from nbtrack.recording.run_creation import (
    described_run,
    find_run_to_log,
    one_name,
    resumed_header,
)
from nbtrack.recording.run_stack import RunStack
from nbtrack.recording.run_writer import RunWriter
from nbtrack.recording.surroundings import default_run_name, execution_count, name_of_callback
from nbtrack.recording.system_metrics import sample_machine
from nbtrack.records.runs import Experiment, Run, RunInfo, RunStatus
from nbtrack.records.tags import PARENT_TAG
from nbtrack.settings import FitScope, take_mlflows_run_id
from nbtrack.stores.store import Store


class Session(OpenStores):
    def __init__(self) -> None:
        super().__init__()
        self.stack = RunStack(self._tell_children)
        self.experiments = ActiveExperiment(lambda: self.store, lambda: self.settings)
        self._runs: weakref.WeakValueDictionary[str, ActiveRun] = weakref.WeakValueDictionary()
        # By store and id: runs of others that clients wrote to, and when they were looked at.
        self.verified: dict[tuple[str, str], tuple[float, RunWriter]] = {}
        # Held here too: a thread that ends without ending its run takes its overlay with it.
        self._open: dict[str, ActiveRun] = {}
        self.last_run: tuple[Store, str] | None = None
        self.family = ProcessFamily(self.attached_run)
        self.handing_over = HandingOver(self.stack.handed_over)
        # Asked when something is logged and no run is open; None: open an ordinary run.
        self.open_cell_run: Callable[[], ActiveRun | None] = lambda: None
        self.deletions: list[Deletion] = []  # the newest last
        # The notebook says here where trainings are to be recorded, and the hooks listen.
        self.record_fits: Callable[[FitScope], None] = lambda _scope: None
        # What it takes, once, to be ready for that: imports, and patches of what is imported.
        self.set_up = Stopwatch()
        self.is_rehearsing = False  # what runs here is a repetition, see provenance/rehearsal

    # --- experiments

    @property
    def experiment(self) -> Experiment:
        return self.experiments.active

    def set_experiment(
        self, name: str | None = None, *, experiment_id: str | None = None
    ) -> Experiment:
        """For runs that begin from now on, and for the tracked cell that is running."""
        if experiment_id is not None:
            experiment = self.experiments.set_id(experiment_id)
        else:
            experiment = self.experiments.set(str(name))
        self._tell_children()
        run = self.cell_run
        if run is not None and run.is_open and run.follows_experiment and run.store is self.store:
            run.move_to(experiment)
        return experiment

    # --- cells

    @property
    def cell_run(self) -> ActiveRun | None:
        """Of the tracked cell that this code is of, or was started by; it may have ended."""
        return self.stack.cell_run()

    def follow_cells(self, *, is_on: bool) -> None:
        """The extension, as long as it is loaded, tells of every cell where it begins and ends."""
        self.stack.knows_cells = is_on
        self.hand_over()

    def hand_over(self) -> None:
        """What is started here is told where it comes from, as long as there is something to."""
        if self._open or self.stack.knows_cells:
            self.handing_over.start(with_widgets=self.stack.knows_cells)
        else:
            self.handing_over.stop()

    # --- runs

    def active_run(self) -> ActiveRun | None:
        return self.stack.top()

    def run_to_log_to(self) -> RunWriter:
        """The active run, else that of the process which started this one; if there is none, one
        is opened, as in MLflow, and said so."""
        if (run := self.stack.top()) is not None:
            run.is_unasked = False  # MLflow would have opened one
            return run
        run = self.open_cell_run()
        return run or self.family.parents_run(self.store) or self._run_for_want_of_one()

    def _run_for_want_of_one(self) -> ActiveRun:
        if (run := self.resume_mlflows_run()) is not None:
            return run
        if self.stack.is_callback():
            run = self.start_run(name=name_of_callback())
            sample_machine(run)
            end_with_this_code(run)
            warn_once(
                "nbtrack: a thread, task or callback logged, and no run was open where it was "
                "started. Each of them gets a run of its own, which ends with it."
            )
            return run
        run = self.start_run()
        sample_machine(run)
        warn(
            f"nbtrack: nothing was open, so run {run.info.run_name!r} was opened "
            f"({run.run_id}). nbtrack.end_run() closes it."
        )
        return run

    def start_run(
        self,
        *,
        name: str | None = None,
        experiment_id: str | None = None,
        nested: bool = False,
        parent_run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> ActiveRun:
        """Open a run and make it the active one. Raises RunAlreadyActive outside of notebooks."""
        given = check_tags(tags)
        parent = self.stack.parent_of_new_run(nested=nested)
        around = self.family.parents_run_id(self.store) if parent is None else parent.run_id
        parent_id = parent_run_id or around
        if parent_id:
            given[PARENT_TAG] = parent_id
        name = one_name(name, given)
        experiment = self.experiments.of_new_run(experiment_id, parent)
        run = self._create(name, experiment=experiment, tags=given, parent=parent)
        self.stack.push(run)
        end_if_this_code_fails(run)
        return run

    def start_cell_run(
        self,
        cell: CellLine,
        *,
        name: str,
        experiment: Experiment | None,
        tags: Mapping[str, str],
        start_us: int,
    ) -> ActiveRun:
        """Open the run of a tracked cell, whichever thread asks: a child of what is open.

        Runs that its code starts become its children; `end_run()` does not close it.
        """
        parent = self.stack.top()
        given = dict(tags) if parent is None else {**tags, PARENT_TAG: parent.run_id}
        found = self.experiments.of_new_run(None, parent) if parent else self.experiment
        run = self._create(
            name, experiment=experiment or found, tags=given, parent=parent, start_us=start_us
        )
        run.is_cell, run.follows_experiment = True, experiment is None
        self.stack.enter_cell_run(cell, run)
        sample_machine(run)
        return run

    def describe_child(
        self, parent: ActiveRun, *, name: str, tags: Mapping[str, str], start_us: int
    ) -> tuple[RunInfo, str]:
        return self._describe(
            name,
            experiment=self.experiments.of_new_run(None, parent),
            tags={**tags, PARENT_TAG: parent.run_id},
            parent=parent,
            start_us=start_us,
        )

    def resume_run(self, run_id: str, *, nested: bool = False) -> ActiveRun:
        """Make an existing run the active one again. Raises RunNotFound, RunDeleted."""
        known = self.known_run(run_id)
        if known is not None and known.is_open:
            return self._enter_again(known, nested=nested)
        parent = self.stack.parent_of_new_run(nested=nested)
        store = self.store
        info, newest_us = find_run_to_log(store, run_id, timeout=PATIENT_LOOK_SECONDS)
        t = max(now_us(), newest_us + 1)
        store.append(lines.run_line(run_id, t=t, status=RunStatus.RUNNING, writer=store.writer))
        run = ActiveRun(self, store, info, parent=parent, header=resumed_header(store, info))
        run.began_us = run.newest_us = t
        run.set_running()
        self.remember(run)
        self.stack.push(run)
        return run

    def resume_mlflows_run(self) -> ActiveRun | None:
        """The one that MLFLOW_RUN_ID names, once, and as long as nothing is open."""
        if self.stack.top() is not None or (run_id := take_mlflows_run_id()) is None:
            return None
        try:
            return self.resume_run(check_run_id(run_id))
        except NbtrackError as exc:
            warn(f"nbtrack: MLFLOW_RUN_ID is not followed; a new run is. {exc}")
            return None

    def _place_changed(self) -> None:
        self.experiments.forget()
        self._tell_children()

    def _place_is_known(self) -> None:
        self._tell_children()

    def _tell_children(self) -> None:
        self.family.tell_children(self.stack, self.known_uri, self.experiments)

    def _enter_again(self, run: ActiveRun, *, nested: bool) -> ActiveRun:
        """A callback's or worker's `with start_run(run_id=...)` on a run that is open already."""
        if execution_count() is None:
            self.stack.parent_of_new_run(nested=nested)  # raises RunAlreadyActive, as for a new run
        if run.is_deleted:
            raise RunDeleted(run.run_id)
        with self._lock:
            run.entries += 1
        run.is_unasked = False
        self.stack.push(run)
        return run

    def end_run(self, status: RunStatus | str = RunStatus.FINISHED) -> None:
        """Close the active run; the run of a tracked cell ends with its cell, not before."""
        run = self.stack.top()
        if run is not None and not run.is_cell:
            run.end(status)

    def last_active_run(self) -> Run | None:
        if self.last_run is None:
            return None
        store, run_id = self.last_run
        return store.get_run(run_id)

    def end_again(self, run_id: str, status: RunStatus) -> None:
        """The block of this run is left, in which it was ended and begun once more."""
        again = self.known_run(run_id)
        if again is not None and again in self.stack:
            again.end(status)

    def leave(self, run: ActiveRun) -> bool:
        """Undo one entry of *run*; whether it was the last one, so that the run ends."""
        with self._lock:
            run.entries -= 1
            is_last = run.entries <= 0
        if not is_last:
            self.stack.pop(run)
        return is_last

    def release(self, run: ActiveRun) -> None:
        """*run* has ended."""
        self.last_run = (run.store, run.run_id)
        self._open.pop(run.run_id, None)
        self.stack.remove(run)
        self.hand_over()

    def known_run(self, run_id: str) -> ActiveRun | None:
        """The run, if this process opened it and still holds it."""
        return self._runs.get(run_id)

    @staticmethod
    def attached_run(store_uri: str, info: RunInfo) -> AttachedRun:
        """A run of another process, in this one: what a pickled `ActiveRun` becomes."""
        store = current_session().store_for(store_uri)
        return AttachedRun(store, info, attach=Session.attached_run)

    def check_store(self) -> None:
        """If somebody removed the project folder, begin it again with the runs that are open."""
        for store in list(self._stores.values()):
            if store.was_removed():
                warn(f"nbtrack: {store.uri} was removed; what is logged now starts it afresh.")
                if store is self._store:
                    self.experiments.announce_again()
                for run in list(self._open.values()):
                    if run.store is store and not run.is_deleted:
                        run.announce_again()

    def close(self) -> None:
        """End what is open and fold what waits, at exit. A forked child ends its own runs only."""
        self.end_runs()
        for store in self._stores.values():
            with guarded("close its store"):
                store.close()

    def end_runs(self) -> None:
        """All that are open here, at the end of the process."""
        status = status_at_exit()
        for run in list(self._open.values()):
            with guarded("end a run at exit"):
                while run.is_open:
                    run.end(status)

    def _create(
        self,
        name: str | None,
        *,
        experiment: Experiment,
        tags: Mapping[str, str],
        parent: ActiveRun | None,
        start_us: int | None = None,
    ) -> ActiveRun:
        start_us = start_us or now_us()
        info, header = self._describe(
            name, experiment=experiment, tags=tags, parent=parent, start_us=start_us
        )
        store = self.store if parent is None else parent.store
        store.append(header)
        run = ActiveRun(self, store, info, parent=parent, header=header, is_named=name is not None)
        run.began_us = start_us
        run.opened_in = execution_count()
        self.remember(run)
        return run

    def _describe(
        self,
        name: str | None,
        *,
        experiment: Experiment,
        tags: Mapping[str, str],
        parent: ActiveRun | None,
        start_us: int,
    ) -> tuple[RunInfo, str]:
        store = self.store if parent is None else parent.store
        self.check_store()
        name = name or default_run_name(None if parent is None else str(parent.info.run_name))
        return described_run(
            store, experiment, self.settings, name=name, tags=tags, start_us=start_us
        )

    def remember(self, run: ActiveRun) -> None:
        """*run* exists."""
        watch_process_end(self.end_runs)
        self._runs[run.run_id] = run
        if run.is_open:
            self._open[run.run_id] = run
            self.hand_over()
        self.last_run = (run.store, run.run_id)

    def _after_fork(self) -> None:
        # The parent's runs can be logged to here, but it is the parent that ends them.
        self._lock = RLock()
        self.stack.after_fork()
        self.handing_over.after_fork()
        self.family = ProcessFamily(self.attached_run)
        for run in self._open.values():
            run.is_ours = False
        self._open = {}
        self._runs = weakref.WeakValueDictionary()


_current: Session | None = None
_making = RLock()


def current_session() -> Session:
    global _current
    if _current is None:
        with _making:
            if _current is None:
                _current = Session()
                atexit.register(_current.close)
    return _current


def _after_fork() -> None:
    global _making
    _making = RLock()
    if _current is not None:
        _current._after_fork()


os.register_at_fork(after_in_child=_after_fork)
