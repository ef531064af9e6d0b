"""`ActiveRun`: an open run with its `log_*` verbs. The only object that hooks hold."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from nbtrack import lines
from nbtrack.lines import now_us
from nbtrack.records import LifecycleStage, RunData, RunInfo, RunInputs, RunStatus
from nbtrack.run_writer import RunWriter
from nbtrack.stores import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.session import Session

_MOST_NAME_CHARACTERS = 60


class ActiveRun(RunWriter):
    """Made by `Session.start_run`; use it as a context manager, or call `end`."""

    def __init__(
        self,
        session: Session,
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
        self.is_ours = True  # False in a forked child: it logs to the run, its parent ends it
        self.began_us = 0  # when it was last said to run; a clock set back must not undo its end
        self.entries = 1  # start_run, and each resume of the run while it is open
        self.is_cell = False  # the run of a tracked cell ends with the cell, not before
        self.opened_in: int | None = None  # execution count of the cell that opened it
        self._info = info
        self._session = session
        self._header = header
        self._name_parts: list[str] | None = None if is_named else []

    @property
    def info(self) -> RunInfo:
        return self._info

    @property
    def store(self) -> Store:
        return self._store

    @property
    def data(self) -> RunData:
        """What is recorded by now, read back from the store."""
        return self._store.get_run(self.run_id).data

    @property
    def inputs(self) -> RunInputs:
        return self._store.get_run(self.run_id).inputs

    def to_dictionary(self) -> dict[str, Any]:
        return self._store.get_run(self.run_id).to_dictionary()

    def log_params(self, params: Mapping[str, Any], *, is_inferred: bool = False) -> None:
        super().log_params(params, is_inferred=is_inferred)
        if self._name_parts is not None and len(self._name_parts) < 4:
            self._name_parts += [f"{key}={value}" for key, value in params.items()]

    def end(
        self, status: RunStatus | str = RunStatus.FINISHED, *, end_us: int | None = None
    ) -> None:
        """Close the run; a finished run still takes what is logged to it later.

        *end_us* is when it was over, if that was before now.
        """
        status = RunStatus(status)
        if not self.is_open or not self._session.leave(self):
            return
        if not self.is_ours:
            self._session.release(self)
            return
        self._session.check_store()
        t = max(now_us(), self.began_us + 1)
        end_us = end_us or t
        if self._name_parts:
            self.rename(_clipped(" ".join(self._name_parts)))
        self.is_open = False
        if not self.is_deleted:
            self._append(lines.run_line(self.run_id, t=t, status=status, end_us=end_us))
        self._change(status=status, end_time=end_us // 1000)
        self._session.release(self)
        self._store.flush()

    def announce_again(self) -> None:
        """Write the run's beginning into a store that was deleted under it."""
        # Under the writer that we are now: whoever finds that one dead ends the run.
        facts = {"status": self._info.status, "writer": self._store.writer}
        self._store.append(self._header + lines.run_line(self.run_id, t=now_us(), **facts))

    def set_running(self) -> None:
        self._change(status=RunStatus.RUNNING, end_time=None)

    def set_stage(self, stage: LifecycleStage) -> None:
        self.is_deleted = stage == LifecycleStage.DELETED
        self._change(lifecycle_stage=stage)

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
        self.end(RunStatus.FINISHED if kind is None else RunStatus.FAILED)

    def __repr__(self) -> str:
        return f"<ActiveRun {self._info.run_name!r} {self.run_id} {self._info.status}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # A run travels by id: it holds a lock and open files, and loky pickles notebook globals.
        return _attach, (self._store.uri, self._info)


def _attach(store_uri: str, info: RunInfo) -> RunWriter:
    """The run in another process: it takes everything that is logged, and does not end the run."""
    from nbtrack.session import current_session

    session = current_session()
    return AttachedRun(session.store_for(store_uri), info)


class AttachedRun(RunWriter):
    """A run that another process opened and will end."""

    def __init__(self, store: Store, info: RunInfo) -> None:
        super().__init__(store, info.run_id, artifact_uri=info.artifact_uri)
        self.info = info

    @property
    def data(self) -> RunData:
        return self._store.get_run(self.run_id).data

    def __reduce__(self) -> tuple[Any, ...]:
        return _attach, (self._store.uri, self.info)


def _clipped(name: str) -> str:
    if len(name) <= _MOST_NAME_CHARACTERS:
        return name
    return name[: _MOST_NAME_CHARACTERS - 1] + "…"
