"""How this process ends, for the runs that are open then.

An error is in `sys.last_value` when the exit handlers run; of a `SystemExit` nothing is left. So
`sys.exit` is asked to remember its argument, and at exit the outermost frame tells whether the
program ran to its end, as it does when somebody caught that.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from nbtrack.base.imported import imported
from nbtrack.recording.surroundings import execution_count, shell
from nbtrack.records.runs import RunStatus

_watched = 0  # the process whose end is watched
_exit: tuple[object, FrameType] | None = None  # what `sys.exit` was told, and the whole program


def status_of(error: BaseException | None) -> RunStatus:
    """How the code ended that *error* came out of: `sys.exit()` and `sys.exit(0)` are no faults."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return RunStatus.FINISHED
    return RunStatus.FAILED


def watch_process_end(end_runs: Callable[[], None]) -> None:
    """Once a process, when its first run opens. *end_runs* is called at the end of a worker of
    multiprocessing, which runs no exit handlers."""
    global _watched
    if _watched == os.getpid():
        return
    _watched = os.getpid()
    if shell() is None and not hasattr(sys.exit, "__wrapped__"):
        sys.exit = _remembering(sys.exit)
    parent_process = imported("multiprocessing.process", "parent_process")
    if parent_process is not None and parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(None, end_runs, exitpriority=100)


def status_at_exit() -> RunStatus:
    """To be asked in an exit handler, or in a worker's last moments."""
    if (error := sys.exc_info()[1]) is not None:  # a worker's
        return status_of(error)
    is_at_prompt = hasattr(sys, "ps1") or execution_count() is not None
    if is_at_prompt:  # `sys.last_value` is of what was typed
        return RunStatus.FINISHED
    if _exit is not None and _was_broken_off(_exit[1]):
        return status_of(SystemExit(_exit[0]))
    return RunStatus.FAILED if hasattr(sys, "last_value") else RunStatus.FINISHED


def _remembering(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def exit(status: object = None, /) -> None:
        global _exit
        if threading.current_thread() is threading.main_thread():
            _exit = status, _outermost(sys._getframe())
        original(status)

    return exit


def _outermost(frame: FrameType) -> FrameType:
    while frame.f_back is not None:
        frame = frame.f_back
    return frame


def _was_broken_off(frame: FrameType) -> bool:
    """Whether the last thing it did was anything but to return."""
    import opcode

    return not opcode.opname[frame.f_code.co_code[frame.f_lasti]].startswith("RETURN_")
