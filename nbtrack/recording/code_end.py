"""The end of a thread, task, job or callback, for the runs that it opened."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.recording.here import here, user_task
from nbtrack.recording.process_end import status_of
from nbtrack.records.runs import RunStatus

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

Ending = Callable[[RunStatus], object]


def end_with_this_code(run: ActiveRun) -> None:
    """*run*, which was opened for want of another one, ends with the code that runs now."""
    place = here.get()
    if (task := user_task()) is not None:
        task.add_done_callback(lambda task: _end(run, _status_of_task(task)))
    elif place is not None and place.at_end is not None:
        place.at_end.append(run.end)
    elif (loop := _running_loop()) is not None:
        loop.call_soon(_end, run, RunStatus.FINISHED)
    elif threading.current_thread() is not threading.main_thread():
        _of_this_thread().append(run.end)


def end_if_this_code_fails(run: ActiveRun) -> None:
    """A task; threads and jobs end what is theirs in `this_code_failed`."""
    if (task := user_task()) is not None:
        task.add_done_callback(lambda task: _end_failed(run, _status_of_task(task)))


def this_code_failed(error: BaseException | None) -> None:
    """A thread or job is left by an exception: what it opened ends with it, the newest first."""
    place, status = here.get(), status_of(error)
    for run in reversed(() if place is None else place.runs):
        _end(run, status)
    _call_all(_of_this_thread(), status)


def call_at_end(endings: list[Ending], error: BaseException | None) -> None:
    """A job or callback is over."""
    if endings:
        _call_all(endings, status_of(error))


class _ThreadsEnd(list[Ending]):
    """A thread's locals are given up in its last moment."""

    def __init__(self) -> None:
        super().__init__()
        self._pid = os.getpid()

    def __del__(self) -> None:
        if self._pid == os.getpid():  # a fork gives up the locals of all other threads
            _call_all(self, RunStatus.FINISHED)


_locals = threading.local()


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
    asyncio = sys.modules.get("asyncio")
    try:
        return None if asyncio is None else asyncio.get_running_loop()
    except RuntimeError:
        return None
