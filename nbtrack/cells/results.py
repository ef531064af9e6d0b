"""Params and metrics that a finished cell shows, beside those that were logged in it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from nbtrack.base.guard import guarded
from nbtrack.capture.inference import inferred_metrics, inferred_params, requested_metrics
from nbtrack.capture.numbers import as_number
from nbtrack.capture.redact import holds_secret
from nbtrack.capture.source import CellSource, names_bound
from nbtrack.cells.outcome import Outcome
from nbtrack.errors import InvalidValue
from nbtrack.records.runs import RunStatus

ACTUAL = "actual."  # prefix of the param that holds what a declared one's variable ended as
_MOST_SHOWN = 60  # characters of a value in a remark


@dataclass(kw_only=True)
class Results:
    """*notes* are remarks for the card, one sentence each."""

    params: dict[str, object] = field(default_factory=dict)  # inferred
    actual: dict[str, object] = field(default_factory=dict)  # of declared params, by their name
    metrics: dict[str, float] = field(default_factory=dict)  # inferred
    requested: dict[str, float] = field(default_factory=dict)  # by --metrics
    notes: list[str] = field(default_factory=list)


def read_results(
    source: CellSource,
    namespace: Mapping[str, object],
    outcome: Outcome,
    *,
    declared: Mapping[str, str],
    requested: Collection[str],
    is_inferring: bool,
) -> Results:
    """Nothing of the user's is called but `==` of plain values and `item()` of numbers."""
    results = Results()
    is_finished = outcome.status == RunStatus.FINISHED
    with guarded("compare declared params with their variables"):
        results.actual = _differing(declared, namespace)
        results.notes += [_difference(k, declared[k], v) for k, v in results.actual.items()]
    with guarded("read the metrics that --metrics names"):
        assigned = names_bound(source)
        _read_requested(results, requested, namespace, assigned, is_finished=is_finished)
    if is_inferring:
        with guarded("infer params"):
            explicit = {*declared, *results.requested}
            found = inferred_params(source, namespace)
            results.params = {name: found[name] for name in found if name not in explicit}
        # A cell that broke off may have left variables as an earlier cell set them.
        if is_finished:
            with guarded("infer metrics"):
                results.metrics = inferred_metrics(source, namespace, outcome.last_value)
    return results


def read_as_name(words: Collection[str], namespace: Mapping[str, object]) -> str | None:
    """A remark on *words* behind `--metrics a` that are variables too: b of `--metrics a b`."""
    meant = [word for word in words if as_number(namespace.get(word)) is not None]
    if not meant:
        return None
    return f"{', '.join(meant)} read as the run's name; metrics are separated by commas."


def _read_requested(
    results: Results,
    names: Collection[str],
    namespace: Mapping[str, object],
    assigned: Collection[str],
    *,
    is_finished: bool,
) -> None:
    for name in names:
        try:
            results.requested.update(requested_metrics([name], namespace, assigned=assigned))
        except InvalidValue as exc:
            if is_finished:  # else the error itself says why
                results.notes.append(str(exc))


def _differing(declared: Mapping[str, str], namespace: Mapping[str, object]) -> dict[str, object]:
    """Variables of the declared names that hold a plain value, and another one; no secrets."""
    return {
        name: namespace[name]
        for name, text in declared.items()
        if name in namespace
        and _is_plain(namespace[name])
        and not _says(text, namespace[name])
        and not holds_secret(name, namespace[name])
    }


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple | set):
        return len(value) < 100 and all(map(_is_plain, value))
    if isinstance(value, dict):
        return len(value) < 100 and all(map(_is_plain, [*value, *value.values()]))
    return isinstance(value, str | bool | None) or as_number(value) is not None


def _says(text: str, value: object) -> bool:
    if text == str(value):
        return True
    try:
        meant = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    number = as_number(value)
    return bool(meant == value) if number is None else as_number(meant) == number


def _difference(name: str, declared: str, value: object) -> str:
    shown = str(value)
    shown = shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"
    return (
        f"{name}={declared} was declared, but the variable {name} ended as {shown}; "
        f"both are recorded ({ACTUAL}{name})."
    )
