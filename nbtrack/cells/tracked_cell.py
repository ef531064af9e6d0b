"""One cell's run, from opening to closing.

What makes the run is written when it opens: a kernel that is killed leaves its source behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.base.stopwatch import Stopwatch
from nbtrack.capture.naming import run_name
from nbtrack.capture.resources import mark_of_ended_children
from nbtrack.cells.arguments import TrackArguments
from nbtrack.cells.best_of_children import best_of_children, show_best
from nbtrack.cells.cell_source import RunningCell
from nbtrack.cells.fit_names import name_fits
from nbtrack.cells.gauges import Readings, seeds_text
from nbtrack.cells.outcome import Outcome
from nbtrack.cells.output_files import Kept, log_globs, log_outputs
from nbtrack.cells.results import Results, read_as_name
from nbtrack.cells.results_record import record_results, without
from nbtrack.cells.surroundings_record import SurroundingsRecorder
from nbtrack.errors import StoreError
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.lookup.best_child import BestChild
from nbtrack.lookup.metric_direction import Direction, direction_tags
from nbtrack.provenance.executions.recorder import digest_of
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.experiments import set_tags
from nbtrack.recording.here import CellLine
from nbtrack.recording.session import Session
from nbtrack.records.runs import Experiment, RunStatus
from nbtrack.records.tags import ATTEMPT_TAG, LINEAGE_TAG, NOTE_TAG
from nbtrack.records.traces import RunTrace
from nbtrack.stores.store import Position

TRACE_WAIT_SECONDS = 0.05
REHEARSAL_WAIT_SECONDS = 60.0  # nobody waits for its card, and all that it shows is compared
TRACE_WAIT_SHARE = 0.1  # of a long cell: what it logged may be much, and just be on its way
# A cell that took longer may have had worker processes that came and went, and that somebody else
# waited for: the database knows.
LONG_SECONDS = 5.0

NOTHING_SAID = TrackArguments(
    name=None, params={}, experiment=None, tags={}, note=None, metrics=(), artifacts=(), quiet=False
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which cell of the notebook this is; the kernel's start is in microseconds since 1970."""

    notebook: str | None
    lineage: str
    attempt: int
    position: int
    kernel_started: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """Seconds in which hooks got ready: all, and those in the cell's time and in our cost."""

    total: float = 0.0
    in_cell: float = 0.0
    in_cost: float = 0.0


@dataclass(kw_only=True)
class TrackedCell:
    """*on_fault* is told of every step of ours that failed."""

    session: Session
    cell: RunningCell
    line: CellLine
    place: Place
    is_inferring: bool
    on_fault: Callable[[], object]
    experiment: Experiment | None = None
    arguments: TrackArguments = NOTHING_SAID
    run: ActiveRun = field(init=False)
    name: str = field(init=False, default="")
    is_open: bool = field(init=False, default=False)
    cost: Stopwatch = field(init=False, default_factory=Stopwatch)
    results: Results = field(init=False, default_factory=Results)
    files: Kept = field(init=False, default_factory=Kept)
    notes: list[str] = field(init=False, default_factory=list)
    best: BestChild | None = field(init=False, default=None)  # of several children
    _declared_in: str = field(init=False, default="")  # the experiment
    _since: Position | None = field(init=False, default=None)
    _ended_children: object = field(init=False, default=None)
    _writer: str = field(init=False, default="")
    set_up_in_cost: float = field(init=False, default=0.0)
    _set_up_before: float = field(init=False)  # seconds of the session's, as the next
    _set_up_at_start: float = field(init=False)  # of the cell's time

    def __post_init__(self) -> None:
        self._set_up_before = self._set_up_at_start = self.session.set_up.seconds

    # --- the beginning

    def open(self, *, is_first: bool) -> None:
        """Start the run and write down what is known of it already.

        *is_first* says that nothing of the cell has run yet: then its time begins here, and the
        state of the random generators is the one that the cell starts from.
        """
        self.name = self.arguments.name or self._default_name(self.arguments.params)
        source = self.cell.masked  # may take a while: not at the expense of the cell's time
        self._since = self.session.store.position()
        self._ended_children = mark_of_ended_children()
        if is_first:
            self.cell.started_us = now_us()
            self._set_up_at_start = self.session.set_up.seconds
        self.run = self.session.start_cell_run(
            self.line,
            name=self.name,
            experiment=self.experiment,
            tags={**self._place_tags(), **_own_tags(self.arguments)},
            start_us=self.cell.started_us,
        )
        self.is_open = True
        self.run.measured = [] if self.is_inferring else None
        self._note(self.arguments.remarks)
        with self._guarded("record the cell"):
            self._write_beginning(source)
            self._declare_directions()
            if is_first:
                self._append_facts(seeds=seeds_text())

    def adopt(self, run: ActiveRun) -> None:
        """Take over a run that the cell's own `log_*` calls opened."""
        self.run, self.name, self.is_open = run, str(run.info.run_name), True
        with self._guarded("record the cell"):
            run.set_tags(self._place_tags())
            self._write_beginning(self.cell.masked)

    def update(self, arguments: TrackArguments) -> None:
        """A later `%track` line of the same cell: what it says comes on top."""
        self._note(arguments.remarks)
        if arguments.name:
            self.name = arguments.name
            self.run.rename(arguments.name)
        if arguments.params:
            self.run.log_params(arguments.params)
        if tags := _own_tags(arguments):
            self.run.set_tags(tags)
        self.arguments = _joined(self.arguments, arguments)
        self._declare_directions()

    def move_to(self, experiment: Experiment) -> None:
        """A later `%track -e NAME` line of the same cell."""
        self.experiment = experiment
        self.run.follows_experiment = False
        self.run.move_to(experiment)

    def _declare_directions(self) -> None:
        self._declared_in = self.run.info.experiment_id
        if self.arguments.directions:
            tags = direction_tags(self.arguments.directions)
            set_tags(self.run.store, self._declared_in, tags)

    @property
    def set_up(self) -> SetUp:
        """In this cell, until now."""
        now = self.session.set_up.seconds
        return SetUp(
            total=now - self._set_up_before,
            in_cell=now - self._set_up_at_start,
            in_cost=self.set_up_in_cost,
        )

    def _note(self, remarks: Iterable[str]) -> None:
        """For the card; in a loop, a line of the cell may say the same again."""
        self.notes += [remark for remark in remarks if remark not in self.notes]

    # --- the end

    def close(
        self,
        outcome: Outcome,
        readings: Readings | None,
        *,
        surroundings: SurroundingsRecorder,
        ended_us: int,
    ) -> RunTrace:
        """End the run; what was logged to it comes back. Each step fails alone."""
        with self._over_afterwards():
            with self._guarded("look after its folder"):
                self._check_store()
            with self._guarded("close child runs"):
                self._end_children(outcome.status)
            with self._guarded("follow its experiment"):
                if self.run.info.experiment_id != self._declared_in:
                    self._declare_directions()
            with self._guarded("tell what it logged and where that came from"):
                self.run.write_what_waits()
                self._write_origins()
            trace = self._trace()
            with self._guarded("record results"):
                self._write_results(outcome, trace)
            with self._guarded("record outputs"):
                self._write_files(readings)
            with self._guarded("record its surroundings"):
                surroundings.record(self.run)
            with self._guarded("record the end of the cell"):
                self._write_end(outcome, readings)
            self._end_run(outcome.status, ended_us)
        return trace

    def tell_children_apart(self, trace: RunTrace, declared: Mapping[str, Direction]) -> None:
        """By their names, and which of them is best."""
        with self._guarded("name its children"):
            name_fits(self.session, self.run.store, trace.children)
        with self._guarded("find its best child"):
            self.best = best_of_children(trace, declared)

    def show_best_child(self, trace: RunTrace) -> None:
        """Last of all: what follows the running cell takes what is logged for the cell's own."""
        if self.best is not None:
            with self._guarded("show its best child"):
                show_best(self.run, self.best, trace)

    @contextmanager
    def _over_afterwards(self) -> Iterator[None]:
        """Whatever happens, also an interrupt, the cell is over and later runs are no children."""
        try:
            yield
        finally:
            self.is_open = False
            self._end_run(RunStatus.KILLED, now_us())

    def _end_run(self, status: RunStatus, ended_us: int) -> None:
        while self.run.is_open:  # the user's code may have entered it again
            self.run.end(status, end_us=ended_us)

    def _guarded(self, action: str) -> AbstractContextManager[None]:
        return guarded(action, on_fault=self.on_fault)

    def _default_name(self, params: Mapping[str, object]) -> str:
        return run_name(self.cell.source, params=params, execution_count=self.cell.count)

    def _place_tags(self) -> dict[str, str]:
        return {LINEAGE_TAG: self.place.lineage, ATTEMPT_TAG: str(self.place.attempt)}

    def _write_beginning(self, source: str) -> None:
        self._writer = self.run.store.writer
        self.run.log_params(self.arguments.params)
        self._append_facts(
            source=source,
            sha256=digest_of(source),
            execution_count=self.cell.count,
            cell_id=self.cell.cell_id,
            notebook=self.place.notebook,
            kernel_started=self.place.kernel_started,
            lineage=self.place.lineage,
            attempt=self.place.attempt,
            position=self.place.position,
        )

    def _append_facts(self, **facts: Any) -> None:
        known = {name: value for name, value in facts.items() if value is not None}
        if known:
            self.run.store.append(lines.cell_line(self.run.run_id, t=now_us(), **known))

    def _check_store(self) -> None:
        self.session.check_store()
        if self.run.store.writer != self._writer:
            self._write_beginning(self.cell.masked)  # somebody removed the folder
            self.notes.append(
                "The project folder was removed while the cell ran: what was logged before is gone."
            )

    def _end_children(self, status: RunStatus) -> None:
        for child in dict.fromkeys(reversed(self.line.runs[1:])):
            child.end_for("end of the cell", status)

    def _write_origins(self) -> None:
        """Before they are read back."""
        for run in {self.run, *(each.run for each in self.run.measured or ())}:
            run.write_origins()

    def _trace(self) -> RunTrace:
        """What was logged to the run; empty if that cannot be read, and a note says so."""
        trace = None
        with self._guarded("read back what the cell logged"):
            if self._since is not None and not self._had_children():
                trace = self.run.store.trace_written(self.run.run_id, self._since)
            trace = trace or self._trace_from_database()
        return trace or RunTrace()

    def _had_children(self) -> bool:
        """Processes that may have logged to the run, and folded it away when they ended."""
        is_long = time.perf_counter() - self.cell.clock > LONG_SECONDS
        return is_long or mark_of_ended_children() != self._ended_children

    def _trace_from_database(self) -> RunTrace | None:
        store, run_id = self.run.store, self.run.run_id
        try:
            return store.trace_run(run_id, timeout=self._trace_patience())
        except StoreError:
            # What this process wrote, if nobody folded it: of others there may be more.
            self.notes.append("The database is busy: what was logged is kept, not all shown here.")
            return store.trace_written(run_id, self._since or {})

    def _trace_patience(self) -> float:
        if self.session.is_rehearsing:
            return REHEARSAL_WAIT_SECONDS
        seconds = time.perf_counter() - self.cell.clock
        return max(TRACE_WAIT_SECONDS, min(TRACE_WAIT_SHARE * seconds, 1.0))

    def _write_results(self, outcome: Outcome, trace: RunTrace) -> None:
        self.results = record_results(
            self.run,
            self.cell,
            self.arguments,
            outcome,
            trace=trace,
            is_inferring=self.is_inferring,
        )
        self._note(self.results.notes)
        if remark := read_as_name(self.arguments.after_metrics, self.cell.shell.user_ns):
            self._note([remark])
        self._rename_after(trace)

    def _rename_after(self, trace: RunTrace) -> None:
        """The literals that make a good name are known only now; a name that was given stays."""
        if trace.name not in (None, self.name):
            self.name = str(trace.name)
        elif not self.arguments.name:
            logged = without(trace.explicit_params, dict.fromkeys(self.run.hook_params))
            params = {**self.arguments.params, **logged, **self.results.params}
            name = self._default_name(params)
            if name != self.name:
                self.run.rename(name)
                self.name = name

    def _write_files(self, readings: Readings | None) -> None:
        if readings is not None:
            log_outputs(self.run, readings, self.files)
        log_globs(self.run, self.arguments.artifacts, self.files)
        self.notes += self.files.notes

    def _write_end(self, outcome: Outcome, readings: Readings | None) -> None:
        usage = None if readings is None else readings.usage
        if lost := self.run.lost_records:
            self.notes.append(f"{lost:,} records are lost: the disk refused them for too long.")
        if waiting := self.run.store.waiting_records:
            self.notes.append(f"{waiting:,} records are still in memory: the disk refuses them.")
        if refused := self.run.refused_files:
            what = "1 artifact is" if refused == 1 else f"{refused:,} artifacts are"
            self.notes.append(
                f"{what} not stored: the disk refuses {'it' if refused == 1 else 'them'}."
            )
        self._append_facts(
            error=outcome.error(),
            traceback=outcome.traceback(),
            cpu_seconds=usage and round(usage.cpu_seconds, 6),
            peak_memory_bytes=usage and usage.peak_memory_bytes,
            cost_ms=round(self.cost.milliseconds, 3),
        )


def _joined(before: TrackArguments, later: TrackArguments) -> TrackArguments:
    return replace(
        before,
        name=later.name or before.name,
        params={**before.params, **later.params},
        tags={**before.tags, **later.tags},
        note=later.note or before.note,
        metrics=(*before.metrics, *later.metrics),
        artifacts=(*before.artifacts, *later.artifacts),
        quiet=before.quiet or later.quiet,
        live=before.live or later.live,
        no_warn=before.no_warn | later.no_warn,
        directions={**before.directions, **later.directions},
        after_metrics=(*before.after_metrics, *later.after_metrics),
    )


def _own_tags(arguments: TrackArguments) -> dict[str, str]:
    note = {NOTE_TAG: arguments.note} if arguments.note else {}
    return {**arguments.tags, **note}
