"""What nbtrack itself takes of the user's time."""

from __future__ import annotations

import time
from typing import Self


class Stopwatch:
    """`with stopwatch:` runs it, also while it runs already."""

    def __init__(self) -> None:
        self._seconds = self._since = 0.0
        self._depth = 0

    def __enter__(self) -> Self:
        if self._depth == 0:
            self._since = time.perf_counter()
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._seconds += time.perf_counter() - self._since

    def add(self, seconds: float) -> None:
        self._seconds += seconds

    @property
    def seconds(self) -> float:
        running = time.perf_counter() - self._since if self._depth else 0.0
        return self._seconds + running

    @property
    def milliseconds(self) -> float:
        return self.seconds * 1000
