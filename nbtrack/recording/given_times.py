"""The order of what is given one time: a time in milliseconds has room for a number behind it.

Times are stored in microseconds, and "latest" is the highest of them, wherever it is asked: in the
journals' tails, the database, what is kept in memory, the SQL views. So the second of two points
of one step and millisecond gets the second microsecond of it. Nobody sees that in milliseconds.
"""

from __future__ import annotations

from typing import Any

from nbtrack.base.values import as_microseconds
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us

MOST_REMEMBERED = 16_384  # 100 bytes each
_LAST = 999

_numbers: dict[int, int] = {}  # by the hash of what it is a point of: two of one hash do no harm
_first = 0  # that of what is not remembered: behind all that was forgotten


def later_than_equals(timestamp: Any, *what: object) -> int:
    """*timestamp* (milliseconds since 1970; None: now) in microseconds: later than that of any
    other *what* that equals this one and was given the same one before, by this process.

    Of more than a thousand, the last ones stay equal.
    """
    if timestamp is None:
        return now_us()
    t = as_microseconds(timestamp, default=0)
    place = hash((t, what))
    number = _numbers.get(place, _first - 1) + 1
    if 0 <= (passed := lines.newest_us() - t) < _LAST:  # something got a time of this millisecond
        number = max(number, passed + 1)
    if len(_numbers) >= MOST_REMEMBERED:
        _forget()
    _numbers[place] = number
    return t + min(number, _LAST)


def _forget() -> None:
    global _first
    _first = max(_numbers.values()) + 1
    _numbers.clear()
