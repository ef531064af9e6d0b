"""Values of any library as the plain Python values that JSON and YAML know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from numbers import Integral, Real
from typing import Any

from nbtrack.errors import InvalidValue

PLAIN = frozenset({str, int, float, bool, type(None)})


def json_number(value: float) -> float | str:
    """JSON has no NaN and no Infinity: they are texts, as in the journal."""
    return value if isfinite(value) else str(value)


def plain(value: Any, other: Callable[[Any], Any] = str) -> Any:
    """*value* as dicts, lists, texts, numbers, bools and None; *other* translates the rest.

    Numpy scalars and arrays, tensors and series are recognised by their `tolist`, sets become
    sorted lists. NaN and infinities stay. Raises RecursionError for a value that holds itself,
    InvalidValue for keys that become one.
    """
    if type(value) in PLAIN:
        return value
    if isinstance(value, Mapping):
        return _plain_dict(value, other)
    if isinstance(value, list | tuple):
        return [plain(item, other) for item in value]
    if isinstance(value, set | frozenset):
        return [plain(item, other) for item in sorted(value, key=repr)]
    return _plain_scalar(value, other)


def _plain_dict(value: Mapping[Any, Any], other: Callable[[Any], Any]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key, item in value.items():
        name = _plain_key(key)
        if name in found:
            raise InvalidValue(f"Two keys are both written as {name!r}. Rename one of them.")
        found[name] = plain(item, other)
    return found


def _plain_key(key: Any) -> Any:
    key = plain(key)
    return key if type(key) in PLAIN else str(key)


def _plain_scalar(value: Any, other: Callable[[Any], Any]) -> Any:
    if isinstance(value, str):
        return str.__str__(value)  # not str(): an enum's own __str__ gives its name
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if hasattr(value, "tolist") and not isinstance(value, type):
        return _plain_array(value, other)
    return other(value)


def _plain_array(value: Any, other: Callable[[Any], Any]) -> Any:
    if getattr(getattr(value, "dtype", None), "kind", None) in ("M", "m"):
        return value.astype(str).tolist()  # their tolist() gives bare nanoseconds
    items = value.tolist()
    return other(value) if type(items) is type(value) else plain(items, other)
