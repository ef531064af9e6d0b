"""The type of one Python value, and the type that fits several."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from nbtrack.models.data_types import (
    AnyType,
    Array,
    DataType,
    Map,
    Object,
    Property,
    ValueType,
)

# bool before int, datetime before date: the first that fits counts.
_PLAIN: tuple[tuple[type, DataType], ...] = (
    (bool, DataType.boolean),
    (int, DataType.long),
    (float, DataType.double),
    (str, DataType.string),
    (bytes, DataType.binary),
    (bytearray, DataType.binary),
    (dt.date, DataType.datetime),
)
_WIDER = (DataType.integer, DataType.long, DataType.float, DataType.double)


def type_of(value: Any) -> ValueType | None:
    """None for a missing value; AnyType for what a signature has no word for."""
    if is_missing(value):
        return None
    if hasattr(value, "dtype") and getattr(value, "ndim", None) == 0:
        return type_of_dtype(value.dtype)
    for kind, data_type in _PLAIN:
        if isinstance(value, kind):
            return data_type
    if isinstance(value, Mapping):
        return _type_of_mapping(value)
    if hasattr(value, "tolist") and getattr(value, "ndim", None):
        value = value.tolist()
    if isinstance(value, list):
        return Array(common_type(value) or AnyType())
    return AnyType()


def is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def common_type(values: Iterable[Any]) -> ValueType | None:
    """The type of all of *values*; None when all are missing."""
    found: ValueType | None = None
    for value in values:
        found = merged(found, type_of(value))
    return found


def merged(one: ValueType | None, other: ValueType | None) -> ValueType | None:
    if one is None or other is None or one == other:
        return one or other
    if isinstance(one, Array) and isinstance(other, Array):
        return Array(merged(one.dtype, other.dtype) or AnyType())
    if isinstance(one, Map) and isinstance(other, Map):
        return Map(merged(one.value_type, other.value_type) or AnyType())
    if isinstance(one, Object) and isinstance(other, Object):
        return _merged_objects(one, other)
    if one in _WIDER and other in _WIDER:
        return max(one, other, key=_WIDER.index)
    return AnyType()


def type_of_dtype(dtype: Any) -> ValueType:
    """The type of a numpy dtype."""
    if dtype.kind == "f":
        return DataType.float if dtype.itemsize <= 4 else DataType.double
    if dtype.kind == "i":
        return DataType.integer if dtype.itemsize <= 4 else DataType.long
    if dtype.kind == "u" and dtype.itemsize < 8:
        return DataType.integer if dtype.itemsize < 4 else DataType.long
    named = {"b": "boolean", "U": "string", "T": "string", "S": "binary", "M": "datetime"}
    return DataType(named[dtype.kind]) if dtype.kind in named else AnyType()


def _type_of_mapping(value: Mapping[Any, Any]) -> ValueType:
    if not value or not all(isinstance(name, str) for name in value):
        return AnyType()
    typed = {name: type_of(each) for name, each in value.items()}
    return Object([Property(n, t or AnyType(), t is not None) for n, t in typed.items()])


def _merged_objects(one: Object, other: Object) -> Object:
    """What only one of them has is not required."""
    mine, theirs = ({p.name: p for p in each.properties} for each in (one, other))
    return Object([_merged_property(mine.get(n), theirs.get(n)) for n in {**mine, **theirs}])


def _merged_property(one: Property | None, other: Property | None) -> Property:
    if one is None or other is None:
        known = one or other
        assert known is not None  # one of the two has it
        return Property(known.name, known.dtype, required=False)
    is_required = one.required and other.required
    # An absent value gave AnyType; the type seen in the other one is the better word.
    types = [each.dtype for each in (one, other) if each.required] or [one.dtype, other.dtype]
    return Property(one.name, merged(types[0], types[-1]) or AnyType(), is_required)
