"""Spans of time as people type them: 90 s, 2 min, 1.5h."""

from __future__ import annotations

import re

from nbtrack.errors import InvalidValue

SPAN = re.compile(r"(?P<count>\d+(?:\.\d+)?)\s*(?P<unit>[a-z]+)?", re.IGNORECASE)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
UNITS = {
    "ms": 0.001, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800,
}  # fmt: skip
_IN_FULL = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}


def is_unit(word: str) -> bool:
    return _unit(word) is not None


def seconds_of(span: re.Match[str]) -> float:
    """Of a match of SPAN; raises InvalidValue for a unit that is none."""
    unit = _unit(span["unit"] or "s")
    if unit is None:
        raise InvalidValue(f"{span[0]!r} is no time: the units are {', '.join(UNITS)}.")
    return float(span["count"]) * unit


def _unit(word: str) -> float | None:
    """In seconds."""
    lowered = word.lower()
    return UNITS.get(lowered) or _IN_FULL.get(lowered.removesuffix("s"))
