"""The background thread that folds, or sends: it runs only while there is something to do."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from queue import Empty, SimpleQueue

from nbtrack.base.guard import guarded, tried

MOST_SECONDS = 2.0  # the oldest waiting line is never older than this
PREPARE_SECONDS = 0.02
LEAST_SECONDS = 0.3  # many short runs in a row are folded together

_threads: weakref.WeakSet[FoldingThread] = weakref.WeakSet()


class FoldingThread:
    """*fold()* returns False if it could not, because somebody else has the file. A fault of it is
    told by *guard*. *prepare()* is called once, as soon as anything waits."""

    def __init__(
        self,
        fold: Callable[[], bool],
        *,
        name: str = "nbtrack-fold",
        guard: Callable[[], AbstractContextManager[None]] | None = None,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        self._fold, self._name, self._prepare = fold, name, prepare
        self._guard = guard or folding_guarded
        self._is_closed = self._has_failed = False
        self._thread: threading.Thread | None = None
        self._starting = threading.RLock()
        # A signal handler may log in the middle of all this. `put` may be interrupted by another
        # one; an Event, set while it is being set, waits for itself for ever.
        self._requests: SimpleQueue[bool] = SimpleQueue()
        _threads.add(self)

    def request(self, is_urgent: bool) -> None:
        """Something waits; urgent means that it need not grow older."""
        if self._is_closed:
            return
        self._requests.put(is_urgent)
        if self._thread is None:
            self._begin()

    def close(self) -> None:
        """Stop and wait: a living thread at exit would find DuckDB half taken down."""
        self._is_closed = True
        self._requests.put(True)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _begin(self) -> None:
        with self._starting:
            if self._thread is None:
                # Known before it starts, so that who interrupts us does not begin another one.
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # at interpreter shutdown; then the next reader folds
                    self._thread = None

    def _run(self) -> None:
        if self._prepare is not None:
            self._prepare_soon(self._prepare)
        rested = 0.0
        while not self._is_closed:
            self._wait_for_work(rested)
            if not self._is_closed and not self._fold_guarded():
                self._requests.put(False)  # in two seconds again
            rested = time.monotonic() + LEAST_SECONDS

    def _prepare_soon(self, prepare: Callable[[], None]) -> None:
        """But not at once: in that moment the process has just begun to log, and goes on."""
        is_urgent = self._requests.get()
        with suppress(Empty):
            is_urgent |= self._requests.get(timeout=PREPARE_SECONDS)
        self._requests.put(is_urgent)
        if not self._is_closed:
            with suppress(KeyboardInterrupt, SystemExit):  # what is wrong is told by who folds
                tried(prepare, on_fault=lambda _: None)

    def _wait_for_work(self, rested: float) -> None:
        """Until *rested*, and something urgent waits, or something for MOST_SECONDS."""
        is_urgent = self._requests.get()
        old = time.monotonic() + MOST_SECONDS
        while not self._is_closed:
            seconds = (rested if is_urgent else max(old, rested)) - time.monotonic()
            try:
                is_urgent |= self._requests.get(timeout=max(seconds, 0.0))
            except Empty:
                return

    def _fold_guarded(self) -> bool:
        # An interrupt that DuckDB tells of here, at exit say, is the main thread's to answer.
        with suppress(KeyboardInterrupt):
            if not self._has_failed:  # it is tried again in two seconds, and told then
                return tried(self._fold, on_fault=self._note_failure)
            with self._guard():
                is_done, self._has_failed = self._fold(), False
                return is_done
        return False

    def _note_failure(self, _fault: Exception) -> bool:
        self._has_failed = True
        return False

    def _after_fork(self) -> None:
        # A forked child only journals: its parent and every reader fold for it.
        self._is_closed, self._thread = True, None


def folding_guarded() -> AbstractContextManager[None]:
    """Whoever folds by the way, at exit or before a read, goes on if it cannot be done."""
    return guarded("write to its database file", outcome="what was logged waits in the journal")


def _close_all_after_fork() -> None:
    for thread in list(_threads):
        thread._after_fork()


os.register_at_fork(after_in_child=_close_all_after_fork)
