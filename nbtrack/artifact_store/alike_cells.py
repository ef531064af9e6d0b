"""Whether a cell is what becomes of another when MLflow's client adds rows to a table: it reads and
writes the whole with pandas, which keeps ten decimals, milliseconds of times in UTC, and no
infinity."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import isclose, isfinite
from typing import Any

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def are_alike(rows: Iterable[list[Any]], others: Iterable[list[Any]]) -> bool:
    """Rows of equally many cells, equally many of them."""
    return all(
        row == other or all(map(_is_alike, row, other))
        for row, other in zip(rows, others, strict=True)
    )


def _is_alike(one: Any, other: Any) -> bool:
    if one == other or (_is_missing(one) and _is_missing(other)):
        return True
    if isinstance(one, str) and isinstance(other, str):
        return _are_one_time(one, other)
    are_numbers = all(isinstance(each, int | float) for each in (one, other))
    is_rounded = isinstance(one, float) or isinstance(other, float)
    return are_numbers and is_rounded and _are_close(one, other)


def _are_close(one: float, other: float) -> bool:
    """Large numbers have ten digits in all."""
    try:
        return isclose(one, other, rel_tol=1e-9 if abs(one) > 1e15 else 1e-12, abs_tol=1e-10)
    except OverflowError:  # an int that is no float
        return False


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not isfinite(value))


def _are_one_time(one: str, other: str) -> bool:
    if not (_TIME.fullmatch(one) and _TIME.fullmatch(other)):
        return False
    try:
        apart = datetime.fromisoformat(one) - datetime.fromisoformat(other)
    except ValueError:  # no day of the calendar
        return False
    return abs(apart) < timedelta(milliseconds=1)
