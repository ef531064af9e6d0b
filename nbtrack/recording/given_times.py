"""The order of what is given one time: a time in milliseconds has room for a number behind it.

Times are stored in microseconds, and "latest" is the highest of them, wherever it is asked: in the
journals' tails, the database, what is kept in memory, the SQL views. So the second of two points
of one step and millisecond gets the second microsecond of it. Nobody sees that in milliseconds.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import repeat
from threading import RLock
from typing import Any

from nbtrack.base.values import as_each_microseconds, as_microseconds
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us

MOST_REMEMBERED = 16_384  # 100 bytes each
_LAST = 999

_counting = RLock()  # a signal handler may log in the middle of it
# By the hash of what it is a point of: two of one hash do no harm.
_numbers: dict[int, int] = {}
_first = 0  # that of what is not remembered: behind all that was forgotten
# Of points that were given the very millisecond in which others were logged without a time. Their
# numbers are high, and are not what `_first` goes by: it would soon be the last one there is.
_of_now: dict[int, int] = {}


def later_than_equals(timestamp: Any, *what: object) -> int:
    """*timestamp* (milliseconds since 1970; None: now) in microseconds: later than that of any
    other *what* that equals this one and was given the same one before, by this process.

    Of more than a thousand, the last ones stay equal.
    """
    if timestamp is None:
        return now_us()
    t = as_microseconds(timestamp, default=0)
    place = hash((hash(what[:-1]), t, what[-1]))
    with _counting:
        if place in _of_now or 0 <= lines.newest_us() - t < _LAST:
            return _behind_those_of_now(t, place)
        number = _numbers.get(place, _first - 1) + 1
        if len(_numbers) >= MOST_REMEMBERED:
            _forget()
        _numbers[place] = number
    return t + (number if number < _LAST else _LAST)  # a call of `min` takes as long as the rest


def each_later_than_equals(
    timestamps: Sequence[Any], run_id: str, name: str, steps: Sequence[int]
) -> list[int]:
    """`later_than_equals` of each point of a metric: at once, if none equals one before it."""
    times = as_each_microseconds(timestamps, default=-1)
    of_metric = repeat(hash((run_id, name)))
    with _counting:
        new = dict.fromkeys(map(hash, zip(of_metric, times, steps)), _first)
        is_now = any(0 <= lines.newest_us() - t < _LAST for t in {*times}) or None in timestamps
        is_known = not (_numbers.keys().isdisjoint(new) and _of_now.keys().isdisjoint(new))
        is_much = len(new) + len(_numbers) > MOST_REMEMBERED
        if is_now or is_known or is_much or len(new) < len(times):
            return [later_than_equals(t, run_id, name, step) for t, step in zip(timestamps, steps)]
        _numbers.update(new)
        number = min(_first, _LAST)
    return [t + number for t in times]


def _behind_those_of_now(t: int, place: int) -> int:
    number = max(_numbers.get(place, _first - 1), _of_now.get(place, -1)) + 1
    passed = lines.newest_us() - t
    if 0 <= passed < _LAST:
        number = max(number, passed + 1)
    if len(_of_now) >= MOST_REMEMBERED:
        _of_now.clear()
    _of_now[place] = number
    return t + min(number, _LAST)


def _forget() -> None:
    global _first
    _first = max(_numbers.values()) + 1
    _numbers.clear()


def _after_fork() -> None:
    global _counting
    _counting = RLock()


os.register_at_fork(after_in_child=_after_fork)
