"""What one kernel knows of its cells: which is running, which are tracked, what came before."""

from __future__ import annotations

import os
import re
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
from nbtrack.cells.completion import KnownNames
from nbtrack.cells.gauges import Gauges
from nbtrack.cells.kernel_start import kernel_started_us
from nbtrack.cells.look_back import LookBack
from nbtrack.cells.outcome import Outcome, outcome_of, small_value
from nbtrack.cells.surroundings_record import SurroundingsRecorder
from nbtrack.cells.tracked_cell import Place, TrackedCell
from nbtrack.errors import InvalidValue
from nbtrack.journal.lines import now_us
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.experiments import check_is_active
from nbtrack.recording.session import Session
from nbtrack.recording.surroundings import notebook_path
from nbtrack.records.runs import RunStatus
from nbtrack.settings import FitScope

_FINISHED = Outcome(status=RunStatus.FINISHED)
_OWN_LINE = re.compile(
    r"\s*(#|$|%(load_ext|reload_ext)\s+nbtrack|%{1,2}(track|runs|experiment|compare|registry)\b)"
)


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
        self.look_back = LookBack()
        self.cards = CardMaker(session, self.look_back)
        self.is_on = False  # %track on
        self.is_inferring: bool | None = None  # None: as the settings say
        self.last: EndedCell | None = None
        self.recorded: list[ActiveRun] = []  # the newest last
        self.at_end: list[Callable[[], None]] = []  # to be called once, when this cell ends
        self._lock = RLock()
        # By store and its writer, which is another one after somebody removed the store.
        self._lineages: dict[tuple[str, str], Lineages] = {}
        self._placed_in: set[tuple[str, str, str | None]] = set()  # the same, and notebook
        self._kernel_started = kernel_started_us()
        self._gauges = Gauges(shell)
        self._pid = os.getpid()
        self._cell: RunningCell | None = None
        self._tracked: TrackedCell | None = None
        self._track_frame: Any = None  # the frame in which the cell was tracked
        self._outcome: Outcome | None = None

    # --- events

    def cell_began(self, info: Any) -> None:
        self._forget_cell()
        self._cell = RunningCell(shell=self.shell, info=info)
        if self.is_on:
            self._gauges.start()

    def frame_ended(self, info: Any, result: Any) -> None:
        """An error inside %%capture is swallowed there, but it was the tracked code's."""
        if self._cell is None or info not in (self._track_frame, self._cell.info):
            return
        if info is self._cell.info and getattr(result, "execution_count", None) is not None:
            self._cell.count = result.execution_count
        outcome = outcome_of(self.shell, result)
        if self._outcome is None or outcome.exception is not None:
            self._outcome = outcome

    def cell_ended(self) -> None:
        cell, tracked = self._cell, self._tracked
        outcome, ended_us = self._outcome or _FINISHED, now_us()
        self._forget_cell()
        try:
            if tracked is not None:
                self._close(tracked, outcome, ended_us=ended_us)
        finally:
            self._end_what_is_left()
            self._end_listeners()
            if cell is not None and not is_about_tracking(cell.typed):
                self.last = EndedCell(
                    cell=cell,
                    outcome=replace(outcome, last_value=small_value(outcome.last_value)),
                    ended_us=ended_us,
                    run=None if tracked is None else tracked.run,
                )

    # --- tracking

    def track(self, line: str) -> None:
        """A `%track` line runs. Raises InvalidValue before anything is recorded."""
        cell = self._cell
        if not self.events.is_enabled:
            warn_once("nbtrack is switched off; this cell is not recorded. %reload_ext nbtrack")
            return
        if cell is None or not self.events.is_here:
            raise InvalidValue("%track records the cell it stands in, and here is none.")
        began = time.perf_counter()
        is_first = self._tracked is None and cell.begins_with_track()
        reads_variables = "{" in line or "$" in line
        arguments = read_arguments(
            line,
            self.shell.user_ns,
            assigned_here=cell.bound_names if is_first and reads_variables else frozenset(),
        )
        for key in (*arguments.params, *arguments.tags):
            check_key(key)
        name = arguments.experiment
        experiment = self.session.experiments.named(name) if name else None
        if self._tracked is not None:
            with guarded("add to the cell's run", on_fault=self.events.fault):
                self._tracked.update(arguments)
                if experiment is not None:
                    self._tracked.move_to(experiment)
            self._show_live(arguments)
            return
        check_is_active(experiment or self.session.experiment)
        tracked = self.new_tracked_cell(cell)
        tracked.arguments = arguments
        tracked.experiment = experiment
        with guarded("track the cell", on_fault=self.events.fault):
            self._open(tracked, is_first=is_first, began=began)
        self._show_live(arguments)

    def _show_live(self, arguments: TrackArguments) -> None:
        if not (arguments.live and self._tracked and self.events.is_here):
            return
        with guarded("show the live chart", on_fault=self.events.fault):
            self._draw_live()

    def run_for_log(self) -> ActiveRun | None:
        """`Session.open_cell_run` while `%track on`: the running cell becomes a run."""
        with self._lock, guarded("track the cell", on_fault=self.events.fault):
            cell = self._cell
            if cell is None or not self.is_on or os.getpid() != self._pid:
                return None
            if self._tracked is None:
                began = time.perf_counter()
                self._open(self.new_tracked_cell(cell), is_first=False, began=began)
            return self._tracked.run if self._tracked and self._tracked.is_open else None
        return None

    def new_tracked_cell(self, cell: RunningCell) -> TrackedCell:
        """Not opened yet."""
        settings = self.session.settings
        return TrackedCell(
            session=self.session,
            cell=cell,
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

    def when_cell_ends(self, ended: Callable[[], None]) -> bool:
        """`Session.when_cell_ends`: call *ended* once, with the end of the running cell."""
        if self.events.is_here:
            self.at_end.append(ended)
        return self.events.is_here

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
        return not self.is_tracking and self._cell is not None and _holds_no_code(self._cell.typed)

    @property
    def is_tracking(self) -> bool:
        return self._tracked is not None

    def finish(self, tracked: TrackedCell, ended: EndedCell) -> None:
        """Close the run of a cell that had ended before anybody asked for it."""
        self._close(tracked, ended.outcome, ended_us=ended.ended_us)
        self.last = replace(ended, run=tracked.run)

    def close(self) -> None:
        """At exit, before the session closes its stores."""
        with guarded("stop looking at earlier runs"):
            self.look_back.close()
        with guarded("stop watching the environment"):
            self.surroundings.close()

    def _open(self, tracked: TrackedCell, *, is_first: bool, began: float) -> None:
        """*began* is when nbtrack took over from the user's code, by `time.perf_counter`."""
        if not tracked.cell.compiles():
            return  # IPython will say so
        tracked.cost.add(time.perf_counter() - began)
        with tracked.cost:
            if not self.is_on:
                self.record_fits("tracked cells")
                tracked.set_up_in_cost = tracked.set_up.total
            self.surroundings.start()
            self._track_frame = self.events.frame
            try:
                tracked.open(is_first=is_first)
            finally:
                self._tracked = tracked if tracked.is_open else None
            self.ask_history(tracked)
            if self.events.is_here and not self._gauges.is_running:
                self._gauges.start()

    def ask_history(self, tracked: TrackedCell) -> None:
        place, run = tracked.place, tracked.run
        self.look_back.ask(
            run.store,
            run.info.experiment_id,
            lineage=place.lineage if place.attempt > 1 else None,
            run_id=run.run_id,
        )

    def _close(self, tracked: TrackedCell, outcome: Outcome, *, ended_us: int) -> None:
        with tracked.cost:
            readings = self._gauges.stop() if self._gauges.is_running else None
            trace = tracked.close(
                outcome, readings, surroundings=self.surroundings, ended_us=ended_us
            )
            self.recorded.append(tracked.run)
            if trace.children:
                tracked.tell_children_apart(trace, self.cards.directions(tracked))
                self.at_end.append(partial(tracked.show_best_child, trace))
            with guarded("show the card", on_fault=self.events.fault):
                # A traceback has ended what `clear_output(wait=True)` began.
                clears = readings is not None and readings.displays.would_be_cleared
                clears &= outcome.exception is None
                self.cards.show(tracked, outcome, trace, ended_us=ended_us, is_in_the_way=clears)

    def _end_listeners(self) -> None:
        due, self.at_end = self.at_end, []
        for ended in due:
            with guarded("end what shows the running cell", on_fault=self.events.fault):
                ended()

    def _end_what_is_left(self) -> None:
        """After an interrupt in the middle of our own work."""
        if (run := self.session.cell_run) is not None:
            self.session.cell_run = None
            run.end(RunStatus.KILLED)
        if self._gauges.is_running:
            self._gauges.stop()

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

    def _forget_cell(self) -> None:
        self._cell = self._tracked = self._track_frame = self._outcome = None


def _nothing_to_open() -> None:
    return None


def is_about_tracking(typed: str) -> bool:
    """Whether a cell holds nothing but our own line magics."""
    return not typed.startswith("%%") and _holds_no_code(typed)


def _holds_no_code(typed: str) -> bool:
    return all(map(_OWN_LINE.match, typed.splitlines()))
