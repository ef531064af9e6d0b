"""Points out of lines as our clients write them, without a JSON parser: most lines are such, and a
few of them at a time. Lines that look otherwise are left to `staging`, which judges them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nbtrack.records.ids import RUN_ID

# Only what any parser reads in the same way: an id of ours, a key without escapes, a number that is
# finite and no text, a time between 1970 and 2286.
_WHOLE = r"(?:0|-?[1-9]\d{0,17}+)"
_NUMBER = r"-?(?:0|[1-9]\d{0,16}+)(?:\.\d{1,20}+)?(?:e[+-]?\d{1,2}+)?"
_TIME, _LATEST = r"[1-9]\d{0,15}+", 10**16
_KEY = '","n":"'  # between an id and a key
_SERIES = rf'({RUN_ID}{_KEY}[^"\\\x00-\x1f]++)"'  # one group: nearly all lines share a few
_NUMBERS, _WHOLES = (rf"\[((?:{each},)*+{each})\]" for each in (_NUMBER, _WHOLE))
_POINT = re.compile(
    rf'^\{{"k":"metric","r":"{_SERIES},"v":({_NUMBER}),"s":({_WHOLE}),"t":({_TIME})\}}\n',
    re.MULTILINE | re.ASCII,
)
_MANY = re.compile(
    rf'^\{{"k":"points","r":"{_SERIES},"s":([1-9]\d{{0,2}}+),"t":({_TIME}),'
    rf'"p":\{{"v":{_NUMBERS},"s":{_WHOLES},"d":{_WHOLES}\}}\}}\n',
    re.MULTILINE | re.ASCII,
)
_MARKS = ('"metric"', '"points"')  # of a line that may say of points


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
    single, many = _POINT.findall(text), _MANY.findall(text)
    rest = text
    for pattern, found in ((_POINT, single), (_MANY, many)):
        rest = "" if len(found) == rest.count("\n") else pattern.sub("", rest)
    try:
        parts = [
            of(*zip(*found)) for of, found in ((_of_single, single), (_of_many, many)) if found
        ]
    except ValueError:
        parts = []
    if not parts or any(mark in rest for mark in _MARKS):
        return None, text
    return _points(parts, run_ids), rest


class _Part(NamedTuple):
    """*series* are ids of runs with keys, and *places* are theirs."""

    series: Sequence[str]
    places: Any
    values: Any
    steps: Any
    times: Any


def _of_single(
    series: Sequence[str], values: Sequence[str], steps: Sequence[str], times: Sequence[str]
) -> _Part:
    names = {name: number for number, name in enumerate(dict.fromkeys(series))}
    return _Part(
        [*names],
        _array(map(names.__getitem__, series), np.int64),
        _array(map(float, values), np.float64),
        _array(map(int, steps), np.int64),
        _array(map(int, times), np.int64),
    )


def _of_many(
    series: Sequence[str],
    counts: Sequence[str],
    starts: Sequence[str],
    values: Sequence[str],
    steps: Sequence[str],
    later: Sequence[str],
) -> _Part:
    """Raises ValueError if a line has not as many of each as it says, or a time that is none."""
    sizes = [int(count) for count in counts]
    for lists in (values, steps, later):
        if sizes != [text.count(",") + 1 for text in lists]:
            raise ValueError("A line has not as many points as it says.")
    times = np.repeat(_array(map(int, starts), np.int64), sizes) + _of_lists(later, int, np.int64)
    if times.min() < 1 or times.max() >= _LATEST:
        raise ValueError("A point has a time that others may read otherwise.")
    return _Part(
        series,
        np.repeat(np.arange(len(series)), sizes),
        _of_lists(values, float, np.float64),
        _of_lists(steps, int, np.int64),
        times,
    )


def _of_lists(texts: Sequence[str], number: Callable[[str], float], kind: type[np.generic]) -> Any:
    return _array(map(number, ",".join(texts).split(",")), kind)


def _points(parts: Sequence[_Part], run_ids: list[str]) -> Points:
    of_run = {run_id: number for number, run_id in enumerate(run_ids, start=1)}
    of_key: dict[str, int] = {}
    named = [[name.partition(_KEY) for name in part.series] for part in parts]
    runs = [[of_run.setdefault(r, len(of_run) + 1) for r, _, _ in each] for each in named]
    keys = [[of_key.setdefault(key, len(of_key)) for _, _, key in each] for each in named]
    columns = {
        "run_key": np.concatenate([np.array(of)[p.places] for of, p in zip(runs, parts)]),
        "key": np.concatenate([np.array(of)[p.places] for of, p in zip(keys, parts)]),
        "step": np.concatenate([part.steps for part in parts]),
        "t": np.concatenate([part.times for part in parts]),
        "value": np.concatenate([part.values for part in parts]),
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
