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
_WHOLE = r"0|-?[1-9]\d{0,17}+"
_NUMBER = r"-?(?:0|[1-9]\d{0,16}+)(?:\.\d{1,20}+)?(?:e[+-]?\d{1,2}+)?"
_START, _KEY, _END = '{"k":"metric","r":"', '","n":"', '"'  # around the id and the key
_POINT = re.compile(  # the series is one group: nearly all lines share a few
    rf'^(\{_START}{RUN_ID}{_KEY}[^"\\\x00-\x1f]++{_END}),'
    rf'"v":({_NUMBER}),"s":({_WHOLE}),"t":([1-9]\d{{0,15}}+)\}}\n',
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
    series: Sequence[str],
    values: Sequence[str],
    steps: Sequence[str],
    times: Sequence[str],
    *,
    run_ids: list[str],
) -> Points:
    of_series = {name: number for number, name in enumerate(dict.fromkeys(series))}
    named = [name[len(_START) : -len(_END)].partition(_KEY) for name in of_series]
    of_run = {run_id: number for number, run_id in enumerate(run_ids, start=1)}
    of_key: dict[str, int] = {}
    runs = [of_run.setdefault(run_id, len(of_run) + 1) for run_id, _, _ in named]
    keys = [of_key.setdefault(key, len(of_key)) for _, _, key in named]
    places = _array(map(of_series.__getitem__, series), np.int64)
    columns = {
        "run_key": np.array(runs)[places],
        "key": np.array(keys)[places],
        "step": _array(map(int, steps), np.int64),
        "t": _array(map(int, times), np.int64),
        "value": _array(map(float, values), np.float64),
    }
    run_ids[:] = of_run
    return Points(keys=[*of_key], columns=columns, latest=_latest(columns))


def _array(numbers: Iterable[float], kind: type[np.generic]) -> Any:
    return np.fromiter(numbers, dtype=kind)


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
