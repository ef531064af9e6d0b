"""The grammar of filter strings: MLflow's, with `or`, `not` and parentheses.

filter     = all_of ("or" all_of)*
all_of     = negation ("and" negation)*
negation   = "not"* ( "(" filter ")" | comparison )
comparison = key operator [ value | "(" value ("," value)* ")" ]
key        = [prefix "."] name          a name may stand in backticks or quotes
order      = key ["asc" | "desc"] ("," ...)*
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from nbtrack.errors import InvalidFilter
from nbtrack.stores.filter_tokens import Kind, Token, tokenise, wrong

# A level of parentheses costs a few Python frames; nobody types this many.
MAX_DEPTH = 50
# Each comparison is a join for DuckDB: 200 in one `or` take 2 s, 500 take 20 s.
MAX_COMPARISONS = 200

SAME_OPERATOR = {"==": "=", "<>": "!="}
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


@dataclass(frozen=True, slots=True)
class Not:
    term: Term


@dataclass(frozen=True, slots=True)
class AllOf:
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    terms: tuple[Term, ...]


Term: TypeAlias = Comparison | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    key: Key
    descending: bool


def parse_filter(text: str) -> Term:
    parser = _Parser(text)
    term = parser.any_of()
    parser.expect_end("and, or, or the end of the filter")
    return term


def parse_order(text: str) -> list[SortKey]:
    parser = _Parser(text)
    keys = [parser.sort_key()]
    while parser.took(","):
        keys.append(parser.sort_key())
    parser.expect_end("ASC, DESC, a comma, or the end")
    return keys


class _Parser:
    """Recursive descent: one method for each line of the grammar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenise(text)
        self._at = 0
        self._depth = 0
        self._comparisons = 0

    def any_of(self) -> Term:
        terms = [self._all_of()]
        while self.took("or"):
            terms.append(self._all_of())
        return terms[0] if len(terms) == 1 else AnyOf(tuple(terms))

    def _all_of(self) -> Term:
        terms = [self._negation()]
        while self.took("and"):
            terms.append(self._negation())
        return terms[0] if len(terms) == 1 else AllOf(tuple(terms))

    def _negation(self) -> Term:
        negated = False
        while self.took("not"):
            negated = not negated
        term = self._group() if self._next.raw == "(" else self._comparison()
        return Not(term) if negated else term

    def _group(self) -> Term:
        opening = self._advance()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise wrong(self._text, opening.position, f"Parentheses nest at most {MAX_DEPTH} deep.")
        term = self.any_of()
        if not self.took(")"):
            raise self._expected("and, or, or a closing )")
        self._depth -= 1
        return term

    def _comparison(self) -> Comparison:
        self._count_comparison()
        key = self._key()
        operator_position = self._next.position
        operator = self._operator()
        return Comparison(
            key=key,
            operator=operator,
            operator_position=operator_position,
            values=self._values(operator),
        )

    def _count_comparison(self) -> None:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            cure = "params.x IN ('a', 'b') asks for many values at once."
            problem = f"A filter holds at most {MAX_COMPARISONS} comparisons. {cure}"
            raise wrong(self._text, self._next.position, problem)

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

    def _glued_name(self, before: Token) -> str:
        """The quoted name that follows a dot without a space, or nothing."""
        quoted = self._next
        if quoted.kind not in (Kind.NAME, Kind.TEXT) or quoted.position != before.end:
            return ""
        return self._advance().content

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

    def _is_null(self) -> str:
        negation = "NOT " if self.took("not") else ""
        if not self.took("null"):
            raise self._expected("NULL or NOT NULL after IS")
        return f"IS {negation}NULL"

    def _values(self, operator: str) -> tuple[Literal, ...]:
        if operator.endswith("NULL"):
            return ()
        return self._list() if operator.endswith("IN") else (self._value(),)

    def _list(self) -> tuple[Literal, ...]:
        if not self.took("("):
            raise self._expected("a list after IN: ('a', 'b')")
        values = [self._value()]
        while self.took(",") and self._next.raw != ")":
            values.append(self._value())
        if not self.took(")"):
            raise self._expected("a comma or the closing ) of the list")
        return tuple(values)

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
