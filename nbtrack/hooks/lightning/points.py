"""`Points`: what a module logs, told apart by step, and written in batches.

Lightning keeps one dict of all that was logged, and makes new tensors of the old values in it at
every step. What was logged anew is what lies at another place in memory: the last value of each key
is held here, so that nothing new can lie at its place.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor

from nbtrack.hooks.pytorch.numbers import held, numbers_of
from nbtrack.hooks.training.storable_keys import storable_key
from nbtrack.journal.lines import now_us
from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.origins import Origin, Origins
from nbtrack.records.runs import Metric

LIVE_SECONDS = 0.5  # between two writes


class _Look(NamedTuple):
    values: Mapping[str, Tensor | float]
    step: int
    ms: int


class Points:
    def __init__(self, run: RunWriter) -> None:
        self._run = run
        self.is_silent = False  # another process records
        self._last: dict[str, Tensor] = {}
        self._waiting: list[_Look] = []
        self._keys: dict[str, str] = {}  # as recorded, by what the module calls them
        self._origins: dict[str, Origin] = {}
        self._noted = 0  # of the origins
        self._next_write = time.monotonic() + LIVE_SECONDS

    @property
    def keys(self) -> list[str]:
        return list(self._keys.values())

    def fresh(self, logged: Mapping[str, Any]) -> dict[str, Tensor]:
        """What was logged since this was asked last."""
        found = {}
        last = self._last
        for key, value in logged.items():
            before = last.get(key)
            if before is None or before.data_ptr() != value.data_ptr():
                last[key] = found[key] = value.detach() if value.requires_grad else value
        return found

    def add(self, values: Mapping[str, Tensor], step: int, origin: Origin) -> None:
        """On a GPU they stay tensors until they are written."""
        if not values or self.is_silent:
            return
        kept = {key: held(value) for key, value in values.items()}
        self._waiting.append(_Look(kept, step, now_us() // 1000))
        for key in values:
            if key not in self._keys:
                self._keys[key] = storable_key(key)
                self._origins[self._keys[key]] = origin
        if time.monotonic() >= self._next_write:
            self.write()

    def write(self) -> None:
        looks, self._waiting = self._waiting, []
        if looks:
            numbers = iter(numbers_of([value for look in looks for value in look.values.values()]))
            self._run.log_batch(
                metrics=[
                    Metric(self._keys[key], next(numbers), look.ms, look.step)
                    for look in looks
                    for key in look.values
                ]
            )
        if len(self._origins) > self._noted:
            self._noted = len(self._origins)
            self._run.note_origins(Origins(metrics=self._origins))
        self._next_write = time.monotonic() + LIVE_SECONDS
