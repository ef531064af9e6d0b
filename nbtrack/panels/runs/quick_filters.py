"""The small fields under the headers: what is typed there, as a condition of the filter grammar."""

from __future__ import annotations

import re
import time
from datetime import date, timedelta

from nbtrack.errors import InvalidValue
from nbtrack.lookup.typed_filter.spans import DAY, SPAN, seconds_of
from nbtrack.panels.runs.table_state import filter_key, kind_of

_COMPARED = re.compile(r"(?P<operator><=|>=|!=|<>|==|=|<|>)\s*(?P<value>.+)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf|nan", re.IGNORECASE)
_RANGE = re.compile(r"(?P<low>.+?)\s*\.\.\s*(?P<high>.+)")
_MOST_SHOWN = 40  # characters of what was typed, in an error
_MISSING = ("–", "-", "none", "null")


def quick_condition(column: str, text: str, *, is_number: bool) -> str:
    """Text contains it, numbers are compared: `> 0.5`, `0.2..0.8`, `!= 3`, `–` for none.

    Raises InvalidValue.
    """
    try:
        return _condition(column, text.strip(), is_number=is_number)
    except OverflowError:
        shown = text.strip()[:_MOST_SHOWN]
        raise InvalidValue(f"{shown!r} is outside of every calendar: type < 2h.") from None


def _condition(column: str, typed: str, *, is_number: bool) -> str:
    key = filter_key(column)
    if typed.lower() in _MISSING:
        return f"{key} IS NULL"
    if column in ("start_time", "end_time"):
        return _time_condition(key, typed)
    if column == "duration":
        return _numeric(key, _in_seconds(typed))
    if kind_of(column) == "metrics" or (is_number and _looks_numeric(typed)):
        return _numeric(key, typed)
    return _textual(key, typed)


def _numeric(key: str, typed: str) -> str:
    if between := _RANGE.fullmatch(typed):
        low, high = _number(between["low"]), _number(between["high"])
        return f"{key} >= {low} and {key} <= {high}"
    compared = _COMPARED.fullmatch(typed)
    if compared is None:
        return f"{key} = {_number(typed)}"
    return f"{key} {compared['operator']} {_number(compared['value'])}"


def _textual(key: str, typed: str) -> str:
    compared = _COMPARED.fullmatch(typed)
    if compared is None:
        return f"{key} ILIKE {quoted_text(f'%{typed}%')}"
    value = compared["value"].strip()
    return f"{key} {compared['operator']} {value if _is_number(value) else quoted_text(value)}"


def _time_condition(key: str, typed: str) -> str:
    """`2026-03-01` is that day, `> 2026-03-01` after it began; `< 2h` is younger than two hours."""
    compared = _COMPARED.fullmatch(typed)
    operator, value = (compared["operator"], compared["value"]) if compared else ("", typed)
    if DAY.fullmatch(value) and operator in ("", "=", "=="):
        after = _date(value) + timedelta(days=1)
        return f"{key} >= {quoted_text(value)} and {key} < {quoted_text(str(after))}"
    if (age := SPAN.fullmatch(value)) and age["unit"]:
        moment = int((time.time() - seconds_of(age)) * 1000)
        return f"{key} {'<' if operator.startswith('>') else '>'} {moment}"
    if not value[:4].isdigit():
        raise InvalidValue(f"{typed!r} is no time: type 2026-03-01, > 2026-03-01 or < 2h.")
    return f"{key} {operator or '='} {quoted_text(value)}"


def _in_seconds(typed: str) -> str:
    """With its spans as numbers: `> 2 min` is `> 120`."""
    return SPAN.sub(lambda span: f"{seconds_of(span):.12g}", typed)


def quoted_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise InvalidValue(f"{text!r} is no day: {exc}.") from None


def _looks_numeric(typed: str) -> bool:
    parts = _RANGE.fullmatch(typed) or _COMPARED.fullmatch(typed)
    return _is_number(typed) or (parts is not None and _is_number(parts[2].strip()))


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text.strip()) is not None


def _number(text: str) -> str:
    if not _is_number(text):
        raise InvalidValue(f"{text.strip()!r} is no number: type > 0.5, 0.2..0.8 or – for none.")
    return text.strip()
