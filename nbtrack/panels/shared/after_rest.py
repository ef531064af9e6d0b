"""Work that waits until the user has come to rest."""

from __future__ import annotations

import threading
from collections.abc import Callable

from nbtrack.base.guard import guarded

REST_SECONDS = 1.0


class AfterRest:
    """*action* says what it does, should it fail: "draw the charts"."""

    def __init__(self, action: str) -> None:
        self._action = action
        self._timer: threading.Timer | None = None

    def do(self, work: Callable[[], None]) -> None:
        """A newer call stands in for one that has not begun."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(REST_SECONDS, self._guarded, (work,))
        self._timer.daemon = True
        self._timer.start()

    def _guarded(self, work: Callable[[], None]) -> None:
        with guarded(self._action):
            work()
