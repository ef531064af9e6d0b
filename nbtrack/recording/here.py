"""Where the code that asks belongs: the cell that it is of or was started by, and its runs.

A `ContextVar` holds it. asyncio hands contexts on to tasks and timers, by itself; for threads, jobs
of pools and callbacks of widgets, `handing_over` does. Where it holds nothing, the code is a
script's own, or nobody told us of the cell.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.base.imported import imported
from nbtrack.records.warned import Warned

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

THREADS_HERE = "_nbtrack_here"  # the attribute of a thread: what its starter handed over


class CellLine:
    """One cell, as known to all code that it starts, also when it is over."""

    __slots__ = (
        "at_end",
        "harmless",
        "is_over",
        "quiet_draws",
        "run",
        "runs",
        "silenced",
        "thread",
        "warned",
    )

    def __init__(self) -> None:
        self.run: ActiveRun | None = None  # of a tracked cell
        self.runs: list[ActiveRun] = []  # that run, and what is open on top of it
        self.warned: list[Warned] = []  # what its card warns of, of whichever run
        self.silenced: frozenset[str] = frozenset()  # kinds of warnings
        # States of numpy's generator before and after fits that leave what they draw unused, and
        # the generators that moved in such fits alone.
        self.quiet_draws: list[tuple[int, int]] = []
        self.harmless: frozenset[str] = frozenset()
        self.is_over = False
        self.thread = threading.get_ident()
        self.at_end: list[Callable[[], None]] = []  # to be called once, when it ends


class Here(NamedTuple):
    cell: CellLine | None = None
    runs: tuple[ActiveRun, ...] = ()  # opened on this line of code, the newest last
    began_in: ActiveRun | None = None  # what was active where a thread, job or callback began


class Changes:
    """For who is asked thousands of times a second what is active: *mark* is another object since
    that last changed for anybody, and so what was found out holds as long as it is the same."""

    __slots__ = ("mark",)

    def __init__(self) -> None:
        self.note()

    def note(self) -> None:
        """Call it after what is changed."""
        self.mark = object()


NOBODYS = Here()
changes = Changes()
here: ContextVar[Here | None] = ContextVar("nbtrack_here", default=None)


def user_task() -> Any:
    """The asyncio task that this code is of, if the user made it."""
    if (current_task := imported("asyncio", "current_task")) is None:
        return None
    try:
        task = current_task()
    except RuntimeError:  # no event loop is running
        return None
    return None if task is None or _runs_cells(task) else task


def is_own_code_of(cell: CellLine) -> bool:
    """Whether this is the running cell's own code, and nothing that it or another one started."""
    return not cell.is_over and cell.thread == threading.get_ident() and user_task() is None


def _runs_cells(task: Any) -> bool:
    # A cell runs inside the kernel's own task; only tasks that the user made count as tasks.
    code = getattr(task.get_coro(), "cr_code", None)
    file = "" if code is None else code.co_filename.replace("\\", "/")
    return any(f"/{package}/" in file for package in ("ipykernel", "IPython", "tornado"))
