"""From IPython's events to "a cell began" and "a cell ended", each exactly once.

`pre_run_cell` and `post_run_cell` tell of cells; `pre_execute` and `post_execute` also fire on
widget messages, in the middle of a running cell. `%%capture` and code that calls
`get_ipython().run_cell` fire both events again inside of a cell: those are inner frames. Cells that
run silently (`%run other.ipynb`, `.ipy` files) are told of by no event but `post_execute`: the
`%track` line in one finds it on Python's stack. Each thread has frames of its own, for ipykernel's
subshells run cells in theirs.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

from nbtrack.base import background
from nbtrack.base.guard import guarded, warn

MOST_FAULTS = 3


class CellListener(Protocol):
    """Of each thread's cells."""

    def cell_began(self, info: Any) -> None: ...

    def frame_ended(self, info: Any, result: Any) -> None:
        """An inner or the outermost frame; *result* is None if IPython has none."""
        ...

    def cell_ended(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Frame:
    """One call of `run_cell`; *silent* is that of a silent one, with its result to be."""

    info: Any
    silent: tuple[FrameType, Any] | None = None


class CellEvents:
    def __init__(self, shell: Any, listener: CellListener) -> None:
        self._shell = shell
        self._listener = listener
        self._by_thread: dict[int, list[_Frame]] = {}
        self._messages: dict[int, object] = {}  # by thread: the request of its cell
        self._pid = os.getpid()
        self._faults = 0
        self.is_enabled = False

    @property
    def frame(self) -> Any:
        """What the innermost `run_cell` was called with; None between cells."""
        return self._frames[-1].info if self._frames else None

    @property
    def is_here(self) -> bool:
        """Whether this is a thread, and the process, that runs a cell."""
        return bool(self._frames) and self._pid == os.getpid()

    def enable(self) -> None:
        """Twice is once. A cell that is running already, because it loads us, is taken over."""
        self._faults = 0
        self.is_enabled = True
        for name, callback in self._callbacks():
            if callback not in self._shell.events.callbacks[name]:
                self._shell.events.register(name, callback)
        running = getattr(self._shell.displayhook, "exec_result", None)
        if running is not None and not running.info.silent and not self._frames:
            self._pre_run_cell(running.info)

    def disable(self) -> None:
        """No cell begins any more; one that is running is still brought to its end."""
        self.is_enabled = False
        due = self._callbacks()[: 1 if self._by_thread else 2]
        for name, callback in due:
            self._unregister(name, callback)

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

    def notice_silent_cell(self) -> None:
        """To be called by its code: the cell that runs may be one that no event tells of."""
        with guarded("begin a silent cell", on_fault=self.fault):
            found = next(_running_cells(), None)
            if found is None or any(found[1].info is frame.info for frame in self._frames):
                return
            if self._post_execute not in self._shell.events.callbacks["post_execute"]:
                self._shell.events.register("post_execute", self._post_execute)
            self._pre_run_cell(found[1].info, silent=found)

    @property
    def _frames(self) -> list[_Frame]:
        return self._by_thread.get(threading.get_ident(), [])

    def _callbacks(self) -> tuple[tuple[str, Any], ...]:
        return (("pre_run_cell", self._pre_run_cell), ("post_run_cell", self._post_run_cell))

    def _unregister(self, name: str, callback: Any) -> None:
        if callback in self._shell.events.callbacks[name]:
            self._shell.events.unregister(name, callback)

    def _pre_run_cell(self, info: Any, *, silent: tuple[FrameType, Any] | None = None) -> None:
        with guarded("begin a cell", on_fault=self.fault):
            frame = _Frame(info, silent)
            if self._frames and self._is_left_behind():
                self._end_all()
            if self.is_here:
                self._frames.append(frame)
            elif not self._frames:  # a forked child has its parent's, and leaves them alone
                self._begin(frame)

    def _begin(self, frame: _Frame) -> None:
        thread = threading.get_ident()
        self._by_thread[thread] = [frame]
        self._messages[thread] = _message_id(self._shell)
        self._pid = os.getpid()
        background.hold()  # what nobody waits for is not done beside the user's code
        self._listener.cell_began(frame.info)

    def _post_run_cell(self, result: Any) -> None:
        with guarded("end a cell", on_fault=self.fault):
            if self.is_here:
                self._end(result)

    def _post_execute(self) -> None:
        """A silent cell ended, or a widget's message came while one runs."""
        with guarded("end a silent cell", on_fault=self.fault):
            while self.is_here and (silent := self._frames[-1].silent) and self._is_over(*silent):
                self._end(silent[1])
            if not any(frame.silent for frames in self._by_thread.values() for frame in frames):
                self._unregister("post_execute", self._post_execute)

    def _is_over(self, running: FrameType, result: Any) -> bool:
        is_awaiting = getattr(self._shell.displayhook, "exec_result", None) is result
        return not is_awaiting and all(frame is not running for frame, _ in _running_cells())

    def _end(self, result: Any) -> None:
        if result is None:  # the kernel awaited the cell, and it broke off
            self._end_all()
            return
        # An empty cell has an end without a beginning.
        if not any(_is_same(frame.info, result.info) for frame in self._frames):
            return
        info = self._frames.pop().info
        while not _is_same(info, result.info):
            info = self._frames.pop().info
        try:
            self._listener.frame_ended(info, result)
        finally:
            if not self._frames:
                self._end_cell()

    def _end_cell(self) -> None:
        self._by_thread.pop(threading.get_ident(), None)
        if not self.is_enabled:
            self.disable()
        try:
            self._listener.cell_ended()
        finally:
            if not self._by_thread:
                background.release()

    def _end_all(self) -> None:
        outermost = self._frames[0].info
        self._by_thread.pop(threading.get_ident())
        try:
            self._listener.frame_ended(outermost, None)
        finally:
            self._end_cell()

    def _is_left_behind(self) -> bool:
        """Whether the frames are of an earlier request, the end of which was never told."""
        now, then = _message_id(self._shell), self._messages.get(threading.get_ident())
        return self.is_here and None not in (now, then) and now != then


def _running_cells() -> Iterator[tuple[FrameType, Any]]:
    """The calls on the stack that run a cell, the innermost first, with their results to be."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "run_cell_async" and "result" in frame.f_locals:
            yield frame, frame.f_locals["result"]
        frame = frame.f_back


def _is_same(info: Any, other: Any) -> bool:
    # IPython makes a second ExecutionInfo when a cell breaks off with a BaseException.
    return info is other or (info.raw_cell == other.raw_cell and info.cell_id == other.cell_id)


def _message_id(shell: Any) -> object:
    """The request that the kernel works on; None outside of a kernel."""
    message = getattr(shell, "parent_header", None)
    header = message.get("header", message) if isinstance(message, dict) else {}
    return header.get("msg_id")
