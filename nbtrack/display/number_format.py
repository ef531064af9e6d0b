"""Numbers, durations and ages as people read them: the one place where they become text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

MISSING = "–"
_MINUS = "−"
_LONGEST_NUMBER = 9
_MINUTE, _HOUR, _DAY, _WEEK, _YEAR = 60, 3600, 86_400, 604_800, 31_557_600


def format_number(value: float | None, *, digits: int = 4) -> str:
    """*value* with about *digits* significant digits: 0.9534, 1,204, 1.2e-05, NaN, –.

    Trailing zeros mean "rounded": 0.5 is 0.5, and 0.99996 is 1.0000, never 1.
    """
    if value is None:
        return MISSING
    if not math.isfinite(value):
        return _non_finite(value)
    size = abs(value)
    if value == int(value) and size < 1e10:
        return f"{int(value):,}"
    if size < 1e-4 or size >= 1e7:
        return _exponent(value, digits)
    return _fixed(value, _decimals(size, digits))


def format_column(values: Sequence[float | None]) -> list[str]:
    """The numbers of one table column, with equal decimals where that keeps them legible."""
    sizes = [abs(v) for v in values if v is not None and math.isfinite(v) and v != 0]
    alike = sizes and min(sizes) >= 1e-4 and max(sizes) <= min(1e7, 1e4 * min(sizes))
    if not alike or all(v == int(v) for v in sizes):
        return [format_number(v) for v in values]
    # As many as the largest needs, or as three digits of the smallest need, but at most six.
    wanted = max(_decimals(max(sizes), 4), min(6, _decimals(min(sizes), 3)))
    exact = max(_decimals_of(format_number(v)) for v in sizes)
    pattern = f"0.{'0' * min(wanted, exact)}"
    return [format_like(v, pattern) for v in values]


def format_texts(texts: Sequence[str]) -> list[str]:
    """Numbers of one column as they were logged; all rounded alike if one has more digits than
    anybody reads. What is no number stays as it is."""
    if all(len(text) <= _LONGEST_NUMBER for text in texts):
        return list(texts)
    numbers = [_number(text) for text in texts]
    return [
        text if number is None else shown
        for text, number, shown in zip(texts, numbers, format_column(numbers))
    ]


def most_decimals(shown: Iterable[str]) -> str:
    """The number that all others can be written like without losing a digit."""
    return max(shown, key=_decimals_of, default="")


def format_like(value: float | None, shown: str) -> str:
    """*value* with the decimals of the number *shown*, unless that would lose or bloat it."""
    return _with_decimals_of(value, shown) or format_number(value)


def format_delta(change: float, *, like: str = "") -> str:
    """A difference, always with its sign: +0.0123, −4, = for none; decimals as in *like*."""
    if change == 0:
        return "="
    sign = _MINUS if change < 0 else "+"
    # 0.9561 - 0.9438 is 0.012299999999999978: twelve digits are what the numbers had.
    size = float(f"{abs(change):.12g}")
    return sign + (_with_decimals_of(size, like) or format_number(size, digits=3))


def format_change(delta: float | None, *, like: str) -> str:
    """▲ +0.012: the arrow says where a number went; the sign does too, for whoever has no arrow."""
    if delta is None or not math.isfinite(delta):
        return ""
    arrow = "▲ " if delta > 0 else "▼ " if delta < 0 else ""
    return arrow + format_delta(delta, like=like)


def format_duration(seconds: float | None) -> str:
    """850 ms, 14.2 s, 3 min 5 s, 2 h 5 min, 4 d 3 h."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return MISSING
    if seconds < 0.9995:
        return format_milliseconds(seconds * 1000)
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def format_size(size: int | None) -> str:
    """Bytes as 512 B, 3.4 kB, 1.2 MB (powers of 1000); "" where nobody knows."""
    if size is None:
        return ""
    amount, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):  # noqa: B007 - the last unit is what is shown
        if amount < 999.5:
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 99.5 else f"{amount:.1f} {unit}"


def format_milliseconds(milliseconds: float) -> str:
    """0.4 ms, 3.2 ms, 850 ms."""
    if milliseconds < 9.95:
        return f"{milliseconds:.1f} ms"
    return f"{milliseconds:.0f} ms"


def format_age(seconds: float | None) -> str:
    """just now, 42 s ago, 2 min ago, 3 h ago, 5 d ago, 6 w ago, 2 y ago."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    # Two machines' clocks differ by a little: a negative age is no news.
    if seconds < 5:
        return "just now"
    for limit, unit, name in (
        (_MINUTE, 1, "s"),
        (_HOUR, _MINUTE, "min"),
        (_DAY, _HOUR, "h"),
        (2 * _WEEK, _DAY, "d"),
        (_YEAR, _WEEK, "w"),
    ):
        if seconds < limit:
            return f"{int(seconds // unit)} {name} ago"
    return f"{int(seconds // _YEAR)} y ago"


def format_moment(milliseconds: int) -> str:
    """Since 1970 UTC, to the minute: 2026-03-01 17:05."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M}"


def iso_moment(milliseconds: int, *, timespec: str = "milliseconds") -> str:
    """Since 1970 UTC, by ISO 8601: 2026-03-01T17:05:09.250+00:00."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec=timespec)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _with_decimals_of(value: float | None, shown: str) -> str | None:
    """None where that would lose or bloat *value*."""
    decimals = _decimals_of(shown)
    if value is None or not decimals or not _takes(value, decimals):
        return None
    return f"{value:,.{decimals}f}"


def _decimals_of(shown: str) -> int:
    return 0 if "e" in shown else len(shown.partition(".")[2])


def _takes(value: float, decimals: int) -> bool:
    """Whether so many decimals show at least one digit of *value*, and at most two too many."""
    size = abs(value)
    if value == 0 or not math.isfinite(value):
        return value == 0
    return 10.0**-decimals <= size < 1e7 and decimals <= _decimals(size, 4) + 2


def _non_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "inf" if value > 0 else "-inf"


def _decimals(size: float, digits: int) -> int:
    """Digits after the point that show *digits* significant ones."""
    if size >= 1000:
        return 1 if size < 10_000 and digits > 3 else 0
    return max(0, digits - 1 - math.floor(math.log10(size)))


def _fixed(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    exact = float(text.replace(",", "")) == value
    return text.rstrip("0").rstrip(".") if exact and "." in text else text


def _exponent(value: float, digits: int) -> str:
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{power}"
