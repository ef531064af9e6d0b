"""The rule of a gate: comparisons of a version's numbers and tags, also with those of the version
that is in a stage now.

rule       = all_of ("or" all_of)*
all_of     = negation ("and" negation)*
negation   = "not"* ( "(" rule ")" | comparison )
comparison = operand ( operator operand | "is" ["not"] "null" | ["not"] "in" "(" value, ... ")" )
operator   = "=" | "!=" | "<" | "<=" | ">" | ">="
operand    = number | text in quotes | reference [ ("+" | "-" | "*") number ]
reference  = [ stage "." ] ("metrics" | "params" | "tags") "." name

A name or stage with spaces stands in backticks: `release candidate`.metrics.`f1 score`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from nbtrack.errors import InvalidFilter
from nbtrack.stores.filter_grammar import MAX_COMPARISONS, MAX_DEPTH, SAME_OPERATOR, number
from nbtrack.stores.filter_keys import PREFIXES
from nbtrack.stores.filter_tokens import RULE_PATTERNS, Kind, Token, tokenise, wrong

FAMILIES = ("metrics", "params", "tags")
KEYWORDS = frozenset(("and", "or", "not", "in", "is", "null"))
EXAMPLES = "a key such as metrics.f1, tags.reviewed or production.metrics.f1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """*stage* None is the version that is to move; *sign* and *amount* change a number."""

    stage: str | None
    family: str
    name: str
    sign: str = ""
    amount: float = 0.0

    @property
    def is_number(self) -> bool:
        return self.family == "metrics" or bool(self.sign)


Operand: TypeAlias = Reference | str | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """*text* is as typed; *operator* in capitals. `right` has many values only for IN."""

    text: str
    left: Operand
    operator: str
    right: tuple[Operand, ...] = ()


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


def parse_rule(text: str) -> Term:
    """Raises InvalidFilter, with a caret under the wrong place."""
    return _RuleParser(text).rule()


def references_in(term: Term) -> list[Reference]:
    if isinstance(term, Not):
        return references_in(term.term)
    if isinstance(term, AllOf | AnyOf):
        return [found for each in term.terms for found in references_in(each)]
    return [each for each in (term.left, *term.right) if isinstance(each, Reference)]


class _RuleParser:
    """Recursive descent: one method for each line of the grammar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenise(text, RULE_PATTERNS)
        self._at = 0
        self._depth = 0
        self._comparisons = 0

    def rule(self) -> Term:
        term = self._any_of()
        if self._next.kind is not Kind.END:
            raise self._expected("and, or, or the end of the rule")
        return term

    def _any_of(self) -> Term:
        terms = [self._all_of()]
        while self._took("or"):
            terms.append(self._all_of())
        return terms[0] if len(terms) == 1 else AnyOf(tuple(terms))

    def _all_of(self) -> Term:
        terms = [self._negation()]
        while self._took("and"):
            terms.append(self._negation())
        return terms[0] if len(terms) == 1 else AllOf(tuple(terms))

    def _negation(self) -> Term:
        negated = False
        while self._took("not"):
            negated = not negated
        term = self._group() if self._next.raw == "(" else self._comparison()
        return Not(term) if negated else term

    def _group(self) -> Term:
        opening = self._advance()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise wrong(self._text, opening.position, f"Parentheses nest at most {MAX_DEPTH} deep.")
        term = self._any_of()
        if not self._took(")"):
            raise self._expected("and, or, or a closing )")
        self._depth -= 1
        return term

    def _comparison(self) -> Comparison:
        start = self._next.position
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise wrong(self._text, start, f"A rule holds at most {MAX_COMPARISONS} comparisons.")
        left = self._operand()
        operator = self._operator()
        right: tuple[Operand, ...] = ()
        if operator.endswith("IN"):
            right = self._list()
        elif not operator.endswith("NULL"):
            right = (self._operand(),)
        text = self._text[start : self._tokens[self._at - 1].end]
        comparison = Comparison(text=text, left=left, operator=operator, right=right)
        self._check_kinds(comparison, start)
        return comparison

    def _check_kinds(self, comparison: Comparison, start: int) -> None:
        operands = (comparison.left, *comparison.right)
        if not any(isinstance(each, Reference) for each in operands):
            raise wrong(self._text, start, f"This compares nothing of a version: use {EXAMPLES}.")
        is_number = any(isinstance(each, Reference) and each.is_number for each in operands)
        if is_number and any(isinstance(each, str) for each in operands):
            problem = "A metric is a number: compare it with a number without quotes."
            raise wrong(self._text, start, problem)

    def _operand(self) -> Operand:
        token = self._next
        if token.kind is Kind.TEXT:
            return self._advance().content
        if token.kind is Kind.NUMBER:
            return float(number(self._advance().raw))
        return self._changed(self._reference())

    def _reference(self) -> Reference:
        first = self._next
        if first.kind not in (Kind.WORD, Kind.NAME) or first.keyword in KEYWORDS:
            raise self._expected(EXAMPLES)
        head, rest = self._first_part()
        stage = None
        if (family := family_of(head)) is None:
            stage, (middle, _, rest) = head, rest.partition(".")
            family = family_of(middle)
        name = rest or self._glued_name()
        if family is None or not name:
            raise wrong(self._text, first.position, f"Expected {EXAMPLES}; found {first}.")
        return Reference(stage=stage, family=family, name=name)

    def _first_part(self) -> tuple[str, str]:
        """What stands before the first dot, and the rest of the word."""
        token = self._advance()
        if token.kind is Kind.WORD:
            head, _, rest = token.raw.partition(".")
            return head, rest
        after = self._next
        if after.position != token.end or not after.raw.startswith("."):
            return token.content, ""
        return token.content, self._advance().raw[1:]

    def _glued_name(self) -> str:
        """The quoted name that follows a dot without a space, or nothing."""
        before, quoted = self._tokens[self._at - 1], self._next
        if quoted.kind not in (Kind.NAME, Kind.TEXT) or quoted.position != before.end:
            return ""
        return self._advance().content

    def _changed(self, reference: Reference) -> Reference:
        sign = self._next
        if sign.kind is Kind.SIGN:
            self._advance()
            if self._next.kind is not Kind.NUMBER:
                raise self._expected(f"a number after {sign}")
            return self._with_amount(reference, sign.raw)
        if sign.kind is Kind.NUMBER and sign.raw[0] in "+-":  # metrics.f1 -0.01
            return self._with_amount(reference, "+")
        return reference

    def _with_amount(self, reference: Reference, sign: str) -> Reference:
        amount = float(number(self._next.raw))
        if not math.isfinite(amount):
            raise self._expected("a finite number")
        self._advance()
        return Reference(
            stage=reference.stage,
            family=reference.family,
            name=reference.name,
            sign=sign,
            amount=amount,
        )

    def _operator(self) -> str:
        if self._next.kind is Kind.OPERATOR:
            raw = self._advance().raw
            return SAME_OPERATOR.get(raw, raw)
        if self._took("is"):
            negation = "NOT " if self._took("not") else ""
            if not self._took("null"):
                raise self._expected("NULL or NOT NULL after IS")
            return f"IS {negation}NULL"
        negation = "NOT " if self._took("not") else ""
        if self._took("in"):
            return f"{negation}IN"
        raise self._expected("an operator (=, !=, <, <=, >, >=, [NOT] IN, IS [NOT] NULL)")

    def _list(self) -> tuple[Operand, ...]:
        if not self._took("("):
            raise self._expected("a list after IN: ('a', 'b')")
        values = [self._operand()]
        while self._took(","):
            values.append(self._operand())
        if not self._took(")"):
            raise self._expected("a comma or the closing ) of the list")
        return tuple(values)

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _advance(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _took(self, word_or_mark: str) -> bool:
        token = self._next
        found = token.keyword or (token.raw if token.kind is Kind.MARK else "")
        self._at += found == word_or_mark
        return found == word_or_mark

    def _expected(self, what: str) -> InvalidFilter:
        return wrong(self._text, self._next.position, f"Expected {what}; found {self._next}.")


def family_of(word: str) -> str | None:
    """What of a version *word* stands for before a dot: "metric" and "metrics" for its metrics."""
    found = PREFIXES.get(word.lower(), word.lower())
    return found if found in FAMILIES else None
