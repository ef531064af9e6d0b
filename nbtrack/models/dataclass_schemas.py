"""A dataclass as a schema: one column a field."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from nbtrack.errors import InvalidValue, WrongType
from nbtrack.models.data_types import Array, DataType, Map, Object, Property, ValueType
from nbtrack.models.schema import Schema
from nbtrack.models.specs import ColSpec

# MLflow's choice: a whole number is kept in 64 bits, a float in 32.
_PLAIN = {
    bool: DataType.boolean, int: DataType.long, float: DataType.float, str: DataType.string,
    bytes: DataType.binary, dt.date: DataType.datetime,
}  # fmt: skip


def convert_dataclass_to_schema(dataclass: Any) -> Schema:
    """*dataclass*, or an instance of one, with a type for each field. Raises InvalidValue."""
    return Schema([ColSpec(p.dtype, p.name, p.required) for p in _properties(dataclass)])


def _properties(dataclass: Any) -> list[Property]:
    if not is_dataclass(dataclass):
        raise WrongType(f"{dataclass!r} is no dataclass.")
    kind = dataclass if isinstance(dataclass, type) else type(dataclass)
    hints = get_type_hints(kind)
    return [_property(each.name, hints[each.name]) for each in fields(dataclass)]


def _property(name: str, hint: Any) -> Property:
    if get_origin(hint) not in (Union, UnionType):
        return Property(name, _type_of(hint, name))
    others = [each for each in get_args(hint) if each is not NoneType]
    if len(others) > 1:
        raise InvalidValue(f"Field {name!r} is of several types ({hint}); one may be optional.")
    return Property(name, _type_of(others[0], name), required=False)


def _type_of(hint: Any, name: str) -> ValueType:
    if hint in _PLAIN:
        return _PLAIN[hint]
    if is_dataclass(hint):
        return Object(_properties(hint))
    parts = get_args(hint)
    if get_origin(hint) is list:
        return Array(_type_of(parts[0], name))
    if get_origin(hint) is dict and parts[0] is str:
        return Map(_type_of(parts[1], name))
    raise InvalidValue(f"Field {name!r} is of a type that a signature has not: {hint}.")
