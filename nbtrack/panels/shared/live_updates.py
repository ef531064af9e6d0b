"""One thread looks for news, for all open panels of the process; none open, no thread.

It works while a cell trains: nothing here waits for the kernel's own loop.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from typing import Any, Protocol

from nbtrack.base.guard import tried
from nbtrack.panels.shared.quiet import quiet
from nbtrack.stores.store import Store

POLL_SECONDS = 0.5
# Looking again costs the training cell processor time: at most about one part in thirty.
_REST_PER_COST = 30.0
_LONGEST_REST = 1.5


class Watcher(Protocol):
    """Who wants to hear of news: a panel, of which nothing else is known here."""

    store: Store
    lock: threading.RLock

    def refresh(self) -> None: ...

    def push(self, name: str, result: Any) -> None: ...


def watch(panel: Watcher) -> None:
    """Call `panel.refresh()` when its store has changed, until `forget`. Twice is once."""
    with _lock:
        _seen.setdefault(panel, panel.store.version())
        _begin()


def forget(panel: Watcher) -> None:
    with _lock:
        _seen.pop(panel, None)
    _wake.set()


def stop() -> None:
    """End the thread and wait for it: DuckDB must not be taken down under it."""
    with _lock:
        _seen.clear()
        thread = _thread
    _wake.set()
    if thread is not None and thread is not threading.current_thread():
        thread.join()


def is_running() -> bool:
    return _thread is not None


_lock = threading.RLock()
_wake = threading.Event()
_seen: dict[Watcher, object] = {}  # the version of its store that each panel shows
_thread: threading.Thread | None = None


def _begin() -> None:
    global _thread
    if _thread is None:
        _thread = threading.Thread(target=_run, name="nbtrack-panels", daemon=True)
        # Registered last, called first at exit: while the store is still there.
        atexit.unregister(stop)
        atexit.register(stop)
        _thread.start()


def _run() -> None:
    while _is_wanted():
        began = time.perf_counter()
        for panel, version in _watched():
            _look(panel, version)
        cost = time.perf_counter() - began
        _wake.wait(min(max(POLL_SECONDS, _REST_PER_COST * cost), _LONGEST_REST))
        _wake.clear()


def _is_wanted() -> bool:
    """False ends the thread; the next `watch` begins another one."""
    global _thread
    with _lock:
        if not _seen:
            _thread = None
        return bool(_seen)


def _watched() -> list[tuple[Watcher, object]]:
    with _lock:
        return list(_seen.items())


def _look(panel: Watcher, version: object) -> None:
    with quiet():
        tried(lambda: _refresh(panel, version), on_fault=lambda fault: _tell(panel, fault))


def _refresh(panel: Watcher, version: object) -> None:
    now = panel.store.version()
    if now == version or not panel.lock.acquire(blocking=False):
        return  # it is answering a question: its news come later, and those of others at once
    try:
        with _lock:
            if panel not in _seen:
                return
            _seen[panel] = now  # before the look: what is written meanwhile is seen the next time
        panel.refresh()
    finally:
        panel.lock.release()


def _tell(panel: Watcher, fault: Exception) -> None:
    words = (str(fault).splitlines() or [type(fault).__name__])[0]
    tried(lambda: panel.push("trouble", words[:300]), on_fault=lambda _: None)


def _after_fork() -> None:
    global _thread, _lock, _wake
    _seen.clear()
    _thread, _lock, _wake = None, threading.RLock(), threading.Event()


os.register_at_fork(after_in_child=_after_fork)
