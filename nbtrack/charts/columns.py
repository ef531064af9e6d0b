"""Columns of params and metrics: numbers or categories, and on which scale they are legible."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from nbtrack.charts.drawing import finite
from nbtrack.charts.shown_text import shown_text

Scale = Literal["auto", "linear", "log"]
WIDE_SPAN = 100.0
_NATURAL = re.compile(r"(\d+)")


def title_of(column: str) -> str:
    """`params.lr` is shown as lr."""
    return shown_text(column.partition(".")[2] or column)


def numbers_of(values: Sequence[Any]) -> list[float | None] | None:
    """The values as finite numbers, missing ones as None; None if one of them is no number.

    Params are stored as text: "0.1" is a number, "True" is not. NaN and the
    infinities count as missing.
    """
    numbers = [None if value is None else _number(value) for value in values]
    is_text = any(
        number is None and not _is_missing(value) for number, value in zip(numbers, values)
    )
    if is_text or all(number is None for number in numbers):
        return None
    return numbers


def words_of(values: Sequence[Any]) -> list[str | None]:
    """As they are shown, of a column that is none of numbers."""
    return [None if value is None else shown_text(str(value)) for value in values]


def categories_of(values: Sequence[Any]) -> list[str]:
    """The distinct values as text, in the order people expect: p2 before p10."""
    return sorted({word for word in words_of(values) if word is not None}, key=_natural)


def offers_log(values: Sequence[float | None]) -> bool:
    """Whether a log scale shows more: all above 0, and over more than two decades."""
    known = [value for value in values if value is not None]
    return bool(known) and min(known) > 0 and max(known) > WIDE_SPAN * min(known)


def is_log(values: Sequence[float | None], scale: Scale) -> bool:
    """What *scale* comes to for *values*: "auto" takes log where it is offered."""
    return scale == "log" or (scale == "auto" and offers_log(values))


def _number(value: Any) -> float | None:
    return None if isinstance(value, bool) else finite(value)


def _is_missing(value: Any) -> bool:
    if value is None or isinstance(value, float):  # a float that is not finite
        return True
    return str(value).strip().lower().lstrip("+-") in ("", "nan", "inf", "infinity", "none", "null")


def _natural(text: str) -> list[tuple[int, float, str]]:
    parts = _NATURAL.split(text.casefold())
    return [(0, float(part), "") if part.isdecimal() else (1, 0.0, part) for part in parts]
