"""When something was: days, spans ago and moments, as a condition on a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nbtrack.lookup.typed_filter.spans import DAY
from nbtrack.stores.filters.boolean_grammar import AllOf, Not
from nbtrack.stores.filters.filter_grammar import Comparison, Key, Literal, Term

_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A moment as the store's grammar takes it; of a whole day *after* is where the next begins.

    A span counts backwards: what began `< 2h` ago began after the moment two hours ago.
    """

    moment: str | float
    after: str | float | None = None
    is_age: bool = False


def day_named(word: str, now: datetime) -> When | None:
    """today, yesterday, where *now* is; or 2026-03-01, which is a day of UTC as in all filters."""
    back = {"today": 0, "yesterday": 1}.get(word.lower())
    if back is not None:
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        first = today - timedelta(days=back)
        return When(moment=milliseconds(first), after=milliseconds(first + timedelta(days=1)))
    if not DAY.fullmatch(word):
        return None
    try:
        return When(moment=word, after=str(date.fromisoformat(word) + timedelta(days=1)))
    except (ValueError, OverflowError):
        return None


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def time_condition(key: Key, operator: str, when: When, *, position: int, at: int) -> Term:
    """*position* is the operator's, *at* the value's."""

    def compared(operator: str, moment: str | float) -> Comparison:
        literal = Literal(value=moment, position=at)
        return Comparison(key=key, operator=operator, operator_position=position, values=(literal,))

    if when.is_age:
        return compared(_TURNED.get(operator, operator), when.moment)
    if when.after is None or operator not in ("=", "!="):
        return compared(operator, when.moment)
    day = AllOf((compared(">=", when.moment), compared("<", when.after)))
    return day if operator == "=" else Not(day)
