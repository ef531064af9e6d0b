"""Answers that were given a moment ago: several who ask the same, as panels do that look at one
project, wait for one answer, as long as nobody has written anything."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

MOST_KEPT = 32
MOST_BYTES = 4 << 20  # of one that is kept
# That a process has died is no change of the store: it shows this much later.
KEPT_SECONDS = 1.0


class Answer(NamedTuple):
    text: bytes
    is_compressed: bool


class _Kept(NamedTuple):
    version: object
    at: float
    answer: Answer


class KeptAnswers:
    """Safe for several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._turns: dict[Hashable, tuple[threading.Lock, int]] = {}
        self._lock = threading.Lock()

    def answer(
        self, asked: Hashable, version: Callable[[], object], make: Callable[[], Answer]
    ) -> Answer:
        """*version* is equal as long as nobody has written."""
        with self._turn(asked):  # whoever asks the same meanwhile waits for this answer
            now = version()  # before it is made: what is written then makes it an old one
            kept = self._kept.get(asked)
            if kept and kept.version == now and time.monotonic() - kept.at < KEPT_SECONDS:
                return kept.answer
            made = make()
            if len(made.text) <= MOST_BYTES:
                self._keep(asked, _Kept(now, time.monotonic(), made))
        return made

    @contextmanager
    def _turn(self, asked: Hashable) -> Iterator[None]:
        with self._lock:
            turn, waiting = self._turns.get(asked, (threading.Lock(), 0))
            self._turns[asked] = turn, waiting + 1
        try:
            with turn:
                yield
        finally:
            with self._lock:
                turn, waiting = self._turns.pop(asked)
                if waiting > 1:
                    self._turns[asked] = turn, waiting - 1

    def _keep(self, asked: Hashable, kept: _Kept) -> None:
        with self._lock:
            self._kept[asked] = kept
            self._kept.move_to_end(asked)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
