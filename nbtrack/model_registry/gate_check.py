"""Whether a version fulfils the rule of a gate, comparison by comparison, with the numbers."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from nbtrack.model_registry.gate_rule import (
    REPRODUCED,
    Comparison,
    Operand,
    Reference,
    Term,
)
from nbtrack.provenance.reproduction.verdicts import is_reproduced, verdict_facts
from nbtrack.stores.filters.boolean_grammar import AllOf, AnyOf, Not


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"  # something is missing, or no number (NaN): that opens no gate
    NOTHING_THERE = "nothing there"  # no version in the stage that is compared with: passed


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCheck:
    """One comparison: *text* as it stands in the rule, *says* with the numbers."""

    text: str
    verdict: Verdict
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionValues:
    """What a rule can ask of one version; *label* is how it is called in messages."""

    label: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    run_id: str | None = None
    run_tags: Mapping[str, str] = field(default_factory=dict)

    def get(self, reference: Reference) -> float | str | None:
        values: Mapping[str, Any] = getattr(self, reference.family)
        return values.get(reference.name)


# The version now in a stage; None if there is none. Raises KeyError for an unknown stage.
InStage = Callable[[str], VersionValues | None]
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ORDERING = ("<", "<=", ">", ">=")


class RuleCheck:
    """The answers to all comparisons of a rule, also those that do not matter any more."""

    def __init__(self, candidate: VersionValues, in_stage: InStage) -> None:
        self.checks: list[GateCheck] = []
        self._candidate = candidate
        self._in_stage = in_stage

    def verdict(self, term: Term) -> Verdict:
        if isinstance(term, Not):
            return _negated(self.verdict(term.term))
        if isinstance(term, AllOf):
            return _all_of([self.verdict(each) for each in term.terms])
        if isinstance(term, AnyOf):
            return _any_of([self.verdict(each) for each in term.terms])
        check = self._check(term)
        self.checks.append(check)
        return check.verdict

    def _check(self, comparison: Comparison) -> GateCheck:
        if comparison.operator == REPRODUCED:
            return _reproduction(comparison, self._candidate)
        found = [self._read(each) for each in (comparison.left, *comparison.right)]
        says = "; ".join(dict.fromkeys(each.says for each in found if each.says))
        if any(each.is_nothing_there for each in found):
            return _result(comparison, Verdict.NOTHING_THERE, says)
        values = [each.value for each in found]
        if comparison.operator.endswith("NULL"):
            is_missing = values[0] is None
            return _told(comparison, is_missing == (comparison.operator == "IS NULL"), says)
        if None in values or any(map(_is_nan, values)):
            return _result(comparison, Verdict.UNKNOWN, says)
        return _compared(comparison, values, says)

    def _read(self, operand: Operand) -> _Read:
        if not isinstance(operand, Reference):
            return _Read(value=operand)
        if operand.stage is None:
            return _read_of(self._candidate, operand)
        try:
            there = self._in_stage(operand.stage)
        except KeyError:
            return _Read(says=f"there is no stage {operand.stage!r} any more")
        if there is None:
            return _Read(is_nothing_there=True, says=f"no version is in {operand.stage} yet")
        return _read_of(there, operand)


def _reproduction(comparison: Comparison, version: VersionValues) -> GateCheck:
    """Nobody promotes what nobody can rebuild."""
    told = verdict_facts(version.run_tags)
    if told:
        return _told(comparison, is_reproduced(version.run_tags), f"{version.label}: {told}")
    if version.run_id is None:
        return _result(comparison, Verdict.UNKNOWN, f"{version.label} comes from no run")
    says = f"the run of {version.label} was not run once more: `nbtrack reproduce {version.run_id}`"
    return _result(comparison, Verdict.UNKNOWN, f"{says} does, and nbtrack.reproduce()")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    value: float | str | None = None
    says: str = ""
    is_nothing_there: bool = False


def _read_of(version: VersionValues, reference: Reference) -> _Read:
    key = f"{reference.family}.{reference.name}"
    value = version.get(reference)
    if value is None:
        hint = "; write a space before and after the minus sign" if "-" in reference.name else ""
        return _Read(says=f"{version.label} has no {key}{hint}")
    says = f"{key} of {version.label} is {_shown(value)}"
    if not reference.sign:
        return _Read(value=value, says=says)
    amount = as_number(value)
    if amount is None:
        return _Read(says=f"{says}, which is no number")
    changed = _changed(amount, reference)
    shown = f"{reference.sign} {reference.amount:.10g}"
    if reference.sign == "+" and reference.amount < 0:
        shown = f"- {-reference.amount:.10g}"
    return _Read(value=changed, says=f"{says}, {shown} makes {_shown(changed)}")


def _changed(value: float, reference: Reference) -> float:
    """As on paper: 0.9 - 0.01 is 0.89, also where binary fractions end a little beside it."""
    if not math.isfinite(value):
        return value
    left, right = Decimal(repr(value)), Decimal(repr(reference.amount))
    if reference.sign == "*":
        return float(left * right)
    return float(left + right if reference.sign == "+" else left - right)


def _compared(comparison: Comparison, values: list[Any], says: str) -> GateCheck:
    left, *right = values
    pairs = [_alike(comparison, left, each) for each in right]
    if None in pairs:
        return _result(comparison, Verdict.UNKNOWN, f"{says}; only numbers are less or more")
    if comparison.operator.endswith("IN"):
        is_in = any(a == b for a, b in filter(None, pairs))
        return _told(comparison, is_in == (comparison.operator == "IN"), says)
    compare = _COMPARE[comparison.operator]
    return _told(comparison, all(compare(a, b) for a, b in filter(None, pairs)), says)


def _alike(comparison: Comparison, left: Any, right: Any) -> tuple[Any, Any] | None:
    """Both as numbers or both as text; None if they cannot be ordered."""
    is_ordered = comparison.operator in _ORDERING
    if isinstance(left, str) and isinstance(right, str) and not is_ordered:
        return left, right
    numbers = as_number(left), as_number(right)
    if not any(number is None or math.isnan(number) for number in numbers):
        return numbers
    return None if is_ordered else (str(left), str(right))


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def as_number(value: float | str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _told(comparison: Comparison, is_true: bool, says: str) -> GateCheck:
    return _result(comparison, Verdict.PASSED if is_true else Verdict.FAILED, says)


def _result(comparison: Comparison, verdict: Verdict, says: str) -> GateCheck:
    return GateCheck(text=comparison.text, verdict=verdict, says=says)


def _shown(value: float | str) -> str:
    return repr(value) if isinstance(value, str) else f"{value:.10g}"


def _negated(verdict: Verdict) -> Verdict:
    turned = {Verdict.PASSED: Verdict.FAILED, Verdict.FAILED: Verdict.PASSED}
    return turned.get(verdict, verdict)


def _all_of(verdicts: list[Verdict]) -> Verdict:
    for verdict in (Verdict.FAILED, Verdict.UNKNOWN, Verdict.PASSED):
        if verdict in verdicts:
            return verdict
    return Verdict.NOTHING_THERE


def _any_of(verdicts: list[Verdict]) -> Verdict:
    for verdict in (Verdict.PASSED, Verdict.NOTHING_THERE, Verdict.UNKNOWN):
        if verdict in verdicts:
            return verdict
    return Verdict.FAILED
