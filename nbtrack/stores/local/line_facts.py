"""SQL of what journal lines say beside their names and values: facts as columns, and the latest."""

from __future__ import annotations

from collections.abc import Iterable

# Any other time (in microseconds) would be an error in every view that shows it as one.
IN_CALENDAR = "({0} between -253402300799999999 and 253402300799999999)"


def from_facts(table: str, keys: str, columns: dict[str, str]) -> str:
    """Rows of *table*, which begin with *keys* and the time."""
    return f"insert into {{target}}.{table} select {keys}, t, {facts(columns)} from {{lines}}"


def facts(columns: dict[str, str]) -> str:
    return ", ".join(fact(name, kind) for name, kind in columns.items())


def fact(name: str, kind: str) -> str:
    found = f"try_cast((x->>'{name}') as {kind})"
    if name in ("start_us", "end_us", "created_us", "kernel_started"):
        return f"case when {IN_CALENDAR.format(found)} then {found} end"
    return found


def latest(columns: Iterable[str]) -> str:
    return ", ".join(f"arg_max({name}, t) as {name}" for name in columns)
