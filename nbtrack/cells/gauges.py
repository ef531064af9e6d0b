"""What is measured beside a running cell: its output, its displays, time, memory, seeds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from nbtrack.capture.displays import CopiedDisplays, DisplayCopy
from nbtrack.capture.outputs import CopiedText, OutputCopy
from nbtrack.capture.resources import CellMeter, Usage
from nbtrack.capture.seeds import seed_digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    text: CopiedText
    displays: CopiedDisplays
    usage: Usage


class Gauges:
    """Between `start()` and `stop()`; both in the thread that runs the cell."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._text = OutputCopy()
        self._meter = CellMeter()
        self._displays = DisplayCopy(shell)
        self.is_running = False

    def start(self) -> None:
        self.is_running = True
        self._meter.start()
        self._text.start()
        # A new one: they keep what they have seen.
        self._displays = DisplayCopy(self._shell, writes=self._text.writes)
        self._displays.start()

    def stop(self) -> Readings:
        self.is_running = False
        displays = self._displays.stop()  # first: it asks what was printed
        return Readings(text=self._text.stop(), displays=displays, usage=self._meter.stop())


def seeds_text() -> str | None:
    """The state that random numbers come from, as JSON of digests; about 0.2 ms."""
    digests = seed_digests()
    return json.dumps(digests) if digests else None
