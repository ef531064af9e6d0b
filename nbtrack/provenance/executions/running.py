"""A cell between its beginning and its end, as the recorder sees it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from nbtrack.provenance.executions.cell_reading import CellReading
from nbtrack.provenance.executions.files import Opened
from nbtrack.provenance.executions.safe_access import behind
from nbtrack.provenance.executions.walks import OF_SHELL, Walk
from nbtrack.records.executions import Execution

_HISTORY = re.compile(
    r"_i\d+|_exit_code|__(name|doc|package|loader|spec|builtin|builtins|session)__|__vsc_\w+__"
)


@dataclass(slots=True, kw_only=True)
class Running:
    """*read* are names that it reads at once, *needs* the changes of what they hold; *later*
    those that functions of its own read, if it calls them."""

    source: str
    execution: Execution
    reading: CellReading
    before: Walk
    read: set[str]
    needs: set[int]
    later: set[str]
    moved: Mapping[int, str]  # changed since a cell looked last: ids, and by which names
    values: Mapping[str, int]  # the ids of what all names hold
    states: dict[str, int]
    generators: dict[str, Any]  # states of those that nothing has seeded
    threads: set[Thread]
    modules: frozenset[str]
    opened: Opened
    cost: float = 0.0
    clock: float = field(default_factory=time.perf_counter)


def values_of(namespace: Mapping[str, Any]) -> dict[str, int]:
    """What the notebook's names hold, by identity."""
    return {
        name: id(behind(value))
        for name, value in list(namespace.items())
        if type(name) is str and name not in OF_SHELL and not _is_history(name)
    }


def _is_history(name: str) -> bool:
    return name.startswith("_") and _HISTORY.fullmatch(name) is not None
