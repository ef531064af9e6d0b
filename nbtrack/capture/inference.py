"""Params and metrics that a cell shows without being told to log them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from nbtrack.capture.bindings import Binding, How
from nbtrack.capture.last_value import metrics_of_last_value
from nbtrack.capture.metric_words import (
    is_time_count_or_size,
    name_words,
    says_more_than_a_metric,
    speaks_of_metrics,
)
from nbtrack.capture.numbers import as_number
from nbtrack.capture.redact import holds_secret
from nbtrack.capture.secret_names import is_secret_name
from nbtrack.capture.source import CellSource
from nbtrack.capture.words import valid_key
from nbtrack.errors import InvalidValue

MAX_STRING = 200  # characters; longer ones are prompts and queries, not params

_ABSENT = object()


def inferred_params(source: CellSource, namespace: Mapping[str, object]) -> dict[str, object]:
    """Names bound once, at the top level, to a plain literal which they still hold afterwards.

    What is masked in the stored source is none.
    """
    return {
        name: binding.literal
        for name, binding in source.bindings.items()
        if _is_param(name, binding)
        and _is_same(namespace.get(name, _ABSENT), binding.literal)
        and valid_key(name) == name
        and not holds_secret(name, binding.literal)
    }


def inferred_metrics(
    source: CellSource, namespace: Mapping[str, object], last_value: object
) -> dict[str, float]:
    """Numbers that metric functions returned, and the cell's last value, by name."""
    found: dict[str, float] = {}
    for name, binding in source.bindings.items():
        if _is_metric(name, binding):
            number = as_number(namespace.get(name))
            if number is not None:
                found[name] = number
    return found | metrics_of_last_value(source, namespace, last_value)


def requested_metrics(
    names: Sequence[str], namespace: Mapping[str, object], *, assigned: Collection[str]
) -> dict[str, float]:
    """The named variables as numbers; any of them missing or no number is an InvalidValue.

    *assigned* are the names that the cell gave a value: those the message may offer instead.
    """
    return {name: _requested(name, namespace, assigned) for name in names}


def _is_param(name: str, binding: Binding) -> bool:
    if binding.how is not How.LITERAL or not binding.once or not binding.at_top:
        return False
    return may_be_inferred(name) and _is_worth_keeping(binding.literal)


def may_be_inferred(name: str) -> bool:
    """Of a variable's name: neither private nor a secret's."""
    return not name.startswith("_") and not is_secret_name(name)


def _is_worth_keeping(literal: object) -> bool:
    if isinstance(literal, str | bytes):
        return len(literal) <= MAX_STRING
    if isinstance(literal, list | tuple | set | dict):
        return bool(literal) and all(_is_short(item) for item in _items(literal))
    return True


def _is_short(item: object) -> bool:
    if isinstance(item, list | tuple | set | dict):
        return all(_is_short(inner) for inner in _items(item))
    return not isinstance(item, str | bytes) or len(item) <= MAX_STRING


def _items(
    container: list[object] | tuple[object, ...] | set[object] | dict[object, object],
) -> list[object]:
    if isinstance(container, dict):
        return [*container, *container.values()]
    return list(container)


def _is_same(value: object, literal: object) -> bool:
    """Equal in value and in type, all the way down; never calls the `==` of a foreign class."""
    if type(value) is not type(literal):
        return False
    if isinstance(literal, list | tuple) and isinstance(value, list | tuple):
        return len(value) == len(literal) and all(map(_is_same, value, literal))
    if isinstance(literal, dict) and isinstance(value, dict):
        return _is_same(list(value.items()), list(literal.items()))
    if isinstance(literal, set) and isinstance(value, set):
        return len(value) == len(literal) and set(map(_typed, value)) == set(map(_typed, literal))
    return value == literal


def _typed(item: object) -> tuple[type, object]:
    return type(item), item


def _is_metric(name: str, binding: Binding) -> bool:
    if binding.how is not How.CALL or not binding.once or not may_be_inferred(name):
        return False
    words = name_words(name)
    behind = [word for function in binding.functions for word in name_words(function)]
    if is_time_count_or_size([*words, *behind]):
        return False
    if speaks_of_metrics(words):
        return True
    # Of several results only the names tell which is which: p, r, _, support = f1_report(y).
    return binding.whole and not says_more_than_a_metric(words) and speaks_of_metrics(behind)


def _requested(name: str, namespace: Mapping[str, object], assigned: Collection[str]) -> float:
    if valid_key(name) != name or not name:
        raise InvalidValue(f"--metrics takes names of variables; {name!r} is none.")
    value = namespace.get(name, _ABSENT)
    number = as_number(value)
    if number is not None:
        return number
    problem = "there is no such variable" if value is _ABSENT else f"it is a {type(value).__name__}"
    numbers = [each for each in assigned if as_number(namespace.get(each)) is not None]
    raise InvalidValue(
        f"--metrics {name}: {problem} after the cell, and a metric is one number. "
        f"{_offered(name, numbers)}"
    )


def _offered(name: str, numbers: Sequence[str]) -> str:
    from difflib import get_close_matches

    public = sorted(number for number in numbers if not number.startswith("_"))
    near = get_close_matches(name, public, n=3, cutoff=0.5) or public[:5]
    return f"Numbers it could be: {', '.join(near)}." if near else "The cell assigns no number."
