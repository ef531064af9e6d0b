"""What a notebook takes and shows with nbtrack and without, each way in kernels of its own.

Processor time of the kernel's process, user and system, because other programs run beside it; the
ways take turns, and of each the median counts. The kernels have imported nothing of what the cells
import: an import is a part of a notebook too. Tracked cells take one turn: they store more.
"""

from __future__ import annotations

import re
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.support.gallery import tracked
from tests.support.kernel import Kernel, Reply

# Addresses, temporary files and folders, and times, in any kernel others.
_OF_THE_PROCESS = re.compile(r"0x[0-9a-fA-F]+|/tmp/[\w/]+|\d+\.\d+ ?(s|sec|min|seconds)\b")
# As users have it: no fork of a kernel that waits for tests, whose objects no garbage collection
# looks at any more.
_OF_ITS_OWN = {"PYTHONHASHSEED": "0"}
_CPU = "__import__('time').process_time()"


class Way(StrEnum):
    BARE = "without nbtrack"
    LOADED = "with it loaded"
    TRACKED = "with cells tracked"


@dataclass
class Costs:
    """*seconds* are of each notebook, the median of its repetitions."""

    seconds: dict[Way, list[float]] = field(default_factory=lambda: {way: [] for way in Way})
    unlike: list[str] = field(default_factory=list)  # cells that showed something else

    def add(self, name: str, cells: Sequence[str], *, times: int) -> str:
        taken: dict[Way, list[float]] = {way: [] for way in Way}
        shown: dict[Way, list[list[str]]] = {}
        for turn in range(times):
            for way in Way if turn == 0 else (Way.BARE, Way.LOADED):
                seconds, shown[way] = _run(cells, way)
                taken[way].append(seconds)
        for way in Way:
            self.seconds[way].append(statistics.median(taken[way]))
        unlike = [
            f"{name} [{at}] {way}"
            for way in (Way.LOADED, Way.TRACKED)
            for at, (a, b) in enumerate(zip(shown[Way.BARE], shown[way]))
            if a != b
        ]
        self.unlike += unlike
        told = (f"{way} {self.seconds[way][-1]:.2f} s" for way in Way)
        return ", ".join([*told, *(f"UNLIKE {each}" for each in unlike)])

    def lines(self) -> list[str]:
        bare = self.seconds[Way.BARE]
        if not bare:
            return []
        return [
            f"processor time of {len(bare)} notebooks: {sum(bare):.1f} s without nbtrack",
            *(self._line(way) for way in (Way.LOADED, Way.TRACKED)),
            f"cells that showed something else: {len(self.unlike)} {self.unlike}",
        ]

    def _line(self, way: Way) -> str:
        bare, seconds = self.seconds[Way.BARE], self.seconds[way]
        more = [now / then - 1 for now, then in zip(seconds, bare)]
        total = sum(seconds) / sum(bare) - 1
        return f"{way}: median {statistics.median(more):+.1%}, in all {total:+.1%}"


def _run(cells: Sequence[str], way: Way) -> tuple[float, list[list[str]]]:
    """What each cell showed, but for random draws that nothing seeds: kernels begin alike."""
    with tempfile.TemporaryDirectory() as place:
        kernel = Kernel(Path(place), load=False, **_OF_ITS_OWN)
        try:
            if way is not Way.BARE:
                kernel.run("%load_ext nbtrack")
            kernel.run("import numpy, random; numpy.random.seed(0); random.seed(0)")
            began = float(kernel.value(_CPU))
            typed = tracked(list(cells)) if way is Way.TRACKED else cells
            shown = [_shown(kernel.run(cell)) for cell in typed]
            return float(kernel.value(_CPU)) - began, shown
        finally:
            kernel.close()


def _shown(reply: Reply) -> list[str]:
    """What is printed comes in pieces, whose ends are a matter of time."""
    printed = "".join(each["text"] for each in reply.of("stream"))
    results = [each["data"] for each in reply.of("display_data", "execute_result")]
    own = [each for each in results if "recording took" not in each.get("text/html", "")]
    return [_OF_THE_PROCESS.sub("…", str(each)) for each in (printed, *own)]
