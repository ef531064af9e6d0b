"""From IPython's events to "a cell began" and "a cell ended", each exactly once.

Only `pre_run_cell` and `post_run_cell` are used: `pre_execute` and `post_execute` also fire on
widget messages, in the middle of a running cell. `%%capture` and code that calls
`get_ipython().run_cell` fire both events again inside of a cell: those are inner frames.
"""

from __future__ import annotations

import os
import threading
from typing import Any, Protocol

from nbtrack.base import background
from nbtrack.base.guard import guarded, warn

MOST_FAULTS = 3


class CellListener(Protocol):
    def cell_began(self, info: Any) -> None: ...

    def frame_ended(self, info: Any, result: Any) -> None:
        """An inner or the outermost frame; *result* is None if IPython has none."""
        ...

    def cell_ended(self) -> None: ...


class CellEvents:
    def __init__(self, shell: Any, listener: CellListener) -> None:
        self._shell = shell
        self._listener = listener
        self._frames: list[Any] = []
        self._thread = 0
        self._pid = os.getpid()
        self._message: object = None
        self._faults = 0
        self.is_enabled = False

    @property
    def frame(self) -> Any:
        """What the innermost `run_cell` was called with; None between cells."""
        return self._frames[-1] if self._frames else None

    @property
    def is_here(self) -> bool:
        """Whether this is the thread and the process that runs the cell."""
        return self._thread == threading.get_ident() and self._pid == os.getpid()

    def enable(self) -> None:
        """Twice is once. A cell that is running already, because it loads us, is taken over."""
        self._faults = 0
        self.is_enabled = True
        for name, callback in self._callbacks():
            if callback not in self._shell.events.callbacks[name]:
                self._shell.events.register(name, callback)
        running = getattr(self._shell.displayhook, "exec_result", None)
        if running is not None and not self._frames:
            self._pre_run_cell(running.info)

    def disable(self) -> None:
        """No cell begins any more; one that is running is still brought to its end."""
        self.is_enabled = False
        due = self._callbacks()[: 1 if self._frames else 2]
        for name, callback in due:
            if callback in self._shell.events.callbacks[name]:
                self._shell.events.unregister(name, callback)

    def fault(self) -> None:
        """Something of ours failed beside a cell; after a few times we leave cells alone."""
        self._faults += 1
        if self._faults == MOST_FAULTS:
            warn(
                f"nbtrack failed {MOST_FAULTS} times beside your cells and leaves them alone now; "
                "%reload_ext nbtrack turns it on again."
            )
            with guarded("switch itself off"):
                self.disable()

    def _callbacks(self) -> tuple[tuple[str, Any], ...]:
        return (("pre_run_cell", self._pre_run_cell), ("post_run_cell", self._post_run_cell))

    def _pre_run_cell(self, info: Any) -> None:
        with guarded("begin a cell", on_fault=self.fault):
            if not self._frames:
                self._begin(info)
            elif self.is_here:
                if self._is_left_behind():
                    self._end_all()
                    self._begin(info)
                else:
                    self._frames.append(info)

    def _begin(self, info: Any) -> None:
        self._frames = [info]
        self._thread, self._pid = threading.get_ident(), os.getpid()
        self._message = _message_id(self._shell)
        background.hold()  # what nobody waits for is not done beside the user's code
        self._listener.cell_began(info)

    def _post_run_cell(self, result: Any) -> None:
        with guarded("end a cell", on_fault=self.fault):
            if self._frames and self.is_here:
                self._end(result)

    def _end(self, result: Any) -> None:
        if result is None:  # the kernel awaited the cell, and it broke off
            self._end_all()
            return
        # An empty cell has an end without a beginning.
        if not any(_is_same(info, result.info) for info in self._frames):
            return
        info = self._frames.pop()
        while not _is_same(info, result.info):
            info = self._frames.pop()
        try:
            self._listener.frame_ended(info, result)
        finally:
            if not self._frames:
                self._end_cell()

    def _end_cell(self) -> None:
        if not self.is_enabled:
            self.disable()
        try:
            self._listener.cell_ended()
        finally:
            background.release()

    def _end_all(self) -> None:
        outermost = self._frames[0]
        self._frames = []
        try:
            self._listener.frame_ended(outermost, None)
        finally:
            self._end_cell()

    def _is_left_behind(self) -> bool:
        """Whether the frames are of an earlier request, the end of which was never told."""
        now = _message_id(self._shell)
        return None not in (now, self._message) and now != self._message


def _is_same(info: Any, other: Any) -> bool:
    # IPython makes a second ExecutionInfo when a cell breaks off with a BaseException.
    return info is other or (info.raw_cell == other.raw_cell and info.cell_id == other.cell_id)


def _message_id(shell: Any) -> object:
    """The request that the kernel works on; None outside of a kernel."""
    message = getattr(shell, "parent_header", None)
    header = message.get("header", message) if isinstance(message, dict) else {}
    return header.get("msg_id")
