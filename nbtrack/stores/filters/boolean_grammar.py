"""What filters and the rules of gates share: `and`, `or`, `not`, parentheses, lists of values.

any_of   = all_of ("or" all_of)*
all_of   = negation ("and" negation)*
negation = "not"* ( "(" any_of ")" | comparison )
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar, Union

from nbtrack.errors import InvalidFilter
from nbtrack.stores.filters.filter_tokens import Kind, Token, wrong

# A level of parentheses costs a few Python frames; nobody types this many.
MAX_DEPTH = 50
# Each comparison of a filter is a join for DuckDB: 200 in one `or` take 2 s, 500 take 20 s.
MAX_COMPARISONS = 200

SAME_OPERATOR = {"==": "=", "<>": "!="}

C = TypeVar("C")  # a comparison
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Not(Generic[C]):
    term: BooleanTerm[C]


@dataclass(frozen=True, slots=True)
class AllOf(Generic[C]):
    terms: tuple[BooleanTerm[C], ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Generic[C]):
    terms: tuple[BooleanTerm[C], ...]


BooleanTerm: TypeAlias = Union[C, "Not[C]", "AllOf[C]", "AnyOf[C]"]


class BooleanParser(ABC, Generic[C]):
    """Recursive descent: one method for each line of the grammar."""

    most_comparisons: str  # what to say when there are more than MAX_COMPARISONS

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._comparisons = 0

    @abstractmethod
    def _comparison(self) -> BooleanTerm[C]: ...

    def any_of(self) -> BooleanTerm[C]:
        terms = [self._all_of()]
        while self.took("or"):
            terms.append(self._all_of())
        return terms[0] if len(terms) == 1 else AnyOf(tuple(terms))

    def _all_of(self) -> BooleanTerm[C]:
        terms = [self._negation()]
        while self._goes_on():
            terms.append(self._negation())
        return terms[0] if len(terms) == 1 else AllOf(tuple(terms))

    def _negation(self) -> BooleanTerm[C]:
        negated = False
        while self.took("not"):
            negated = not negated
        term = self._group() if self._next.raw == "(" else self._counted()
        return Not(term) if negated else term

    def _group(self) -> BooleanTerm[C]:
        opening = self._advance()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise wrong(self._text, opening.position, f"Parentheses nest at most {MAX_DEPTH} deep.")
        term = self.any_of()
        if not self.took(")"):
            raise self._expected("and, or, or a closing )")
        self._depth -= 1
        return term

    def _goes_on(self) -> bool:
        """Whether one more term is to be true, and the parser stands before it."""
        return self.took("and")

    def _counted(self) -> BooleanTerm[C]:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise wrong(self._text, self._next.position, self.most_comparisons)
        return self._comparison()

    # --- for comparisons

    def _list(self, value: Callable[[], V]) -> tuple[V, ...]:
        if not self.took("("):
            raise self._expected("a list after IN: ('a', 'b')")
        values = [value()]
        while self.took(",") and self._next.raw != ")":
            values.append(value())
        if not self.took(")"):
            raise self._expected("a comma or the closing ) of the list")
        return tuple(values)

    def _is_null(self) -> str:
        negation = "NOT " if self.took("not") else ""
        if not self.took("null"):
            raise self._expected("NULL or NOT NULL after IS")
        return f"IS {negation}NULL"

    def _glued_name(self, before: Token) -> str:
        """The quoted name that follows a dot without a space, or nothing."""
        quoted = self._next
        if quoted.kind not in (Kind.NAME, Kind.TEXT) or quoted.position != before.end:
            return ""
        return self._advance().content

    # --- tokens

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _advance(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def took(self, word_or_mark: str) -> bool:
        """Step over the next token if it is this keyword or mark."""
        token = self._next
        found = token.keyword or (token.raw if token.kind is Kind.MARK else "")
        self._at += found == word_or_mark
        return found == word_or_mark

    def expect_end(self, expected: str) -> None:
        if self._next.kind is not Kind.END:
            raise self._expected(expected)

    def _expected(self, what: str) -> InvalidFilter:
        return wrong(self._text, self._next.position, f"Expected {what}; found {self._next}.")


def number(raw: str) -> int | float:
    """An int if it surely fits 64 bits: longer ones only say "very large", a float does too."""
    return int(raw) if raw.lstrip("+-").isdecimal() and len(raw) <= 18 else float(raw)
