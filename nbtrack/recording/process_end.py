"""How this process ends, for the runs that are open then.

An error is in `sys.last_value` when the exit handlers run; of a `SystemExit` nothing is left. So
`sys.exit`, `exit` and `quit` are asked to remember their argument, and at exit the program's frame
tells whether it ran to its end, as it does when somebody caught that. A `SystemExit` that is raised
without them broke it off just so; what it was given can be read where the program itself raises it.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable, Mapping
from itertools import islice
from types import FrameType
from typing import TYPE_CHECKING, Any

from nbtrack.base.imported import imported
from nbtrack.errors import StopTraining
from nbtrack.recording.surroundings import execution_count, shell
from nbtrack.records.runs import RunStatus

if TYPE_CHECKING:
    import ast

_watched = 0  # the process whose end is watched
_program: FrameType | None = None  # its frame, which ends as the program does
_exit_argument: object = ...  # what `sys.exit` was told


def status_of(error: BaseException | None) -> RunStatus:
    """How the code ended that *error* came out of: `sys.exit()` and `sys.exit(0)` are no faults."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return RunStatus.FINISHED
    return RunStatus.KILLED if isinstance(error, StopTraining) else RunStatus.FAILED


def watch_process_end(end_runs: Callable[[], None]) -> None:
    """Once a process, when its first run opens. *end_runs* is called at the end of a worker of
    multiprocessing, which runs no exit handlers."""
    global _watched, _program
    if _watched == os.getpid():
        return
    _watched = os.getpid()
    if shell() is None:
        _program = _frame_of_program()
        _remember_exits()
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
    if hasattr(sys, "last_value"):
        return status_of(sys.last_value)
    if _program is None or not _was_broken_off(_program):
        return RunStatus.FINISHED
    if _exit_argument is not ...:
        return status_of(SystemExit(_exit_argument))
    return _status_of_raise(_program)


def _frame_of_program() -> FrameType | None:
    """Of `__main__`, around which `python -m` has frames of its own; else the outermost one."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    main, found, outermost = vars(sys.modules["__main__"]), None, None
    while frame is not None:
        found = frame if frame.f_globals is main else found
        outermost, frame = frame, frame.f_back
    return found or outermost


def _remember_exits() -> None:
    if hasattr(sys.exit, "__wrapped__"):
        return
    sys.exit = _remembering(sys.exit)
    if (quitter := imported("_sitebuiltins", "Quitter")) is not None:
        quitter.__call__ = _remembering(quitter.__call__, among=2)


def _remembering(original: Callable[..., Any], *, among: int = 1) -> Callable[..., Any]:
    """The argument is the last of those that *among* says."""

    @functools.wraps(original)
    def exit(*args: Any, **kwargs: Any) -> None:
        global _exit_argument
        if threading.current_thread() is threading.main_thread():
            given = (*args, *kwargs.values())
            _exit_argument = given[among - 1] if len(given) >= among else None
        original(*args, **kwargs)

    return exit


def _was_broken_off(program: FrameType) -> bool:
    """Whether the last thing it did was anything but to return, and it runs no more."""
    import opcode

    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame is program:  # a worker that was forked from it, for one
            return False
        frame = frame.f_back
    return not opcode.opname[program.f_code.co_code[program.f_lasti]].startswith("RETURN_")


def _status_of_raise(program: FrameType) -> RunStatus:
    """Of a `SystemExit` of which nobody was told. FAILED where it was raised further in."""
    import ast

    match _raised(program):
        case ast.Call(args=[ast.Call()]):  # SystemExit(main()): what that returned is not known
            return RunStatus.FINISHED
        case ast.Call(args=[argument]):
            return status_of(SystemExit(_value(argument, program.f_globals)))
        case ast.Call(args=[]) | ast.Name(id="SystemExit"):
            return RunStatus.FINISHED
        case _:
            return RunStatus.FAILED


def _raised(program: FrameType) -> ast.expr | None:
    """What its last statement raises, as it is written, if it is a `raise`."""
    import ast
    import linecache

    code = program.f_code
    place = next(islice(code.co_positions(), program.f_lasti // 2, None))
    statement: ast.stmt = ast.Raise()
    for name, number in zip(("lineno", "end_lineno", "col_offset", "end_col_offset"), place):
        setattr(statement, name, number)
    written = ast.get_source_segment("".join(linecache.getlines(code.co_filename)), statement)
    try:
        (statement,) = ast.parse(written or "").body
    except (SyntaxError, ValueError):
        return None
    return statement.exc if isinstance(statement, ast.Raise) else None


def _value(argument: ast.expr, names: Mapping[str, object]) -> object:
    """A text or a variable; of what is put together, which is a text for most, something."""
    import ast

    if isinstance(argument, ast.Name):
        return names.get(argument.id)
    return argument.value if isinstance(argument, ast.Constant) else ast.unparse(argument)
