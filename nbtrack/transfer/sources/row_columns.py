"""What the columns of a table of runs that somebody made are: by MLflow's names of them, by what
people call such a thing, and else by what is in them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nbtrack.transfer.sources.key_names import KeyNames

_PREFIXES = {"params.": "param", "metrics.": "metric", "tags.": "tag"}
# In small letters, with "_" for blanks: MLflow's search_runs and its page, W&B's page, and people.
_FACTS = {
    "run_id": "id", "id": "id", "run_uuid": "id",
    "run_name": "name", "name": "name", "run": "name",
    "status": "status", "state": "status",
    "start_time": "start", "started": "start", "created": "start", "createdat": "start",
    "end_time": "end", "ended": "end",
    "user": "user", "user_id": "user",
    "experiment": "experiment", "experiment_name": "experiment", "project": "experiment",
    "experiment_id": "experiment_id",
    "artifact_uri": "nothing",
}  # fmt: skip
_STATUSES = {
    "running": "RUNNING", "scheduled": "SCHEDULED", "pending": "SCHEDULED",
    "finished": "FINISHED", "completed": "FINISHED", "done": "FINISHED",
    "success": "FINISHED", "failed": "FAILED", "error": "FAILED", "crashed": "KILLED",
    "killed": "KILLED", "preempted": "KILLED", "preempting": "RUNNING", "": "FINISHED",
}  # fmt: skip
_MISSING = ("na", "n/a", "none", "null", "-")  # how a table says that a cell is empty
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?|nan", re.IGNORECASE)


@dataclass(slots=True)
class Column:
    """*role* is that of a fact, or param, metric, tag; *key* that of the text or number."""

    name: str
    key: str = ""
    role: str = ""
    is_by_type: bool = False
    is_empty: bool = True
    filled: int = 0  # cells, and how many of them are numbers, times, or a status
    numbers: int = 0
    times: int = 0
    statuses: int = 0

    def see(self, cell: str) -> None:
        self.is_empty = self.is_empty and not cell
        if cell := said(cell):
            self.filled += 1
            self.numbers += is_number(cell)
            self.times += time_in(cell) is not None
            self.statuses += cell.lower() in _STATUSES

    @property
    def is_number(self) -> bool:
        return 0 < self.filled == self.numbers

    def mostly(self, count: int) -> bool:
        """One odd cell takes no column away, as it would if all had to fit."""
        return 2 * count >= self.filled

    def trouble_in(self, cell: str) -> str:
        """Why nothing can be made of it; "" if it can."""
        if not (cell := said(cell)):
            return ""
        if self.role in ("start", "end"):
            return "" if time_in(cell) is not None else "it is no time"
        if self.role == "status":
            return "" if cell.lower() in _STATUSES else "it is no status: the run is FINISHED here"
        return "it is no number" if self.role == "metric" and not is_number(cell) else ""


@dataclass(slots=True)
class Columns:
    """Of a table with this *header*; `see` every row of it, and `decide` after that."""

    header: Sequence[str]
    params: Sequence[str] = ()
    all: list[Column] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.all = [Column(name) for name in _each_once(self.header)]

    def see(self, row: Sequence[str]) -> None:
        for column, cell in zip(self.all, row):
            column.see(cell.strip())

    def decide(self) -> None:
        taken: set[str] = set()
        for column in self.all:
            _decide(column, taken, self.params)
            taken.add(column.role)

    def rename(self) -> dict[str, str]:
        """Keys that ours cannot have; what they were, and what they are called here."""
        renamed: dict[str, str] = {}
        names = {role: KeyNames(renamed) for role in _PREFIXES.values()}
        for column in self.all:
            if column.role in names:
                column.key = names[column.role].name(column.key)
        return renamed

    def notes(self) -> Iterator[str]:
        for role, why, cure in (
            ("metric", "all in them are numbers", " (--param NAME makes one a param)"),
            ("param", "not all in them are numbers", ""),
        ):
            names = [c.name for c in self.all if c.is_by_type and c.role == role]
            if names:
                yield f"{role}s, as {why}{cure}: {', '.join(names)}"
        if left := [c.name for c in self.all if c.role == "nothing" and not c.is_empty]:
            yield f"columns that nothing was made of: {', '.join(left)}"


def _decide(column: Column, taken: set[str], params: Sequence[str]) -> None:
    column.key = column.name
    fact = _FACTS.get(column.name.strip().lower().replace(" ", "_"), "")
    for prefix, role in _PREFIXES.items():
        if column.name.startswith(prefix) and column.name != prefix:
            column.role, column.key = role, column.name.removeprefix(prefix)
            if role == "metric" and not column.mostly(column.numbers):
                column.role = "param"  # MLflow has no such metric, and the text is not lost
            return
    if column.name in params:
        column.role = "param"
    elif fact and fact not in taken and _can_be(column, fact):
        column.role = fact
    elif not column.name.strip() or column.is_empty:
        column.role = "nothing"
    else:
        column.role, column.is_by_type = "metric" if column.is_number else "param", True


def _can_be(column: Column, fact: str) -> bool:
    if fact in ("start", "end"):
        return column.mostly(column.times)
    return column.mostly(column.statuses) if fact == "status" else True


def _each_once(header: Sequence[str]) -> Iterator[str]:
    """A name that is there twice has a number behind it."""
    seen: dict[str, int] = {}
    for name in header:
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"


def said(cell: str) -> str:
    """ "" if it says that it is empty."""
    cell = cell.strip()
    return "" if cell.lower() in _MISSING else cell


def is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None


def status_in(cell: str) -> str:
    return _STATUSES.get(cell.lower(), "FINISHED")


def time_in(cell: str) -> int | None:
    """Milliseconds since 1970, of an ISO date, or of seconds or thousandths, millionths or
    billionths of them, as large as the number is; None: it is no time. Without a zone it is UTC."""
    try:
        if _NUMBER.fullmatch(cell):
            return _of_number(float(cell))
        when = datetime.fromisoformat(cell.removesuffix(" UTC"))
        return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _of_number(number: float) -> int | None:
    if not math.isfinite(number) or not 1e8 <= number < 1e20:
        return None
    for more_than, per_ms in ((1e17, 1e6), (1e14, 1e3), (1e11, 1.0)):
        if number >= more_than:
            return int(number / per_ms)
    return int(number * 1000)
