"""What one kernel knows of its cells: which is running, which are tracked, what came before."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from threading import RLock
from typing import Any

from nbtrack.base.guard import guarded, warn_once
from nbtrack.base.values import check_key
from nbtrack.capture.lineage import Lineages
from nbtrack.cells.arguments import TrackArguments, read_arguments
from nbtrack.cells.cell_card import CardMaker
from nbtrack.cells.cell_events import CellEvents
from nbtrack.cells.cell_source import RunningCell
from nbtrack.cells.cell_warnings import CellWarnings
from nbtrack.cells.completion import KnownNames
from nbtrack.cells.execution import Execution
from nbtrack.cells.gauges import Gauges, Readings
from nbtrack.cells.kernel_start import kernel_started_us
from nbtrack.cells.look_back import LookBack
from nbtrack.cells.outcome import Outcome, as_stopped, outcome_of, small_value
from nbtrack.cells.own_lines import holds_no_code, is_about_tracking
from nbtrack.cells.provenance_record import ProvenanceRecord
from nbtrack.cells.surroundings_record import SurroundingsRecorder
from nbtrack.cells.tracked_cell import Place, TrackedCell
from nbtrack.journal.lines import now_us
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.experiments import check_is_active
from nbtrack.recording.here import CellLine
from nbtrack.recording.session import Session
from nbtrack.recording.surroundings import notebook_path
from nbtrack.records.runs import RunStatus
from nbtrack.settings import FitScope

_FINISHED = Outcome(status=RunStatus.FINISHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedCell:
    """The cell that ran last, in case `%track last` is asked for it."""

    cell: RunningCell
    outcome: Outcome
    ended_us: int
    run: ActiveRun | None


class Cells:
    """The listener of `CellEvents`; `track` is called by the magic."""

    def __init__(self, shell: Any, session: Session, *, show_live: Callable[[], object]) -> None:
        self.shell = shell
        self.session = session
        self._draw_live = show_live  # of --live: the curves of the running cell
        self.events = CellEvents(shell, self)
        self.surroundings = SurroundingsRecorder()
        self.provenance = ProvenanceRecord(shell, session)
        self.look_back = LookBack()
        self.cards = CardMaker(session, self.look_back)
        self.warnings = CellWarnings(
            session, self.look_back, self.provenance, on_fault=self.events.fault
        )
        self.is_on = False  # %track on
        self.is_inferring: bool | None = None  # None: as the settings say
        self.last: EndedCell | None = None
        self.recorded: list[ActiveRun] = []  # the newest last
        self._lock = RLock()
        # By store and its writer, which is another one after somebody removed the store.
        self._lineages: dict[tuple[str, str], Lineages] = {}
        self._placed_in: set[tuple[str, str, str | None]] = set()  # the same, and notebook
        self._kernel_started = kernel_started_us()
        self._gauges = Gauges(shell)
        self._pid = os.getpid()
        self._running: dict[int, list[Execution]] = {}  # by thread, the innermost last

    # --- events

    def cell_began(self, info: Any) -> None:
        self._running[threading.get_ident()] = []
        self.session.hand_over()  # there may be libraries of threads or widgets that are new
        execution = self._begin(info)
        if execution.cell is not None:
            self.provenance.began(execution.cell)
        if self.is_on:
            self._measure(execution)

    def frame_ended(self, info: Any, result: Any) -> None:
        """An error inside %%capture is swallowed there, but it was the tracked code's."""
        for execution in reversed(running := self._running_here):
            cell = execution.cell
            if cell is None or info not in (execution.track_frame, cell.info):
                continue
            if info is cell.info and getattr(result, "execution_count", None) is not None:
                cell.count = result.execution_count
            outcome = outcome_of(self.shell, result)
            if execution.outcome is None or outcome.exception is not None:
                execution.outcome = outcome
            if info is cell.info and execution is not running[0]:
                self._end_inner(execution)
            return

    def cell_ended(self) -> None:
        outermost, *inner = self._running_here
        if inner:
            self._end_inner(inner[0])
        del self._running[threading.get_ident()]
        cell, tracked = outermost.cell, outermost.tracked
        outcome, ended_us = outermost.outcome or _FINISHED, now_us()
        try:
            self._end(outermost, outcome, ended_us=ended_us)
        finally:
            if cell is not None and not is_about_tracking(cell.typed):
                self.last = EndedCell(
                    cell=cell,
                    outcome=replace(outcome, last_value=small_value(outcome.last_value)),
                    ended_us=ended_us,
                    run=None if tracked is None else tracked.run,
                )

    @property
    def _running_here(self) -> list[Execution]:
        return self._running.get(threading.get_ident(), [])

    def _begin(self, info: Any) -> Execution:
        execution = Execution(RunningCell(shell=self.shell, info=info), self.session.stack)
        self._running_here.append(execution)
        return execution

    def _end_inner(self, execution: Execution) -> None:
        """With those that began in it."""
        running = self._running_here
        while execution in running:
            ended = running.pop()
            self._end(ended, ended.outcome or _FINISHED, ended_us=now_us())

    def _end(self, execution: Execution, outcome: Outcome, *, ended_us: int) -> None:
        self.session.stack.reenter_cell(execution)  # an awaiting cell was in a context of its own
        try:
            self.warnings.note_states(execution.cell, execution)
            self.provenance.ended(execution.cell, is_ok=outcome.status == RunStatus.FINISHED)
            if execution.tracked is not None:
                readings = self._gauges.stop() if execution.measures else None
                execution.measures = False
                outcome = as_stopped(outcome, is_stopped=execution.tracked.run.is_stopped)
                self._close(execution.tracked, outcome, readings, ended_us=ended_us)
        finally:
            self._end_what_is_left(execution)
            self._end_listeners(execution)
            execution.leave(self.session.stack)

    # --- tracking

    def track(self, line: str) -> None:
        """A `%track` line runs. Raises InvalidValue before anything is recorded."""
        if not self.events.is_enabled:
            warn_once("nbtrack is switched off; this cell is not recorded. %reload_ext nbtrack")
            return
        execution = self._execution_to_track()
        if execution is None or (cell := execution.cell) is None:
            warn_once("nbtrack: %track records the cell it stands in, and here is none.")
            return
        began = time.perf_counter()
        is_first = execution.tracked is None and cell.begins_with_track()
        reads_variables = "{" in line or "$" in line
        arguments = read_arguments(
            line,
            self.shell.user_ns,
            assigned_here=cell.bound_names if is_first and reads_variables else frozenset(),
        )
        for key in (*arguments.params, *arguments.tags):
            check_key(key)
        execution.silenced |= arguments.no_warn
        name = arguments.experiment
        experiment = self.session.experiments.named(name) if name else None
        if (known := execution.tracked) is not None:
            execution.track_frame = self.events.frame
            with guarded("add to the cell's run", on_fault=self.events.fault):
                known.update(arguments)
                if experiment is not None:
                    known.move_to(experiment)
            self._show_live(execution, arguments)
            return
        check_is_active(experiment or self.session.experiment)
        tracked = self.new_tracked_cell(cell, execution)
        tracked.arguments = arguments
        tracked.experiment = experiment
        with guarded("track the cell", on_fault=self.events.fault):
            self._open(execution, tracked, is_first=is_first, began=began)
        self._show_live(execution, arguments)

    def _execution_to_track(self) -> Execution | None:
        """That of the cell which calls `%track`: the running one, or one inside of it, such as
        `%run other.ipynb` runs, and `run_cell_magic` in a loop."""
        self.events.notice_silent_cell()
        if not self.events.is_here or not (running := self._running_here):
            return None
        if running[-1].is_of(self.events.frame):
            return running[-1]
        return self._begin(self.events.frame)

    def _show_live(self, execution: Execution, arguments: TrackArguments) -> None:
        if not (arguments.live and execution.tracked):
            return
        with guarded("show the live chart", on_fault=self.events.fault):
            self._draw_live()

    def run_for_log(self) -> ActiveRun | None:
        """`Session.open_cell_run` while `%track on`: the running cell becomes a run."""
        with self._lock, guarded("track the cell", on_fault=self.events.fault):
            execution = self.session.stack.cell()
            if not (self.is_on and isinstance(execution, Execution) and os.getpid() == self._pid):
                return None
            if execution.tracked is None and execution.cell is not None:
                began = time.perf_counter()
                tracked = self.new_tracked_cell(execution.cell, execution)
                self._open(execution, tracked, is_first=False, began=began)
            return execution.tracked.run if execution.tracked else None
        return None

    def new_tracked_cell(self, cell: RunningCell, line: CellLine) -> TrackedCell:
        """Not opened yet."""
        settings = self.session.settings
        return TrackedCell(
            session=self.session,
            cell=cell,
            line=line,
            place=self._place(cell),
            is_inferring=settings.infer if self.is_inferring is None else self.is_inferring,
            on_fault=self.events.fault,
        )

    def switch_on(self, *, is_inferring: bool | None) -> None:
        """Any cell in which something is logged becomes a run."""
        self.is_on, self.is_inferring = True, is_inferring
        self.session.open_cell_run = self.run_for_log
        self.record_fits("everywhere")

    def switch_off(self) -> None:
        if self.is_on:
            self.record_fits("tracked cells")
        self.is_on, self.is_inferring = False, None
        self.session.open_cell_run = _nothing_to_open

    def record_fits(self, scope: FitScope) -> None:
        """What autolog() was told comes first; the settings may say that nothing is recorded."""
        with self.session.set_up, guarded("record what is trained", on_fault=self.events.fault):
            self.session.record_fits(scope if self.session.settings.autolog else "never")

    def known_names(self) -> KnownNames:
        """For completion, from memory: what the last look at the experiment told."""
        session = self.session
        known = self.look_back.known(session.store, session.experiment.experiment_id)
        return KnownNames(
            experiments=known.experiments,
            param_names=known.params,
            metric_names=list(known.extremes),
        )

    @property
    def is_without_code(self) -> bool:
        """Whether the running cell is not tracked, and holds nothing that could be."""
        running = self._running_here
        if self.is_tracking or not running or (cell := running[-1].cell) is None:
            return False
        frame = self.events.frame
        return holds_no_code(cell.typed if running[-1].is_of(frame) else str(frame.raw_cell))

    @property
    def is_tracking(self) -> bool:
        running = self._running_here
        return bool(running) and running[-1].tracked is not None

    def finish(self, tracked: TrackedCell, ended: EndedCell) -> None:
        """Close the run of a cell that had ended before anybody asked for it."""
        self._close(tracked, ended.outcome, None, ended_us=ended.ended_us)
        self._end_listeners(tracked.line)
        self.last = replace(ended, run=tracked.run)

    def close(self) -> None:
        """At exit, before the session closes its stores."""
        with guarded("stop looking at earlier runs"):
            self.look_back.close()
        with guarded("stop watching the environment"):
            self.surroundings.close()

    def _open(
        self, execution: Execution, tracked: TrackedCell, *, is_first: bool, began: float
    ) -> None:
        """*began* is when nbtrack took over from the user's code, by `time.perf_counter`."""
        if not tracked.cell.compiles():
            return  # IPython will say so
        tracked.cost.add(time.perf_counter() - began)
        with tracked.cost:
            if not self.is_on:
                self.record_fits("tracked cells")
                tracked.set_up_in_cost = tracked.set_up.total
            self.surroundings.start()
            execution.track_frame = self.events.frame
            try:
                tracked.open(is_first=is_first)
            finally:
                execution.tracked = tracked if tracked.is_open else None
            self.provenance.tracked(tracked.cell, tracked.run)
            if is_first and (warned := self.warnings.at_start(tracked)) is not None:
                self.cards.show_early(tracked, warned)
            self.ask_history(tracked)
            if self.events.is_here:
                self._measure(execution)

    def _measure(self, execution: Execution) -> None:
        """Output and memory are the process's: one cell at a time has them for its own."""
        if not self._gauges.is_running:
            execution.measures = True
            self._gauges.start()

    def ask_history(self, tracked: TrackedCell) -> None:
        place, run = tracked.place, tracked.run
        self.look_back.ask(
            run.store,
            run.info.experiment_id,
            lineage=place.lineage if place.attempt > 1 else None,
            run_id=run.run_id,
        )

    def _close(
        self, tracked: TrackedCell, outcome: Outcome, readings: Readings | None, *, ended_us: int
    ) -> None:
        with tracked.cost:
            trace = tracked.close(
                outcome, readings, surroundings=self.surroundings, ended_us=ended_us
            )
            self.recorded.append(tracked.run)
            if trace.children:
                tracked.tell_children_apart(trace, self.cards.directions(tracked))
                tracked.line.at_end.append(partial(tracked.show_best_child, trace))
            self.warnings.at_end(tracked, outcome.status, trace)
            with guarded("show the card", on_fault=self.events.fault):
                # A traceback has ended what `clear_output(wait=True)` began.
                clears = readings is not None and readings.displays.would_be_cleared
                clears &= outcome.exception is None
                self.cards.show(tracked, outcome, trace, ended_us=ended_us, is_in_the_way=clears)

    def _end_listeners(self, line: CellLine) -> None:
        while line.at_end:
            with guarded("end what shows the running cell", on_fault=self.events.fault):
                line.at_end.pop(0)()

    def _end_what_is_left(self, execution: Execution) -> None:
        """After an interrupt in the middle of our own work."""
        if (run := execution.run) is not None and run.is_open:
            run.end(RunStatus.KILLED)
        if execution.measures:
            self._gauges.stop()
            execution.measures = False

    def _place(self, cell: RunningCell) -> Place:
        notebook = notebook_path(self.session.settings)
        with guarded("look after the store"):
            self.session.check_store()
        store = self.session.store
        lineages = self._lineages.setdefault((store.uri, store.writer), Lineages())
        self._take_over_earlier_places(lineages, notebook)
        position = cell.count - 1
        lineage, attempt = lineages.place(cell.cell_id, position, cell.masked, notebook)
        return Place(
            notebook=notebook,
            lineage=lineage,
            attempt=attempt,
            position=position,
            kernel_started=self._kernel_started,
        )

    def _take_over_earlier_places(self, lineages: Lineages, notebook: str | None) -> None:
        """Once per store that could be read: attempts go on where an earlier kernel stopped."""
        store = self.session.store
        where = (store.uri, store.writer, notebook)
        if where in self._placed_in:
            return
        with guarded("find earlier attempts"):
            places = self.look_back.places(store, notebook)
            if places is not None:
                self._placed_in.add(where)
            for place in places or ():
                lineages.remember(
                    place.lineage,
                    place.attempt,
                    position=place.position,
                    source=place.source,
                    notebook=notebook,
                )


def _nothing_to_open() -> None:
    return None
