"""The type of one Python value, and the type that fits several."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.models.data_types import (
    AnyType,
    Array,
    DataType,
    Map,
    Object,
    Property,
    ValueType,
)
from nbtrack.models.kinds import is_a, is_missing

# Two that are told apart while types are looked for, and mean the same in a signature.
UNSEEN = AnyType()  # only missing values and empty lists so far: any other type fits
MIXED = AnyType()  # seen, but of no type that a signature has a word for

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
_INT64 = 1 << 63


def type_of(value: Any) -> ValueType:
    """Raises InvalidValue for an object of pydantic, which only a type hint describes."""
    if is_missing(value) or (isinstance(value, list | Mapping) and not value):
        return UNSEEN
    if hasattr(value, "dtype") and getattr(value, "ndim", None) == 0:
        return type_of_dtype(value.dtype)
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        return MIXED
    for kind, data_type in _PLAIN:
        if isinstance(value, kind):
            return data_type
    if isinstance(value, Mapping):
        return _type_of_mapping(value)
    if is_a(value, "numpy", "ndarray"):
        return _type_of_array(value)
    if hasattr(value, "tolist") and getattr(value, "ndim", None):
        value = value.tolist()
    if isinstance(value, list):
        return Array(common_type(value)) if value else UNSEEN
    _refuse_pydantic(value)
    return MIXED


def common_type(values: Iterable[Any]) -> ValueType:
    """The type of all of *values*; UNSEEN when all are missing."""
    found: ValueType | None = None
    for value in values:
        new = type_of(value)
        found = new if found is None else merged(found, new)
    return UNSEEN if found is None else found


def merged(one: ValueType, other: ValueType) -> ValueType:
    if one is MIXED or other is MIXED:
        return MIXED
    if one is UNSEEN or other is UNSEEN:
        return _perhaps(other if one is UNSEEN else one)
    if isinstance(one, Array) and isinstance(other, Array):
        return Array(merged(one.dtype, other.dtype))
    if isinstance(one, Map) and isinstance(other, Map):
        return Map(merged(one.value_type, other.value_type))
    if isinstance(one, Object) and isinstance(other, Object):
        return _merged_objects(one, other)
    if one in _WIDER and other in _WIDER:
        return max(one, other, key=_WIDER.index)
    return one if one == other else MIXED


def type_of_dtype(dtype: Any) -> ValueType:
    """The type of a numpy dtype."""
    if dtype.kind == "f" and dtype.itemsize <= 8:  # a longdouble is more than a double holds
        return DataType.float if dtype.itemsize <= 4 else DataType.double
    if dtype.kind == "i":
        return DataType.integer if dtype.itemsize <= 4 else DataType.long
    if dtype.kind == "u" and dtype.itemsize < 8:
        return DataType.integer if dtype.itemsize < 4 else DataType.long
    named = {"b": "boolean", "U": "string", "T": "string", "S": "binary", "M": "datetime"}
    return DataType(named[dtype.kind]) if dtype.kind in named else MIXED


def _type_of_array(value: Any) -> ValueType:
    if value.dtype.kind == "O" or not value.size:
        return type_of(value.tolist())
    found = type_of_dtype(value.dtype)
    for _ in range(value.ndim):
        found = Array(found)
    return found


def _type_of_mapping(value: Mapping[Any, Any]) -> ValueType:
    if not all(isinstance(name, str) for name in value):
        return MIXED
    typed = {name: type_of(each) for name, each in value.items()}
    return Object([Property(name, t, t is not UNSEEN) for name, t in typed.items()])


def _perhaps(found: ValueType) -> ValueType:
    """What may also be missing: MLflow makes the properties of an object optional then."""
    if not isinstance(found, Object):
        return found
    return Object([Property(p.name, p.dtype, required=False) for p in found.properties])


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
    return Property(one.name, merged(one.dtype, other.dtype), is_required)


def _refuse_pydantic(value: Any) -> None:
    if is_a(value, "pydantic", "BaseModel"):
        name = type(value).__name__
        raise InvalidValue(
            f"A signature is not inferred from objects of pydantic; say predict(self, model_input: "
            f"list[{name}]), and the signature is made of that."
        )
