"""The background thread that folds; it runs only while there is something to fold."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress

from nbtrack.guard import guarded

MOST_SECONDS = 2.0  # the oldest waiting line is never older than this
LEAST_SECONDS = 0.3  # many short runs in a row are folded together

_threads: weakref.WeakSet[FoldingThread] = weakref.WeakSet()


class FoldingThread:
    """*fold()* returns False if it could not, because somebody else has the file."""

    def __init__(self, fold: Callable[[], bool]) -> None:
        self._fold = fold
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._wanted, self._urgent = threading.Event(), threading.Event()
        _threads.add(self)

    def request(self, is_urgent: bool) -> None:
        """Something waits; urgent means that it need not grow older."""
        if self._stop.is_set():
            return
        if is_urgent:
            self._urgent.set()
        self._wanted.set()
        if self._thread is None:
            self._begin()

    def close(self) -> None:
        """Stop and wait: a living thread at exit would find DuckDB half taken down."""
        self._stop.set()
        self._urgent.set()
        self._wanted.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _begin(self) -> None:
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="nbtrack-fold", daemon=True)
                # At interpreter shutdown no thread can begin; then the next reader folds.
                with suppress(RuntimeError):
                    thread.start()
                    self._thread = thread

    def _run(self) -> None:
        while not self._stop.wait(LEAST_SECONDS):
            self._wanted.wait()
            self._urgent.wait(timeout=MOST_SECONDS)
            self._wanted.clear()
            self._urgent.clear()
            if not self._stop.is_set() and not self._fold_guarded():
                self._wanted.set()  # in two seconds again

    def _fold_guarded(self) -> bool:
        with guarded("write to its database file"):
            return self._fold()
        return False

    def _after_fork(self) -> None:
        # A forked child only journals: its parent and every reader fold for it.
        self._stop = threading.Event()
        self._stop.set()
        self._thread = None


def _close_all_after_fork() -> None:
    for thread in list(_threads):
        thread._after_fork()


os.register_at_fork(after_in_child=_close_all_after_fork)
