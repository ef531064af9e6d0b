"""`ActiveRun`: an open run with its `log_*` verbs. The only object that hooks hold."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from nbtrack.artifact_store.opening import open_local
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.base.guard import guarded
from nbtrack.journal import lines
from nbtrack.recording.process_end import status_of
from nbtrack.recording.run_creation import moving_lines
from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.runs import (
    Experiment,
    LifecycleStage,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunStatus,
)
from nbtrack.records.tags import STOPPED_TAG
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


LOST_RECORDS_TAG = "nbtrack.lost_records"
CLOSED_BY_TAG = "nbtrack.closed_by"
_MOST_NAME_CHARACTERS = 60


class MeasuredMetric(NamedTuple):
    """What a hook recorded of a call that the user made; *name* is the variable that took it."""

    run: ActiveRun
    key: str
    value: float
    name: str | None


class RunOwner(Protocol):
    """Who opened a run and keeps it among the open ones: the session."""

    def leave(self, run: ActiveRun) -> bool:
        """Undo one entry of *run*; whether it was the last one, so that the run ends."""

    def release(self, run: ActiveRun) -> None:
        """*run* has ended."""

    def end_again(self, run_id: str, status: RunStatus) -> None:
        """The block of this run is left, in which it was ended and begun once more."""

    def check_store(self) -> None:
        """If somebody removed the project folder, begin it again with the runs that are open."""

    def describe_child(
        self, parent: ActiveRun, *, name: str, tags: Mapping[str, str], start_us: int
    ) -> tuple[RunInfo, str]:
        """The facts of a new run, and the lines that would make it exist."""

    def remember(self, run: ActiveRun) -> None:
        """*run* exists."""

    @staticmethod
    def attached_run(store_uri: str, info: RunInfo) -> AttachedRun:
        """The run in another process; a function that pickles, whatever it is called on."""


class ActiveRun(RunWriter):
    """Made by `Session.start_run`; use it as a context manager, or call `end`."""

    def __init__(
        self,
        owner: RunOwner,
        store: Store,
        info: RunInfo,
        *,
        parent: ActiveRun | None,
        header: str = "",
        is_named: bool = True,
    ) -> None:
        super().__init__(store, info.run_id, artifact_uri=info.artifact_uri)
        self.parent = parent
        self.is_open = True
        self.is_unasked = False  # nobody opened it, or they ended it: not told of by `active_run()`
        self.is_ours = True  # False in a forked child: it logs to the run, its parent ends it
        self.began_us = 0  # when it was last said to run; a clock set back must not undo its end
        self.entries = 1  # start_run, and each resume of the run while it is open
        # It hides nothing: what user code within it starts is a child, asked for or not.
        self.opened_by_hook = False
        self.is_cell = False  # the run of a tracked cell ends with the cell, not before
        self.follows_experiment = False  # `set_experiment` in the cell takes its run along
        self.opened_in: int | None = None  # execution count of the cell that opened it
        self.is_stopped = False  # by the user: it has not all that its params tell of
        self.hook_params: set[str] = set()  # all of an estimator's: no run is named after them
        # What hooks measured while the cell ran; None: nobody asks for it.
        self.measured: list[MeasuredMetric] | None = None
        self.at_end: list[Callable[[], None]] = []  # to be called once: what waits to be written
        self._info = info
        self._owner = owner
        self._header = header
        self._lost_before = store.lost_records
        # What the run is called at its end if nobody names it: "lr=0.1", by the param's key.
        self._name_parts: dict[str, str] | None = None if is_named else {}

    @property
    def info(self) -> RunInfo:
        """As this process knows it: name, status and times without a look at the store."""
        return self._info

    @property
    def data(self) -> RunData:
        """What is recorded by now, read back from the store."""
        return self._store.get_run(self.run_id).data

    @property
    def inputs(self) -> RunInputs:
        """The datasets and models it read, from the store."""
        return self._store.get_run(self.run_id).inputs

    @property
    def outputs(self) -> RunOutputs:
        """The logged models it made, from the store."""
        return self._store.get_run(self.run_id).outputs

    @property
    def lost_records(self) -> int:
        """Records of this process that the disk refused for too long, since the run began."""
        return self._store.lost_records - self._lost_before

    @property
    def is_resumed(self) -> bool:
        """Whether it was begun before, by this process or another one."""
        return self.began_us // 1000 > self._info.start_time

    def next_step(self, key: str) -> int:
        """One after the last step of the metric, which may be of an earlier process."""
        before = self._store.read_metrics(self.run_id, key)
        return before[-1].step + 1 if before else 0

    def to_dictionary(self) -> dict[str, Any]:
        """All that is recorded by now, read back from the store."""
        return self._store.get_run(self.run_id).to_dictionary()

    def log_params(self, params: Mapping[str, Any], *, is_inferred: bool = False) -> None:
        """All or none; if nobody names the run, it is called after the first few."""
        super().log_params(params, is_inferred=is_inferred)
        parts = self._name_parts
        if parts is not None:
            has_room = len(parts) < 4
            parts.update({k: f"{k}={v}" for k, v in params.items() if has_room or k in parts})

    def end(
        self, status: RunStatus | str = RunStatus.FINISHED, *, end_us: int | None = None
    ) -> None:
        """Close the run; a finished run still takes what is logged to it later.

        *end_us* is when it was over, if that was before now.
        """
        status = self._own_status(status)
        if not self.is_open or not self._owner.leave(self):
            return
        if not self.is_ours:
            self.write_origins()
            self._owner.release(self)
            return
        self._owner.check_store()
        t = max(self.later_us(), self.began_us + 1)
        end_us = end_us or t
        self.is_open = False
        try:
            self.write_what_waits()
        finally:
            self._close(status, t=t, end_us=end_us)

    def note_stop(self, words: str) -> None:
        """A training in it was ended early: it ends as KILLED, if nothing worse happens."""
        if not self.is_stopped:
            self.is_stopped = True
            self.set_tag(STOPPED_TAG, words)

    def _own_status(self, status: RunStatus | str) -> RunStatus:
        found = RunStatus(status)
        is_cut_short = self.is_stopped and found is RunStatus.FINISHED
        return RunStatus.KILLED if is_cut_short else found

    def write_what_waits(self) -> None:
        """What hooks have left to the end of the run, which is now or about to come."""
        while self.at_end and not self.is_deleted:
            with guarded("write what was left to the end of a run"):
                self.at_end.pop(0)()

    def _close(self, status: RunStatus, *, t: int, end_us: int) -> None:
        try:
            if not self.is_deleted:
                self._write_end(status, t=t, end_us=end_us)
        finally:
            self._change(status=status, end_time=end_us // 1000)
            self._owner.release(self)
            self._store.flush()

    def end_for(self, reason: str, status: RunStatus | str = RunStatus.FINISHED) -> None:
        """Close the run for good, however often it was entered, and say why on it."""
        if self.is_open and not self.is_deleted:
            self.set_tag(CLOSED_BY_TAG, reason)
        while self.is_open:
            self.end(status)

    def _write_end(self, status: RunStatus, *, t: int, end_us: int) -> None:
        self.write_origins()
        if self._name_parts:
            self.rename(_clipped(" ".join(self._name_parts.values())))
        if self.lost_records:
            self.set_tag(LOST_RECORDS_TAG, str(self.lost_records))
        self._append(lines.run_line(self.run_id, t=t, status=status, end_us=end_us))

    def move_to(self, experiment: Experiment) -> None:
        """Into another experiment of the same store; its files stay where they are."""
        if self.is_deleted or not self.is_ours:
            return
        text = moving_lines(self.run_id, experiment)
        self._append(text)
        self._header += text
        self._change(experiment_id=experiment.experiment_id)

    def announce_again(self) -> None:
        """Write the run's beginning into a store that was deleted under it."""
        # Under the writer that we are now: whoever finds that one dead ends the run.
        facts = {"status": self._info.status, "writer": self._store.writer}
        self._store.append(self._header + lines.run_line(self.run_id, t=self.later_us(), **facts))

    def set_running(self) -> None:
        """It was resumed."""
        self._change(status=RunStatus.RUNNING, end_time=None)

    def set_stage(self, stage: LifecycleStage) -> None:
        """It was deleted or restored; a deleted run refuses what is logged."""
        self.is_deleted = stage == LifecycleStage.DELETED
        self._change(lifecycle_stage=stage)

    def note_children(self, run_ids: Iterable[str]) -> None:
        """Runs that were written under it at once, by a search say."""

    @property
    def artifacts(self) -> ArtifactStore:
        """Without a look at a server, which may have some of a run that was begun elsewhere."""
        if self._is_begun_here():
            return open_local(self.artifact_uri, run_id=self.run_id)
        return super().artifacts

    def _is_begun_here(self) -> bool:
        return self.is_ours and not self.is_resumed

    def _note_name(self, name: str) -> None:
        self._name_parts = None  # it has a name that somebody chose
        self._change(run_name=name)

    def _change(self, **facts: Any) -> None:
        from dataclasses import replace

        self._info = replace(self._info, **facts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        was_open = self.is_open
        self.end(status_of(error))
        if not was_open:
            self._owner.end_again(self.run_id, status_of(error))

    def __repr__(self) -> str:
        return f"<ActiveRun {self._info.run_name!r} {self.run_id} {self._info.status}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # A run travels by id: it holds a lock and open files, and loky pickles notebook globals.
        return self._owner.attached_run, (self._store.uri, self._info)


class AttachedRun(RunWriter):
    """A run that another process opened and will end: it takes everything that is logged.

    *attach* makes it again, from the store's URI and the facts, where it travels to.
    """

    def __init__(
        self, store: Store, info: RunInfo, *, attach: Callable[[str, RunInfo], AttachedRun]
    ) -> None:
        super().__init__(store, info.run_id, artifact_uri=info.artifact_uri)
        self.info = info
        self._attach = attach

    @property
    def data(self) -> RunData:
        return self._store.get_run(self.run_id).data

    def __reduce__(self) -> tuple[Any, ...]:
        return self._attach, (self._store.uri, self.info)


def _clipped(name: str) -> str:
    if len(name) <= _MOST_NAME_CHARACTERS:
        return name
    return name[: _MOST_NAME_CHARACTERS - 1] + "…"
