"""Which tests are traced for coverage: being traced doubles what a test computes.

Among several workers, who are there to be fast, a file's tests are sampled: while those that were
traced last have run no line that was not known, only every fourth is. One that finds something is
followed by traced ones again. A single process traces all that is measured.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from tests.support.workers import is_measured

PATIENCE = 2  # tests of a file in a row that find nothing new
EVERY = 4


class Sampler:
    def __init__(self) -> None:
        self._known = 0  # branches that were taken, of all files
        self._fruitless: dict[str, int] = defaultdict(int)  # traced tests in a row, by file
        self._skipped: dict[str, int] = defaultdict(int)  # and tests since the last of these
        self._traced = ""  # the file of the test before, if that was traced

    def wants(self, nodeid: str, known: int) -> bool:
        """Whether to trace the next test; *known* branches have been taken before it."""
        self._learn(known)
        file = nodeid.partition("::")[0]
        is_wanted = self._fruitless[file] < PATIENCE or self._skipped[file] >= EVERY - 1
        self._skipped[file] = 0 if is_wanted else self._skipped[file] + 1
        self._traced = file if is_wanted else ""
        return is_wanted

    def _learn(self, known: int) -> None:
        if self._traced:
            is_fruitless = known == self._known
            self._fruitless[self._traced] = self._fruitless[self._traced] + 1 if is_fruitless else 0
        self._known = known


_sampler = Sampler()


def trace_if_measured(item: pytest.Item) -> None:
    """The fixtures, too, which pytest-cov's own mark does not reach."""
    control = getattr(item.config.pluginmanager.getplugin("_cov"), "cov_controller", None)
    if control is None:
        return
    is_wanted = is_measured(item.nodeid)
    if is_wanted and hasattr(item.config, "workerinput"):
        is_wanted = _sampler.wants(item.nodeid, _branches(control))
    if control.started != is_wanted:
        control.pause() if control.started else control.resume()


def _branches(control: Any) -> int:
    """That this process has taken so far. To ask coverage itself would write them to its file."""
    return sum(map(len, control.cov._collector.data.values()))
