"""What is kept of each execution of a cell, tracked or not: where values came from, never values.

Executions of one kernel are numbered in the order in which they began. What one needed is a list of
such numbers, settled when it ran; going along them from the run's own execution gives its slice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, NamedTuple, Self

# And the digest of data: the key of the kept text that tells what is in them.
CONTENT_KEY = "data:"


class ExecutionStatus(StrEnum):
    RUNNING = "running"  # or the kernel died meanwhile
    OK = "ok"
    ERROR = "error"


class SeenFile(NamedTuple):
    """A file as it was when a cell opened it; *path* is absolute."""

    path: str
    size: int | None = None  # bytes; None: it was gone when the cell ended
    mtime_ns: int | None = None
    sha256: str | None = None  # of all of it; None: not read


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """*source*, *generators* and the digests of modules are those of kept texts, see
    `Store.read_texts`."""

    kernel: str
    number: int
    source: str
    notebook: str | None = None
    folder: str | None = None  # the working folder when it began
    cell_id: str | None = None
    execution_count: int | None = None
    run_id: str | None = None  # of the run that recorded the cell
    started_us: int = 0  # microseconds since 1970-01-01 UTC
    seconds: float | None = None  # None: it has not ended
    status: ExecutionStatus = ExecutionStatus.RUNNING
    needs: tuple[int, ...] = ()  # executions whose bindings, changes, states or files it used
    imports: tuple[int, ...] = ()  # of *needs*, those of which it used names of libraries only
    reads: tuple[str, ...] = ()  # names of the notebook
    binds: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()  # by `del`
    changes: tuple[str, ...] = ()  # names of objects that it changed in place
    draws: tuple[str, ...] = ()  # random generators: "random", "numpy", "torch"
    unseeded: tuple[str, ...] = ()  # of those, the ones that nothing had seeded
    generators: tuple[str, ...] = ()  # states of the unseeded ones before it: kept texts, too
    seeds: tuple[str, ...] = ()  # generators that it seeded
    states: tuple[str, ...] = ()  # other hidden states it changed: "environment", "folder", …
    files_read: tuple[SeenFile, ...] = ()
    files_written: tuple[SeenFile, ...] = ()
    modules: tuple[SeenFile, ...] = ()  # of the project, that it imported
    gaps: tuple[str, ...] = ()  # what was not captured, a sentence each

    @property
    def texts(self) -> list[str]:
        """Digests of the texts that it names."""
        modules = (file.sha256 for file in self.modules if file.sha256)
        return [self.source, *self.generators, *modules]

    def facts(self) -> dict[str, Any]:
        """What a journal line says of it beside kernel and number; what is empty is left out."""
        found = asdict(self)
        del found["kernel"], found["number"]
        return {name: value for name, value in found.items() if value not in (None, ())}

    @classmethod
    def of_facts(cls, kernel: str, number: int, facts: Mapping[str, Any]) -> Self:
        """From what `facts` said; what a newer nbtrack says beside it is left out."""
        known = {name: _frozen(name, facts[name]) for name in _NAMES if facts.get(name) is not None}
        status = ExecutionStatus(known.pop("status", ExecutionStatus.RUNNING))
        return cls(kernel=kernel, number=number, status=status, **known)


_NAMES = [field.name for field in fields(Execution) if field.name not in ("kernel", "number")]
_FILES = ("files_read", "files_written", "modules")


def _frozen(name: str, value: Any) -> Any:
    if name in _FILES:
        return tuple(SeenFile(*each) for each in value)
    return tuple(value) if isinstance(value, list) else value
