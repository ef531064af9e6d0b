"""Points out of lines as our clients write them, without a JSON parser: most lines are such, and a
few of them at a time. Lines that look otherwise are left to `staging`, which judges them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbtrack.records.ids import RUN_ID

# Only what any parser reads in the same way: an id of ours, a key without escapes, a number that is
# finite and no text, a time between 1970 and 2286.
_WHOLE = r"0|-?[1-9]\d{0,17}"
_NUMBER = r"-?(?:0|[1-9]\d{0,16})(?:\.\d{1,20})?(?:e[+-]?\d{1,2})?"
_POINT = re.compile(
    rf'^\{{"k":"metric","r":"({RUN_ID})","n":"([^"\\\x00-\x1f]+)",'
    rf'"v":({_NUMBER}),"s":({_WHOLE}),"t":([1-9]\d{{0,15}})\}}\n',
    re.MULTILINE | re.ASCII,
)
_MARK = '"metric"'  # of a line that may say of a point


@dataclass(slots=True)
class Points:
    """*columns*: run_key, key, step, t, value, as arrays; *latest*: of each series the run_key,
    key, step, t and value of the latest point, and the time of the first. Runs are numbered from
    1, keys from 0, by their places in lists."""

    keys: list[str]
    columns: dict[str, Any]
    latest: list[tuple[Any, ...]]


def take_points(text: str, run_ids: list[str]) -> tuple[Points | None, str]:
    """The points in whole lines, and the other lines. New runs are added to *run_ids*. All lines
    are others if points are among these: one place finds the latest."""
    found = _POINT.findall(text)
    rest = "" if len(found) == text.count("\n") else _POINT.sub("", text)
    if not found or _MARK in rest:
        return None, text
    return _points(*zip(*found), run_ids=run_ids), rest


def _points(
    runs: Sequence[str],
    keys: Sequence[str],
    values: Sequence[str],
    steps: Sequence[str],
    times: Sequence[str],
    *,
    run_ids: list[str],
) -> Points:
    of_run = {run_id: number for number, run_id in enumerate(run_ids, start=1)}
    of_key: dict[str, int] = {}
    columns = {
        "run_key": _numbers(runs, of_run, first=1),
        "key": _numbers(keys, of_key, first=0),
        "step": np.array([int(step) for step in steps], dtype=np.int64),
        "t": np.array([int(time) for time in times], dtype=np.int64),
        "value": np.array([float(value) for value in values]),
    }
    run_ids[:] = of_run
    return Points(keys=[*of_key], columns=columns, latest=_latest(columns))


def _numbers(names: Iterable[str], known: dict[str, int], *, first: int) -> Any:
    """By name; new ones are added to *known*."""
    return np.array([known.setdefault(name, len(known) + first) for name in names], dtype=np.int64)


def _latest(columns: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The largest step, of that the latest time, of that the largest value."""
    names = ("run_key", "key", "step", "t", "value")
    order = np.lexsort([columns[name] for name in reversed(names)])
    runs, keys, steps, times, values = (columns[name][order] for name in names)
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (runs[1:] != runs[:-1]) | (keys[1:] != keys[:-1])
    begins = np.flatnonzero(is_first)
    ends = np.append(begins[1:], len(order)) - 1
    firsts = np.minimum.reduceat(times, begins)
    found = (runs[ends], keys[ends], steps[ends], times[ends], values[ends], firsts)
    return list(zip(*(column.tolist() for column in found)))
