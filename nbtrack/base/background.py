"""Work on our own copies, done after the user's call returned and while nobody waits for anything.

One thread does it; it begins with the first piece of work and ends when there is none left. It
rests while a cell runs (`hold`, `release`) and for a moment after, so that a row of cells is not
disturbed. Who needs a result sooner calls `wait`, and does what is left in its own thread. At
exit no more is begun after EXIT_SECONDS: what is submitted here must be possible later, from what
is stored.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from nbtrack.base.guard import guarded

QUIET_SECONDS = 0.3  # since a cell ended or work came in, before any is begun
LOOK_SECONDS = 0.25  # how often work that is not ready yet is looked at again
EXIT_SECONDS = 2.0
MOST_WAITING = 256  # pieces of work; beyond that the oldest are left to whoever asks for them

Job = Callable[[], None]


class _Work(NamedTuple):
    run_id: str
    job: Job
    action: str  # "draw the plots of a fit": what a warning says could not be done
    is_ready: Callable[[], bool]


@dataclass(slots=True)
class _Doing:
    run_id: str
    thread: int


class Background:
    def __init__(self) -> None:
        # Re-entrant, because a signal handler may end a run in the middle of all this.
        self._changed = threading.Condition(threading.RLock())
        self._waiting: list[_Work] = []
        self._doing: list[_Doing] = []
        self._thread: threading.Thread | None = None
        self._is_held = False
        self._quiet_since = 0.0

    # --- what others call

    def submit(
        self, run_id: str, job: Job, *, action: str, is_ready: Callable[[], bool] = lambda: True
    ) -> None:
        """Do *job* later, but not before *is_ready()*, unless somebody waits for it."""
        with self._changed:
            self._waiting.append(_Work(run_id, job, action, is_ready))
            del self._waiting[:-MOST_WAITING]
            self._quiet_since = time.monotonic()
            self._begin()

    def hand_over(self, run_id: str, heir: str) -> None:
        """What waits for a run is another one's now."""
        with self._changed:
            waiting = self._waiting
            waiting[:] = [w._replace(run_id=heir) if w.run_id == run_id else w for w in waiting]

    def wait(self, run_id: str | None = None) -> None:
        """Return when all work for *run_id* (None: all work) is done; what waits is done here."""
        while (work := self._taken(run_id)) is not None:
            self._do(work)
        with self._changed:
            while self._is_done_elsewhere(run_id):
                self._changed.wait(LOOK_SECONDS)

    def hold(self) -> None:
        """A cell runs: begin nothing. Twice is once."""
        self._is_held = True

    def release(self) -> None:
        """The cell ended."""
        with self._changed:
            self._is_held = False
            self._quiet_since = time.monotonic()
            self._changed.notify_all()

    def waiting(self, run_id: str | None = None) -> int:
        """Pieces of work that are not begun yet."""
        with self._changed:
            return sum(run_id in (None, work.run_id) for work in self._waiting)

    def close(self, seconds: float = EXIT_SECONDS) -> None:
        """Do in *seconds* what can be done, here: at exit no thread can be started any more."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and (work := self._taken(None)) is not None:
            self._do(work)
        with self._changed:
            self._waiting.clear()
            # However long it takes: a thread that is cut off within a library's C++ code at exit
            # takes the process down with it.
            while self._is_done_elsewhere(None):
                self._changed.wait(LOOK_SECONDS)

    # --- the thread

    def _begin(self) -> None:
        if self._thread is not None:
            self._changed.notify_all()
            return
        self._thread = threading.Thread(target=self._run, name="nbtrack-background", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # at interpreter shutdown; `close` does the work
            self._thread = None

    def _run(self) -> None:
        while (work := self._next()) is not None:
            self._do(work)

    def _next(self) -> _Work | None:
        """What may be begun now, waited for; None, and the thread is forgotten, if all is done."""
        with self._changed:
            while self._waiting:
                if self._is_held:
                    self._changed.wait()
                    continue
                rest = self._quiet_since + QUIET_SECONDS - time.monotonic()
                if rest > 0:
                    self._changed.wait(rest)
                    continue
                work = next((each for each in self._waiting if _is_ready(each)), None)
                if work is not None:
                    return self._take(work)
                self._changed.wait(LOOK_SECONDS)
            self._thread = None
            return None

    # --- one piece of work

    def _taken(self, run_id: str | None) -> _Work | None:
        with self._changed:
            mine = (work for work in self._waiting if run_id in (None, work.run_id))
            found = next(mine, None)
            return None if found is None else self._take(found)

    def _take(self, work: _Work) -> _Work:
        self._waiting.remove(work)
        self._doing.append(_Doing(work.run_id, threading.get_ident()))
        return work

    def _do(self, work: _Work) -> None:
        is_over = False
        try:
            with guarded(work.action):
                work.job()
            is_over = True
        finally:
            with self._changed:
                mine = (d for d in reversed(self._doing) if d.thread == threading.get_ident())
                self._doing.remove(next(mine))
                if not is_over:  # interrupted: somebody will do it later
                    self._waiting.insert(0, work)
                    self._begin()
                self._changed.notify_all()

    def _is_done_elsewhere(self, run_id: str | None) -> bool:
        """Whether another thread is at it; what this thread itself is at cannot be waited for."""
        here = threading.get_ident()
        return any(run_id in (None, d.run_id) and d.thread != here for d in self._doing)


def _is_ready(work: _Work) -> bool:
    with guarded(work.action):
        return work.is_ready()
    return True


_background: Background | None = None
_making = threading.RLock()


def current_background() -> Background:
    global _background
    if _background is None:
        with _making:
            if _background is None:
                _background = Background()
    return _background


def submit(
    run_id: str, job: Job, *, action: str, is_ready: Callable[[], bool] = lambda: True
) -> None:
    """Do *job* later, but not before *is_ready()*, unless somebody waits for it.

    *job* holds no data that grows with the user's; *action* completes "nbtrack could not …".
    """
    # The handler registered last is called first at exit: then the session is still open.
    atexit.unregister(close)
    atexit.register(close)
    current_background().submit(run_id, job, action=action, is_ready=is_ready)


def wait(run_id: str | None = None) -> None:
    """Return when all work for *run_id* (None: for every run) is done, also while a cell runs."""
    if _background is not None:
        _background.wait(run_id)


def hand_over(run_id: str, heir: str) -> None:
    current_background().hand_over(run_id, heir)


def hold() -> None:
    """A cell begins: from now on nothing is begun until `release`. 1 µs."""
    current_background().hold()


def release() -> None:
    if _background is not None:
        _background.release()


def waiting(run_id: str | None = None) -> int:
    """Pieces of work that are not begun yet."""
    return 0 if _background is None else _background.waiting(run_id)


def close() -> None:
    if _background is not None:
        with guarded("finish its work in the background"):
            _background.close()


def _after_fork() -> None:
    # What waits is the parent's; its thread and its locks do not exist here.
    global _background, _making
    _making = threading.RLock()
    if _background is not None:
        _background = Background()


os.register_at_fork(after_in_child=_after_fork)
