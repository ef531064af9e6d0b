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
    place = hash((t, what))
    number = max(_numbers.get(place, _first - 1), _of_now.get(place, -1)) + 1
    if is_of_now := 0 <= (passed := lines.newest_us() - t) < _LAST:
        number = max(number, passed + 1)
    _remember(_of_now if is_of_now or place in _of_now else _numbers, place, number)
    return t + min(number, _LAST)


def _remember(numbers: dict[int, int], place: int, number: int) -> None:
    global _first
    if len(numbers) >= MOST_REMEMBERED:
        if numbers is _numbers:
            _first = max(numbers.values()) + 1
        numbers.clear()
    numbers[place] = number
