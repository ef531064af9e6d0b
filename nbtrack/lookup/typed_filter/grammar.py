"""The grammar of typed filters: the store's, and what people leave out of it.

all_of     = negation (["and"] negation)*
negation   = "not"* ( "(" any_of ")" | comparison | words )
words      = a word, a number or text in quotes that no operator follows
value      = number | text in quotes | word | span of time | day
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from nbtrack.base.nearest import did_you_mean
from nbtrack.errors import InvalidFilter
from nbtrack.lookup.typed_filter.keys import EXPERIMENT, meant_key
from nbtrack.lookup.typed_filter.names import NamesSource
from nbtrack.lookup.typed_filter.spans import SPAN, is_unit, seconds_of
from nbtrack.lookup.typed_filter.times import When, day_named, milliseconds, time_condition
from nbtrack.stores.filters.any_text import ANY_TEXT, pattern_of
from nbtrack.stores.filters.boolean_grammar import number
from nbtrack.stores.filters.filter_grammar import (
    AFTER_NOT,
    Comparison,
    FilterParser,
    Key,
    Literal,
    Term,
)
from nbtrack.stores.filters.filter_keys import RUNS, Column, Holds, family_of, find_column
from nbtrack.stores.filters.filter_sql import LISTS, ORDERING
from nbtrack.stores.filters.filter_tokens import PATTERNS, Kind, Token, tokenise, wrong

_IN_WORD = r"""[^\s'"`(),<>=!]"""  # whatever is glued together is one word: 50%, a+b, ada@home
_TYPED = {
    **PATTERNS,
    Kind.NUMBER: PATTERNS[Kind.NUMBER].replace(r"(?![\w.:/-])", f"(?!{_IN_WORD})"),
    Kind.WORD: f"{_IN_WORD}+",
}
_GLUED_SPAN = re.compile(r"\d+(\.\d+)?([a-z]+)", re.IGNORECASE)
_CLOCK = re.compile(r"\d\d:\d\d\S*")
_EXAMPLES = "a word to look for, or a comparison such as accuracy > 0.9 or status = failed"


class TypedParser(FilterParser):
    """Its terms are the store's; their positions are those in the typed text."""

    def __init__(self, text: str, names: NamesSource, now: datetime) -> None:
        super().__init__(text, tokenise(text, _TYPED))
        self._names = names
        self._now = now

    def _goes_on(self) -> bool:
        return self.took("and") or self._begins_a_term()

    def _begins_a_term(self) -> bool:
        token = self._next
        if token.kind is Kind.MARK:
            return token.raw == "("
        return token.kind not in (Kind.OPERATOR, Kind.END) and token.keyword != "or"

    def _comparison(self) -> Term:
        token = self._next
        if token.kind in (Kind.MARK, Kind.OPERATOR, Kind.END) or token.keyword in ("and", "or"):
            raise self._expected(_EXAMPLES)
        return self._compared() if self._is_a_key() else self._words()

    # --- words

    def _words(self) -> Comparison:
        token = self._advance()
        words = token.content if token.kind is Kind.TEXT else token.raw
        return Comparison(
            key=Key(prefix=None, name=ANY_TEXT, position=token.position),
            operator="ILIKE",
            operator_position=token.position,
            values=(Literal(value=pattern_of(words), position=token.position),),
        )

    def _is_a_key(self) -> bool:
        """Whether an operator follows, or has to: `metrics.f1` is never text."""
        if self._next.kind is Kind.NAME:
            return True
        start = self._at
        try:
            key = self._key()
            return self._is_prefixed(key) or self._operator_follows()
        except InvalidFilter:  # no key, or half of one
            is_wrong = self._tokens[start + 1].kind is Kind.OPERATOR  # 0.9 < accuracy
            return is_wrong or self._is_half_a_key(self._tokens[start])
        finally:
            self._at = start

    def _is_prefixed(self, key: Key) -> bool:
        return key.prefix is not None and family_of(key.prefix, subject=RUNS) is not None

    def _is_half_a_key(self, token: Token) -> bool:
        prefix, dot, name = token.raw.partition(".")
        return bool(dot) and not name and family_of(prefix, subject=RUNS) is not None

    def _operator_follows(self) -> bool:
        token, after = self._next, self._tokens[self._at + 1 : self._at + 2]
        following = after[0].raw.lower() if after else ""
        if token.keyword == "is":
            return following in ("null", "not")
        if token.keyword == "in":
            return following == "("
        if token.keyword == "not":
            return following in AFTER_NOT
        return token.kind is Kind.OPERATOR or token.keyword in ("like", "ilike")

    # --- comparisons

    def _compared(self) -> Term:
        typed = self._key()
        if not self._operator_follows():
            raise self._expected("an operator and a value, such as > 0.9")
        key = meant_key(typed, self._names, text=self._text)
        if key.name == EXPERIMENT and key.prefix is None:
            return self._experiment(key)
        column = find_column(key, subject=RUNS, text=self._text)
        position = self._next.position
        operator = self._operator()
        if column.holds is Holds.TIME and operator not in LISTS and not operator.endswith("NULL"):
            at = self._next.position
            return time_condition(key, operator, self._when(operator), position=position, at=at)
        return Comparison(
            key=key,
            operator=operator,
            operator_position=position,
            values=self._values(operator, lambda: self._typed_value(column, operator)),
        )

    def _experiment(self, key: Key) -> Comparison:
        """Of an experiment the store's grammar knows only the id."""
        position = self._next.position
        operator = self._operator()
        if operator not in ("=", "!=", *LISTS):
            raise wrong(self._text, position, "An experiment takes =, != or IN, and its name.")
        return Comparison(
            key=Key(prefix=None, name="experiment_id", position=key.position),
            operator=operator,
            operator_position=position,
            values=self._values(operator, self._experiment_id),
        )

    def _experiment_id(self) -> Literal:
        named = self._text_value()
        ids = self._names().experiments
        name = str(named.value)
        if name not in ids and name not in ids.values():
            problem = f"No experiment {name!r}.{did_you_mean(name, ids)}"
            raise wrong(self._text, named.position, problem)
        return Literal(value=ids.get(name, name), position=named.position)

    # --- values

    def _typed_value(self, column: Column, operator: str) -> Literal:
        if column.label == "duration":
            return self._seconds()
        if operator.endswith("LIKE"):
            return self._pattern()
        is_number = column.holds in (Holds.NUMBER, Holds.TIME, Holds.TEXT_OR_NUMBER)
        if is_number and self._next.kind is Kind.NUMBER:
            return self._value()
        return self._text_value()

    def _text_value(self) -> Literal:
        token = self._next
        if token.kind is Kind.TEXT:
            return self._value()
        if token.kind not in (Kind.WORD, Kind.NUMBER):
            raise self._expected("a value")
        self._advance()
        return Literal(value=token.raw, position=token.position)

    def _pattern(self) -> Literal:
        """Without quotes and without % a word is a part of what is looked for."""
        is_quoted = self._next.kind is Kind.TEXT
        literal = self._text_value()
        if is_quoted or "%" in str(literal.value):
            return literal
        return Literal(value=f"%{literal.value}%", position=literal.position)

    def _seconds(self) -> Literal:
        position = self._next.position
        seconds = self._span()
        if seconds is not None:
            return Literal(value=number(f"{seconds:.12g}"), position=position)
        if self._next.kind is Kind.NUMBER:
            return self._value()
        raise self._expected("seconds, or a span such as 2 min")

    def _span(self) -> float | None:
        """Of 2 min, 1h 30m and so on; None, and nothing is read, where there is no unit."""
        total = None
        while (match := self._next_span()) is not None:
            total = (total or 0.0) + seconds_of(match)
        return total

    def _next_span(self) -> re.Match[str] | None:
        token, after = self._next, self._tokens[self._at + 1 : self._at + 2]
        raw = token.content if token.kind is Kind.TEXT else token.raw
        glued = _GLUED_SPAN.fullmatch(raw.replace(" ", "") if token.kind is Kind.TEXT else raw)
        if glued is not None and is_unit(glued[2]):
            self._advance()
            return SPAN.fullmatch(glued[0])
        if token.kind is Kind.NUMBER and after and is_unit(after[0].keyword):
            self._at += 2
            return SPAN.fullmatch(f"{token.raw} {after[0].raw}")
        return None

    def _when(self, operator: str) -> When:
        position = self._next.position
        seconds = self._span()
        if seconds is not None:
            return self._ago(seconds, operator, position)
        if self._next.kind is Kind.NUMBER:
            return When(moment=self._value().value)
        word = str(self._text_value().value)
        if self._next.kind is Kind.WORD and _CLOCK.fullmatch(self._next.raw):
            return When(moment=f"{word}T{self._advance().raw}")
        return day_named(word, self._now) or When(moment=word)

    def _ago(self, seconds: float, operator: str, position: int) -> When:
        if operator not in ORDERING:
            raise wrong(self._text, position, "No run is just as old: write started < 2h.")
        try:
            moment = milliseconds(self._now - timedelta(seconds=seconds))
        except OverflowError:
            raise wrong(self._text, position, "That is before any calendar begins.") from None
        return When(moment=moment, is_age=not self.took("ago"))
