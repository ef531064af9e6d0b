"""Tells the recorder of provenance of each cell, and gives what it found a place in the journal."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.capture.secrets import mask_secrets
from nbtrack.cells.cell_events import MOST_FAULTS
from nbtrack.cells.cell_source import RunningCell
from nbtrack.cells.transform import without_call
from nbtrack.hooks import imports
from nbtrack.provenance.executions import states
from nbtrack.provenance.executions.execution_log import ExecutionLog
from nbtrack.provenance.executions.recorder import CellFacts, KernelRecorder
from nbtrack.provenance.executions.running import Running
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.session import Session
from nbtrack.recording.surroundings import notebook_path
from nbtrack.records.executions import Execution
from nbtrack.settings import working_folder
from nbtrack.stores.opening import folder_of


class ProvenanceRecord:
    """After a few faults of its own it leaves cells alone; they are tracked as before."""

    def __init__(self, shell: Any, session: Session) -> None:
        self._shell = shell
        self._session = session
        self._inputs = 1  # of the kernel's history, that are recorded
        self._is_watching = False
        self._faults = 0
        self.log = ExecutionLog()
        self.recorder = KernelRecorder(shell.user_ns, self._write)
        self._running: dict[int, tuple[RunningCell, Running]] = {}  # by id of the cell

    def began(self, cell: RunningCell) -> None:
        with self._guarded():
            if self._session.settings.provenance and self._faults < MOST_FAULTS:
                self._catch_up(cell)
                self._watch_for_numpy()
                self._running[id(cell)] = cell, self.recorder.began(self._facts(cell))

    def tracked(self, cell: RunningCell, run: ActiveRun) -> None:
        """The cell, or one in it, has a run."""
        with self._guarded():
            if id(cell) not in self._running:
                self.began(cell)
            if (known := self._running.get(id(cell))) is not None:
                running = known[1]
                self.recorder.tracked(running, run.run_id, count=cell.count)
                self.log.write(self.log.executions[running.execution.number], run.store)

    def ended(self, cell: RunningCell | None, *, is_ok: bool) -> None:
        with self._guarded():
            known = self._running.pop(id(cell), None)
            self._inputs = len(self._history)
            if known is not None:
                for store in self._session.open_stores:
                    known[1].opened.forget(str(folder_of(store.uri)))
                self._end(known[1], is_ok=is_ok, count=known[0].count)

    def _end(self, running: Running, *, is_ok: bool, count: int) -> None:
        is_recorded = False
        try:
            self.recorder.ended(running, is_ok=is_ok, count=count)
            is_recorded = True
        finally:
            if not is_recorded:
                self.recorder.failed(running, is_ok=is_ok, count=count)

    def _watch_for_numpy(self) -> None:
        """Where its generator starts from is drawn when it is imported."""
        if not (self._is_watching or "numpy.random" in sys.modules):
            self._is_watching = True
            imports.watch("numpy", self._imported)

    def _imported(self, module: ModuleType) -> None:
        if module.__name__ == "numpy.random":
            for _, running in list(self._running.values()):
                self.recorder.has_generator(running, "numpy")
            imports.unwatch("numpy")

    def states_around(self, cell: RunningCell) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Hidden states when the cell began, and now; nothing of one that is not recorded."""
        known = self._running.get(id(cell))
        return ({}, {}) if known is None else (known[1].states, states.probed())

    @property
    def _history(self) -> list[str]:
        """What ran in this kernel, as typed; by number, the first of which is none."""
        found = getattr(getattr(self._shell, "history_manager", None), "input_hist_raw", None)
        return found if type(found) is list else []

    def _catch_up(self, cell: RunningCell) -> None:
        """With cells that ran while nbtrack was not loaded, or switched off."""
        history, is_inner = self._history, bool(self._running)
        running = getattr(self._shell.displayhook, "exec_result", None)
        is_in_history = running is not None and running.info is cell.info
        missed = range(self._inputs, len(history) - is_in_history)
        if missed and not is_inner:
            self.recorder.ran_before([self._earlier(count) for count in missed])
        self._inputs = len(history)

    def _earlier(self, count: int) -> CellFacts:
        typed = self._history[count]
        masked = mask_secrets(typed)
        return CellFacts(
            source=masked,
            transformed=self._shell.transform_cell(typed),
            is_masked=masked != typed,
            notebook=notebook_path(self._session.settings),
            execution_count=count,
        )

    def _facts(self, cell: RunningCell) -> CellFacts:
        return CellFacts(
            source=cell.masked,
            transformed=without_call(cell.transformed),
            is_masked=cell.masked != cell.typed,
            notebook=notebook_path(self._session.settings),
            folder=str(working_folder()),
            cell_id=cell.cell_id,
            started_us=cell.started_us,
        )

    def _write(self, execution: Execution, texts: Mapping[str, str]) -> None:
        self.log.keep(execution, texts)
        for store in self._session.open_stores:
            if self.log.is_in(store):
                self.log.write(execution, store)

    def _guarded(self) -> AbstractContextManager[None]:
        return guarded("record where the cell's values came from", on_fault=self._fault)

    def _fault(self) -> None:
        self._faults += 1
