"""New points from the journals while a cell trains, at a cost that has a bound.

A look reads what was appended since the look before. Of more than `MOST_BYTES` it reads blocks
at random places and the newest lines: whoever logs 100,000 points a second sees some of them, and
all of them when the cell has ended (`Store.read_series`).
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from nbtrack.journal.lines import NO_SENSE, told_points
from nbtrack.journal.reading import segment_sizes

MOST_BYTES = 64 * 1024  # 550 points, parsed in 0.4 ms, or four times as many in lines of many
BLOCK_BYTES = 8 * 1024  # two lines of many points
BACK_BYTES = 1024 * 1024  # of what stood there before the first look
# What `lines.metric_line` writes, and `lines.tag_line` of a run's parent and name. Nothing in them
# goes over the end of a line: what stands at the end of one block must not be joined to another.
# Each begins a line, else it is none that is folded. (A "^" would cost ten times as much.)
_TEXT = rb'"(?:[^"\\\n]|\\.)*"'
_POINT = re.compile(
    rb'\n\{"k":"metric","r":"(\w+)","n":(' + _TEXT + rb'),"v":([-+.\de]+|"-?\w+"),'
    rb'"s":(-?\d+),"t":(\d+)\}(?=\n)'
)
_POINTS = re.compile(rb'\n(\{"k":"points","r":"\w+","n":[^\n]+)(?=\n)')
_PARENT = re.compile(rb'\n\{"k":"tag","r":"(\w+)","n":"mlflow\.parentRunId","v":"(\w+)"')
_NAME = re.compile(rb'\n\{"k":"tag","r":"(\w+)","n":"mlflow\.runName","v":(' + _TEXT + rb")")


class TailPoint(NamedTuple):
    run_id: str
    key: str
    step: int
    t: int  # microseconds since 1970
    value: float


class JournalTail:
    """*folder* is the store's. Points are those of any run that any process logged.

    *parents* and *names* are by run id, as far as they were seen.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "journal"
        self._ends = {
            name: max(0, size - BACK_BYTES) for name, size in segment_sizes(self._folder).items()
        }
        self._random = random.Random(0)
        self._keys: dict[bytes, str] = {}
        self.parents: dict[str, str] = {}
        self.names: dict[str, str] = {}

    def read(self) -> list[TailPoint]:
        """In the order in which each process wrote them."""
        found: list[TailPoint] = []
        for name, size in segment_sizes(self._folder).items():
            start = self._ends.get(name, 0)
            if size > start:
                text, end = self._read_segment(name, start, size)
                self._ends[name] = end
                self._note_runs(text)
                found.extend(self._points(text))
        return found

    def _read_segment(self, name: str, start: int, size: int) -> tuple[bytes, int]:
        """What there is, or samples of it, and where the next look begins."""
        try:
            descriptor = os.open(self._folder / name, os.O_RDONLY)
        except OSError:  # folded and deleted since we listed it
            return b"", size
        try:
            places = list(self._blocks(start, size))
            blocks = [os.pread(descriptor, length, place) for place, length in places]
        finally:
            os.close(descriptor)
        # Only whole lines match, wherever a block begins; the torn one at the end comes next time.
        text = b"\n" + b"\n".join([blocks[0], *map(_from_its_first_line, blocks[1:])])
        return text, max(start, places[-1][0] + blocks[-1].rfind(b"\n") + 1)

    def _blocks(self, start: int, size: int) -> Iterator[tuple[int, int]]:
        """Places and lengths, from left to right; the last one reaches to the end."""
        if size - start <= MOST_BYTES:
            yield start, size - start
            return
        count = MOST_BYTES // BLOCK_BYTES
        stretch = (size - start) / count
        for n in range(count - 1):
            room = max(0, int(stretch) - BLOCK_BYTES)
            yield start + int(n * stretch) + self._random.randint(0, room), BLOCK_BYTES
        yield size - BLOCK_BYTES, BLOCK_BYTES

    def _note_runs(self, text: bytes) -> None:
        for child, parent in _PARENT.findall(text):
            self.parents[child.decode()] = parent.decode()
        for run_id, name in _NAME.findall(text):
            self.names[run_id.decode()] = json.loads(name)

    def _points(self, text: bytes) -> Iterator[TailPoint]:
        *parts, rest = _POINTS.split(text)
        for before, line in zip(parts[::2], parts[1::2], strict=True):
            yield from self._single_points(before + b"\n")
            with suppress(*NO_SENSE):  # as when it is folded
                yield from _many_points(json.loads(line))
        yield from self._single_points(rest)

    def _single_points(self, text: bytes) -> Iterator[TailPoint]:
        for run_id, key, value, step, t in _POINT.findall(text):
            name = self._keys.get(key)
            if name is None:
                name = self._keys[key] = json.loads(key)
            number = float(value.strip(b'"'))
            yield TailPoint(run_id.decode(), name, int(step), int(t), number)


def _many_points(told: dict[str, Any]) -> list[TailPoint]:
    values, steps, times = told_points(told)
    run_id, key = told["r"], told["n"]
    return [TailPoint(run_id, key, *at) for at in zip(steps, times, values, strict=True)]


def _from_its_first_line(block: bytes) -> bytes:
    return block[block.find(b"\n") + 1 :]
