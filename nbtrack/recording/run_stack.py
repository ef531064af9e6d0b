"""Which run is active here.

The *base* stack belongs to the process: the tracked cell's run, and runs opened at a notebook's
top level (a ContextVar set in an awaiting cell is lost to the next one). A run opened inside a
worker thread or an asyncio task lives in an *overlay*, a ContextVar, or four threads' metrics
would all land in the run that was opened last. Looked up: overlay, then base.
"""

from __future__ import annotations

import sys
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

_overlay: ContextVar[tuple[ActiveRun, ...]] = ContextVar("nbtrack_runs", default=())


class RunStack:
    def __init__(self) -> None:
        self._base: list[ActiveRun] = []

    def top(self) -> ActiveRun | None:
        # A task started inside a run still has it in its copy after the run has ended.
        for run in reversed(_overlay.get()):
            if run.is_open:
                return run
        return self._base[-1] if self._base else None

    def __contains__(self, run: ActiveRun) -> bool:
        """Whether it is open here."""
        return run in _overlay.get() or run in self._base

    def push(self, run: ActiveRun) -> None:
        if is_at_top_level():
            self._base.append(run)
        else:
            _overlay.set((*_overlay.get(), run))

    def push_base(self, run: ActiveRun) -> None:
        """Below nothing but what is in the base already, whichever thread or task asks."""
        self._base.append(run)

    def pop(self, run: ActiveRun) -> None:
        """Leave the innermost entry of *run* here; it stays open for who entered it elsewhere."""
        overlay = _overlay.get()
        for place in reversed(range(len(overlay))):
            if overlay[place] is run:
                _overlay.set(overlay[:place] + overlay[place + 1 :])
                return
        for place in reversed(range(len(self._base))):
            if self._base[place] is run:
                del self._base[place]
                return

    def remove(self, run: ActiveRun) -> None:
        self._base[:] = [other for other in self._base if other is not run]
        _overlay.set(tuple(other for other in _overlay.get() if other is not run))

    def above(self, run: ActiveRun) -> list[ActiveRun]:
        """Runs opened on top of *run*, the newest first."""
        if run not in self._base:
            return []
        return self._base[: self._base.index(run) : -1]

    def base(self) -> list[ActiveRun]:
        return list(self._base)

    def clear(self) -> None:
        self._base.clear()
        _overlay.set(())


def is_at_top_level() -> bool:
    """Whether this code is the notebook's or script's own, not a worker thread's or a task's."""
    if threading.current_thread() is not threading.main_thread():
        return False
    if (asyncio := sys.modules.get("asyncio")) is None:
        return True
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no event loop is running
        return True
    return task is None or _runs_cells(task)


def _runs_cells(task: Any) -> bool:
    # A cell runs inside the kernel's own task; only tasks that the user made count as tasks.
    code = getattr(task.get_coro(), "cr_code", None)
    file = "" if code is None else code.co_filename.replace("\\", "/")
    return any(f"/{package}/" in file for package in ("ipykernel", "IPython", "tornado"))
