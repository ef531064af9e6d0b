"""The background thread that folds; it runs only while there is something to fold."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable

from nbtrack.guard import guarded

MOST_SECONDS = 2.0  # the oldest waiting line is never older than this

_threads: weakref.WeakSet[FoldingThread] = weakref.WeakSet()


class FoldingThread:
    """*fold()* returns False if it could not, because somebody else has the file."""

    def __init__(self, fold: Callable[[], bool]) -> None:
        self._fold = fold
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._wanted, self._urgent = threading.Event(), threading.Event()
        _threads.add(self)

    def request(self, is_urgent: bool) -> None:
        """Something waits; urgent means that it need not grow older."""
        if self._is_closed:
            return
        if is_urgent:
            self._urgent.set()
        self._wanted.set()
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._run, name="nbtrack-fold", daemon=True
                    )
                    self._thread.start()

    def close(self) -> None:
        """Stop and wait: a living thread at exit would find DuckDB half taken down."""
        self._is_closed = True
        self._urgent.set()
        self._wanted.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while not self._is_closed:
            self._wanted.wait()
            self._urgent.wait(timeout=MOST_SECONDS)
            self._wanted.clear()
            self._urgent.clear()
            if not self._is_closed and not self._fold_guarded():
                self._wanted.set()  # in two seconds again

    def _fold_guarded(self) -> bool:
        with guarded("write to its database file"):
            return self._fold()
        return False

    def _after_fork(self) -> None:
        # A forked child only journals: its parent and every reader fold for it.
        self._is_closed, self._thread = True, None


def _close_all_after_fork() -> None:
    for thread in list(_threads):
        thread._after_fork()


os.register_at_fork(after_in_child=_close_all_after_fork)
