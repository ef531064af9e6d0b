"""Which run is active here: that of the code that asks, not the one that the process opened last.

| code                                        | its run                                          |
|---------------------------------------------|--------------------------------------------------|
| a script's own, or a notebook's top level   | the newest that is open                          |
| a tracked cell's own                        | the cell's, or the newest opened on top of it    |
| a thread, task, job or callback             | its own; else what was active where it was       |
|                                             | started, also when that has ended; else none     |
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from nbtrack.base.guard import warn
from nbtrack.errors import RunAlreadyActive
from nbtrack.recording.here import (
    NOBODYS,
    THREADS_HERE,
    CellLine,
    Here,
    changes,
    here,
    is_own_code_of,
    user_task,
)
from nbtrack.recording.surroundings import execution_count

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun


class RunStack:
    """*changed* is called when another run is active in a cell's or the script's own code."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._tell = changed
        # Of the script or of the notebook's top level; a notebook's outlive the cells that opened
        # them, for which a ContextVar is not enough: one set in an awaiting cell is lost.
        self._base: list[ActiveRun] = []
        self._main_thread = threading.main_thread().ident
        self.knows_cells = False  # the extension is loaded: code of no cell is nobody's

    def top(self) -> ActiveRun | None:
        place = self._place()
        if place is None:
            return self._base[-1] if self._base else None
        return self._top_at(place)

    def _top_at(self, place: Here) -> ActiveRun | None:
        if place.runs and (newest := place.runs[-1]).is_open:
            return newest
        return self._top_behind(place)

    def _top_behind(self, place: Here) -> ActiveRun | None:
        cell = place.cell
        if cell is not None and is_own_code_of(cell):
            return next((run for run in reversed(place.runs) if run.is_open), cell.run)
        found = place.runs[-1] if place.runs else place.began_in
        if found is None and cell is not None:
            found = cell.run
        return None if found is None or (found.is_deleted and not found.is_open) else found

    def _changed(self) -> None:
        changes.note()
        self._tell()

    # --- cells

    def cell(self) -> CellLine | None:
        """The cell that this code belongs to, running or over."""
        place = self._place()
        return None if place is None else place.cell

    def cell_run(self) -> ActiveRun | None:
        cell = self.cell()
        return None if cell is None else cell.run

    def when_cell_ends(self, ended: Callable[[], None]) -> bool:
        """Whether this code belongs to a cell that runs; then *ended* is called once at its end."""
        cell = self.cell()
        if cell is None or cell.is_over:
            return False
        cell.at_end.append(ended)
        return True

    def enter_cell(self, cell: CellLine) -> Here | None:
        """Its code runs from now on; what is given back is for `leave_cell`."""
        before = here.get()
        is_inner = before is not None and before.cell is not None and not before.cell.is_over
        here.set(Here(cell, before.runs if before is not None and is_inner else tuple(self._base)))
        changes.note()
        return before

    def reenter_cell(self, cell: CellLine) -> None:
        """To bring it to its end, wherever the kernel does that."""
        here.set(Here(cell, tuple(cell.runs) or tuple(self._base)))
        changes.note()

    def leave_cell(self, cell: CellLine, before: Here | None) -> None:
        cell.is_over = True
        here.set(before)
        self._changed()

    def enter_cell_run(self, cell: CellLine, run: ActiveRun) -> None:
        """The cell is tracked, whichever of its threads or tasks asks for it."""
        cell.run = run
        cell.runs.append(run)
        place = self._place() or NOBODYS
        here.set(place._replace(cell=cell, runs=(*place.runs, run)))
        self._changed()

    # --- runs

    def push(self, run: ActiveRun) -> None:
        self._push(run)
        self._changed()

    def _push(self, run: ActiveRun) -> None:
        place = self._place()
        if self.is_own_code():
            cell = None if place is None else place.cell
            (self._base if cell is None or cell.run is None else cell.runs).append(run)
            if place is None:
                return
        place = place or Here(began_in=self.top())
        here.set(place._replace(runs=(*place.runs, run)))

    def pop(self, run: ActiveRun) -> None:
        """Leave the innermost entry of *run* here; it stays open for who entered it elsewhere."""
        self._pop(run)
        changes.note()

    def _pop(self, run: ActiveRun) -> None:
        place = self._place()
        if place is not None and run in place.runs:
            here.set(place._replace(runs=_without_last(place.runs, run)))
            if not self.is_own_code():
                return
        of_cell = [] if place is None or place.cell is None else place.cell.runs
        runs = self._base if run in self._base else of_cell
        if run in runs:
            runs[:] = _without_last(tuple(runs), run)

    def remove(self, run: ActiveRun) -> None:
        """It has ended; whoever it is handed over to still logs to it."""
        self._remove(run)
        self._changed()

    def _remove(self, run: ActiveRun) -> None:
        place = here.get()
        self._base[:] = [other for other in self._base if other is not run]
        if place is None:
            return
        if place.cell is not None:
            place.cell.runs[:] = [other for other in place.cell.runs if other is not run]
        if run in place.runs:
            here.set(place._replace(runs=tuple(each for each in place.runs if each is not run)))

    def __contains__(self, run: ActiveRun) -> bool:
        """Whether it was opened here, and is open."""
        place = self._place()
        return run in self._base if place is None else run in place.runs and run.is_open

    def parent_of_new_run(self, *, nested: bool) -> ActiveRun | None:
        """Raises RunAlreadyActive where the new run would hide one that is open."""
        top = self.top()
        if top is None or nested or not top.is_ours or top.opened_by_hook:
            return top
        if self.cell_run() is not None:
            return top
        if not self.is_own_code():
            if not self._is_opened_here(top):
                return None  # a worker thread's own run has nothing to do with the script's
            raise RunAlreadyActive(top.run_id)
        now = execution_count()
        if now is None or top.opened_in == now:
            raise RunAlreadyActive(top.run_id)
        self._end_what_earlier_cells_left_open()
        return None

    def _is_opened_here(self, run: ActiveRun) -> bool:
        """By this thread or task, which is to end it."""
        place = self._place()
        return run.is_open and place is not None and run in place.runs

    def _end_what_earlier_cells_left_open(self) -> None:
        for run in dict.fromkeys(reversed(self._base)):  # one may be entered twice
            warn(
                f"nbtrack: run {run.info.run_name!r} was left open by an earlier cell; "
                "it is closed, and a new one starts."
            )
            run.end_for("start_run in a later cell")

    # --- whose code

    def is_own_code(self) -> bool:
        """Whether this code is the notebook's or script's own, not what it started."""
        place = self._place()
        if place is None:
            return threading.get_ident() == self._main_thread and user_task() is None
        return place.cell is not None and is_own_code_of(place.cell)

    def is_callback(self) -> bool:
        """Whether a run that nobody asked for has to end with the code that logs."""
        return not self.is_own_code() or (self.knows_cells and here.get() is None)

    def handed_over(self) -> Here:
        """What code that is started here belongs to."""
        place = self._place()
        if place is None:
            return Here(began_in=self._base[-1] if self._base else None)
        return Here(place.cell, (), self._top_at(place))

    def after_fork(self) -> None:
        self._main_thread = threading.main_thread().ident

    def _place(self) -> Here | None:
        place = here.get()
        if place is None and threading.get_ident() != self._main_thread:
            return self._threads_own()
        return place

    def _threads_own(self) -> Here | None:
        """What the thread's starter handed over, the first time that the thread asks."""
        known: Here | None = vars(threading.current_thread()).get(THREADS_HERE)
        if known is None and self.knows_cells:
            known = NOBODYS
        if known is not None:
            here.set(known)
        return known


def _without_last(runs: tuple[ActiveRun, ...], run: ActiveRun) -> tuple[ActiveRun, ...]:
    place = len(runs) - 1 - runs[::-1].index(run)
    return runs[:place] + runs[place + 1 :]
