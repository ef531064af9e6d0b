"""The grammar of filter strings: MLflow's, with `or`, `not` and parentheses.

filter     = all_of ("or" all_of)*
all_of     = negation ("and" negation)*
negation   = "not"* ( "(" filter ")" | comparison )
comparison = key operator [ value | "(" value ("," value)* ")" ]
key        = [prefix "."] name          a name may stand in backticks or quotes
order      = key ["asc" | "desc"] ("," ...)*
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from nbtrack.stores.filters.boolean_grammar import (
    MAX_COMPARISONS,
    SAME_OPERATOR,
    BooleanParser,
    BooleanTerm,
    Not,
    number,
)
from nbtrack.stores.filters.filter_tokens import Kind, Token, tokenise, wrong

AFTER_NOT = ("in", "like", "ilike")
OPERATORS = "=, !=, <, <=, >, >=, [NOT] LIKE, [NOT] ILIKE, [NOT] IN, IS [NOT] NULL"
KEYWORDS = frozenset(("and", "or", "not", "in", "like", "ilike", "is", "null"))
KEY_EXAMPLES = "a key such as metrics.f1, params.`learning rate`, tags.team or status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    prefix: str | None  # as typed; None for a bare attribute
    name: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    value: str | int | float
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    key: Key
    operator: str  # upper case, one space: NOT LIKE
    operator_position: int
    values: tuple[Literal, ...]  # none for IS NULL


Term: TypeAlias = BooleanTerm[Comparison]


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    key: Key
    descending: bool


def parse_filter(text: str) -> Term:
    parser = FilterParser(text, tokenise(text))
    term = parser.any_of()
    parser.expect_end("and, or, or the end of the filter")
    return term


def comparisons_of(term: Term | None) -> Iterator[Comparison]:
    if isinstance(term, Comparison):
        yield term
    elif isinstance(term, Not):
        yield from comparisons_of(term.term)
    elif term is not None:
        for each in term.terms:
            yield from comparisons_of(each)


def parse_order(text: str) -> list[SortKey]:
    parser = FilterParser(text, tokenise(text))
    keys = [parser.sort_key()]
    while parser.took(","):
        keys.append(parser.sort_key())
    parser.expect_end("ASC, DESC, a comma, or the end")
    return keys


class FilterParser(BooleanParser[Comparison]):
    most_comparisons = (
        f"A filter holds at most {MAX_COMPARISONS} comparisons. "
        "params.x IN ('a', 'b') asks for many values at once."
    )

    def _comparison(self) -> Term:
        key = self._key()
        operator_position = self._next.position
        operator = self._operator()
        return Comparison(
            key=key,
            operator=operator,
            operator_position=operator_position,
            values=self._values(operator, self._value),
        )

    def sort_key(self) -> SortKey:
        key = self._key()
        descending = self.took("desc")
        if not descending:
            self.took("asc")
        return SortKey(key=key, descending=descending)

    def _key(self) -> Key:
        first = self._next
        if first.kind not in (Kind.WORD, Kind.NAME, Kind.TEXT) or first.keyword in KEYWORDS:
            raise self._expected(KEY_EXAMPLES)
        self._advance()
        prefix, name = self._split_word(first) if first.keyword else self._split_quoted(first)
        if not name:
            raise wrong(self._text, first.position, f"A name is missing here: {KEY_EXAMPLES}.")
        return Key(prefix=prefix, name=name, position=first.position)

    def _split_word(self, word: Token) -> tuple[str | None, str]:
        prefix, dot, name = word.raw.partition(".")
        if dot and not name:
            name = self._glued_name(word)
        return (prefix, name) if dot else (None, prefix)

    def _split_quoted(self, quoted: Token) -> tuple[str | None, str]:
        """A quoted attribute, or a prefix in backticks as MLflow takes it: `metrics`.`f1 score`."""
        dot = self._next
        if dot.position != quoted.end or not dot.raw.startswith("."):
            return None, quoted.content
        self._advance()
        return quoted.content, dot.raw[1:] or self._glued_name(dot)

    def _operator(self) -> str:
        if self._next.kind is Kind.OPERATOR:
            raw = self._advance().raw
            return SAME_OPERATOR.get(raw, raw)
        if self.took("is"):
            return self._is_null()
        negation = "NOT " if self.took("not") else ""
        if self._next.keyword in AFTER_NOT:
            return negation + self._advance().keyword.upper()
        if negation:
            raise self._expected("IN, LIKE or ILIKE after NOT")
        raise self._expected(
            f"an operator ({OPERATORS}); a name with other characters is quoted: metrics.`f1 score`"
        )

    def _values(self, operator: str, value: Callable[[], Literal]) -> tuple[Literal, ...]:
        if operator.endswith("NULL"):
            return ()
        return self._list(value) if operator.endswith("IN") else (value(),)

    def _value(self) -> Literal:
        token = self._next
        if token.kind is Kind.TEXT:
            value: str | int | float = token.content
        elif token.kind is Kind.NUMBER:
            value = number(token.raw)
        elif token.kind is Kind.WORD:
            raise self._expected(f"a number or text in quotes, as '{token.raw}'")
        else:
            raise self._expected("a number or text in single quotes")
        self._advance()
        return Literal(value=value, position=token.position)
