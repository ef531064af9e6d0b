"""How often somebody may be wrong about a password."""

from __future__ import annotations

import threading
import time
from collections import deque

LIMIT, SECONDS = 10, 60.0  # so many of a user, and so many from an address, in so long
_MOST_KNOWN = 10_000


class Attempts:
    """Each counts when it begins, so that many at once are not many in vain; one that was right is
    forgiven. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun: dict[str, deque[float]] = {}

    def begin(self, *whose: str) -> float:
        """0.0, or, if it may not be made, in how many seconds one may."""
        now = time.monotonic()
        with self._lock:
            waits = [self._wait(key, now) for key in whose]
            if not any(waits):
                self._note(whose, now)
        return max(waits)

    def forgive(self, *whose: str) -> None:
        with self._lock:
            for key in whose:
                if times := self._begun.get(key):
                    times.pop()

    def _wait(self, key: str, now: float) -> float:
        times = self._begun.get(key, deque())
        while times and times[0] <= now - SECONDS:
            times.popleft()
        return times[0] + SECONDS - now if len(times) >= LIMIT else 0.0

    def _note(self, whose: tuple[str, ...], now: float) -> None:
        if len(self._begun) > _MOST_KNOWN:  # names come from anybody: memory has an end
            self._begun = {key: times for key, times in self._begun.items() if len(times) >= LIMIT}
        for key in whose:
            self._begun.setdefault(key, deque()).append(now)
