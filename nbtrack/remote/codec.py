"""Records as JSON and back, by the types that functions and records declare.

A dataclass is an object, a NamedTuple a list of its fields. Whatever comes back is what the type
says: nothing in the text chooses a class, as a pickle would.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any

LOCATIONS = frozenset({"artifact_uri", "artifact_location"})  # fields that name a place of files
_DATETIME = "$datetime"
_AS_IT_IS = (str, int, float, bool, type(None))
_PLAIN, _TEXT = frozenset(_AS_IT_IS), frozenset({str})

Place = Callable[[str], str]


def encode(value: Any, place: Place = str) -> Any:
    """*place* is what a location is called on the way. Raises TypeError for what no record has."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, _AS_IT_IS):
        return value
    if dataclasses.is_dataclass(value):
        return {
            field.name: _encoded_field(field.name, getattr(value, field.name), place)
            for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return _encoded_mapping(value, place)
    if isinstance(value, datetime | date):
        return {_DATETIME: value.isoformat()}
    if isinstance(value, set | frozenset):
        return sorted(encode(each, place) for each in value)
    if isinstance(value, Iterable):
        return [encode(each, place) for each in value]
    raise TypeError(f"A {type(value).__name__} cannot be sent.")


def _encoded_field(name: str, value: Any, place: Place) -> Any:
    return place(value) if name in LOCATIONS and isinstance(value, str) else encode(value, place)


def _encoded_mapping(value: Mapping[Any, Any], place: Place) -> Any:
    """An object; where a key is no text, a list of pairs."""
    if _TEXT.issuperset(map(type, value)):
        if _PLAIN.issuperset(map(type, value.values())):  # nearly always, and much faster
            return dict(value)
        return {key: encode(each, place) for key, each in value.items()}
    return [[encode(key, place), encode(each, place)] for key, each in value.items()]


def decode(kind: Any, value: Any, place: Place = str) -> Any:
    """A *kind* out of what `encode` made. Raises TypeError, ValueError, KeyError if it is none."""
    if kind in (Any, object):
        return _plain(value)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _decoded_union(arguments, value, place)
    if origin is typing.Literal or kind in _AS_IT_IS:
        return float(value) if kind is float else value
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if origin is not None:
        return _decoded_container(origin, arguments, value, place)
    return _decoded_record(kind, value, place)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_DATETIME}:
        return datetime.fromisoformat(value[_DATETIME])
    return {key: _plain(each) for key, each in value.items()}


def _decoded_union(kinds: tuple[Any, ...], value: Any, place: Place) -> Any:
    """None or one other kind, or several kinds that JSON tells apart by itself."""
    others = [kind for kind in kinds if kind is not type(None)]
    if value is None and len(others) < len(kinds):
        return None
    return decode(others[0], value, place) if len(others) == 1 else _plain(value)


def _decoded_container(origin: Any, kinds: tuple[Any, ...], value: Any, place: Place) -> Any:
    if issubclass(origin, Mapping):
        of_key, of_value = kinds
        if of_key is str and of_value in (str, float) and isinstance(value, dict):
            return value if of_value is str else dict(zip(value, map(float, value.values())))
        pairs = value.items() if isinstance(value, dict) else _listed(value)
        return {decode(of_key, k, place): decode(of_value, v, place) for k, v in pairs}
    if origin is tuple and kinds[-1] is not Ellipsis:
        given = zip(kinds, _listed(value), strict=True)
        return tuple(decode(kind, v, place) for kind, v in given)
    made = origin if origin in (tuple, set, frozenset) else list
    return made(decode(kinds[0], each, place) for each in _listed(value))


def _listed(value: Any) -> list[Any]:
    """A text is no list of its letters: whoever else reads it takes it for one of many."""
    if not isinstance(value, list):
        raise TypeError(f"{value!r:.80} is no list.")
    return value


def _decoded_record(kind: Any, value: Any, place: Place) -> Any:
    hints = _hints(kind)
    if issubclass(kind, tuple):
        given = zip(hints.values(), _listed(value), strict=True)
        return kind(*(decode(h, v, place) for h, v in given))
    return kind(**{
        name: place(each) if name in LOCATIONS and each else decode(hints[name], each, place)
        for name, each in value.items()
    })  # fmt: skip


@lru_cache(maxsize=256)
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
