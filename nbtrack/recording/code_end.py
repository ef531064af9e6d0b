"""The end of a thread, task, job or callback, for the runs that it opened."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.base.imported import imported
from nbtrack.recording.here import here, user_task
from nbtrack.recording.process_end import status_of
from nbtrack.records.runs import RunStatus

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

Ending = Callable[[RunStatus], object]


def end_with_this_code(run: ActiveRun) -> None:
    """*run*, which was opened for want of another one, ends with the code that runs now."""
    if (task := user_task()) is not None:
        task.add_done_callback(lambda task: _end(run, _status_of_task(task)))
    elif (job := _job()) is not None:
        job.append(run.end)
    elif (loop := _running_loop()) is not None:
        loop.call_soon(_end, run, RunStatus.FINISHED)
    elif threading.current_thread() is not threading.main_thread():
        _of_this_thread().append(run.end)


def end_if_this_code_fails(run: ActiveRun) -> None:
    """A task or job; threads have `thread_failed`."""
    if (task := user_task()) is not None:
        task.add_done_callback(lambda task: _end_failed(run, _status_of_task(task)))
    elif (job := _job()) is not None:
        job.append(lambda status: _end_failed(run, status))


def thread_failed(error: BaseException | None) -> None:
    """It is left by an exception: what it opened ends with it, the newest first."""
    place, status = here.get(), status_of(error)
    for run in reversed(() if place is None else place.runs):
        _end(run, status)
    _call_all(_of_this_thread(), status)


def begin_job() -> list[Ending] | None:
    """A job or callback begins in this thread. What is returned is for `end_job`."""
    around = _job()
    _locals.job = []
    return around


def end_job(around: list[Ending] | None, status: RunStatus) -> None:
    _call_all(_locals.job, status)
    _locals.job = around


class _ThreadsEnd(list[Ending]):
    """A thread's locals are given up in its last moment."""

    def __init__(self) -> None:
        super().__init__()
        self._pid = os.getpid()

    def __del__(self) -> None:
        if self._pid == os.getpid():  # a fork gives up the locals of all other threads
            _call_all(self, RunStatus.FINISHED)


_locals = threading.local()


def _job() -> list[Ending] | None:
    """What is to be called at the end of the job that runs in this thread."""
    found: list[Ending] | None = getattr(_locals, "job", None)
    return found


def _of_this_thread() -> list[Ending]:
    found: list[Ending] | None = getattr(_locals, "at_end", None)
    if found is None:
        found = _locals.at_end = _ThreadsEnd()
    return found


def _call_all(endings: list[Ending], status: RunStatus) -> None:
    while endings:
        with guarded("end a run with the code that opened it"):
            endings.pop()(status)


def _end_failed(run: ActiveRun, status: RunStatus) -> None:
    if status != RunStatus.FINISHED:
        _end(run, status)


def _end(run: ActiveRun, status: RunStatus) -> None:
    with guarded("end a run with the code that opened it"):
        if run.is_ours:
            run.end(status)


def _status_of_task(task: Any) -> RunStatus:
    return RunStatus.KILLED if task.cancelled() else status_of(task.exception())


def _running_loop() -> Any:
    get = imported("asyncio", "get_running_loop")
    try:
        return None if get is None else get()
    except RuntimeError:
        return None
