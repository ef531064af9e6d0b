"""The rule of a gate: comparisons of a version's numbers and tags, also with those of the version
that is in a stage now.

rule       = all_of ("or" all_of)*
all_of     = negation ("and" negation)*
negation   = "not"* ( "(" rule ")" | comparison )
comparison = "reproduced"
           | operand ( operator operand | "is" ["not"] "null" | ["not"] "in" "(" value, ... ")" )
operator   = "=" | "!=" | "<" | "<=" | ">" | ">="
operand    = number | text in quotes | reference [ ("+" | "-" | "*") number ]
reference  = [ stage "." ] ("metrics" | "params" | "tags") "." name

`reproduced` is true of a version whose run was run once more, with the same values.

A name or stage with spaces stands in backticks: `release candidate`.metrics.`f1 score`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from nbtrack.records.tags import REPRODUCED_TAG
from nbtrack.stores.filters.boolean_grammar import (
    MAX_COMPARISONS,
    SAME_OPERATOR,
    AllOf,
    AnyOf,
    BooleanParser,
    BooleanTerm,
    Not,
    number,
)
from nbtrack.stores.filters.filter_keys import PREFIXES
from nbtrack.stores.filters.filter_tokens import RULE_PATTERNS, Kind, tokenise, wrong

FAMILIES = ("metrics", "params", "tags")
REPRODUCED = "REPRODUCED"  # an operator that takes nothing
KEYWORDS = frozenset(("and", "or", "not", "in", "is", "null", "reproduced"))
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


Term: TypeAlias = BooleanTerm[Comparison]


def parse_rule(text: str) -> Term:
    """Raises InvalidFilter, with a caret under the wrong place."""
    parser = _RuleParser(text, tokenise(text, RULE_PATTERNS))
    term = parser.any_of()
    parser.expect_end("and, or, or the end of the rule")
    return term


def references_in(term: Term) -> list[Reference]:
    if isinstance(term, Not):
        return references_in(term.term)
    if isinstance(term, AllOf | AnyOf):
        return [found for each in term.terms for found in references_in(each)]
    return [each for each in (term.left, *term.right) if isinstance(each, Reference)]


class _RuleParser(BooleanParser[Comparison]):
    most_comparisons = f"A rule holds at most {MAX_COMPARISONS} comparisons."

    def _comparison(self) -> Comparison:
        start = self._next.position
        if self.took("reproduced"):
            own = Reference(stage=None, family="tags", name=REPRODUCED_TAG)
            return Comparison(text="reproduced", left=own, operator=REPRODUCED)
        left = self._operand()
        operator = self._operator()
        right: tuple[Operand, ...] = ()
        if operator.endswith("IN"):
            right = self._list(self._operand)
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
        name = rest or self._glued_name(self._tokens[self._at - 1])
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
        if self.took("is"):
            return self._is_null()
        negation = "NOT " if self.took("not") else ""
        if self.took("in"):
            return f"{negation}IN"
        raise self._expected("an operator (=, !=, <, <=, >, >=, [NOT] IN, IS [NOT] NULL)")


def family_of(word: str) -> str | None:
    """What of a version *word* stands for before a dot: "metric" and "metrics" for its metrics."""
    found = PREFIXES.get(word.lower(), word.lower())
    return found if found in FAMILIES else None
