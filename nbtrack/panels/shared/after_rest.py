"""Work that waits until the user has come to rest."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable

from nbtrack.base.guard import guarded

REST_SECONDS = 1.0
_LONGEST_END = 5.0  # seconds that a process may take longer to end
_all: weakref.WeakSet[AfterRest] = weakref.WeakSet()


class AfterRest:
    """*action* says what it does, should it fail: "draw the charts"."""

    def __init__(self, action: str) -> None:
        self._action = action
        self._timer: threading.Timer | None = None
        _all.add(self)

    def do(self, work: Callable[[], None]) -> None:
        """A newer call stands in for one that has not begun."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(REST_SECONDS, self._guarded, (work,))
        self._timer.daemon = True
        # Registered last, called first at exit: while the store is still there.
        atexit.unregister(_stop_all)
        atexit.register(_stop_all)
        self._timer.start()

    def _guarded(self, work: Callable[[], None]) -> None:
        with guarded(self._action):
            work()

    def stop(self) -> None:
        """What has begun comes to its end: DuckDB must not be taken down under it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join(_LONGEST_END)


def _stop_all() -> None:
    for each in list(_all):
        each.stop()
