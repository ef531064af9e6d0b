"""The types a signature speaks of, with MLflow's names and in its JSON form.

A column or property holds a `DataType`, an `Array`, an `Object`, a `Map`, or `AnyType`, which is
not checked. The JSON form is a dict with the key "type" and what belongs to it:
{"type": "long"} · {"type": "array", "items": {…}} · {"type": "map", "values": {…}} ·
{"type": "object", "properties": {name: {"type": …, "required": true}}}.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from nbtrack.errors import InvalidValue, WrongType

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")
NO_SPARK = "nbtrack knows no Spark; build the Spark schema from to_dict() instead."


class DataType(StrEnum):
    boolean = "boolean"
    integer = "integer"  # 32 bits
    long = "long"  # 64 bits
    float = "float"  # 32 bits
    double = "double"  # 64 bits
    string = "string"
    binary = "binary"
    datetime = "datetime"

    def __repr__(self) -> str:
        return str(self)

    def to_dict(self) -> dict[str, Any]:
        return {"type": str(self)}

    def to_numpy(self) -> np.dtype[Any]:
        import numpy as np

        return np.dtype(_NUMPY[self])

    def to_pandas(self) -> np.dtype[Any]:
        """As numpy's, but for texts and bytes, which pandas holds as objects."""
        import numpy as np

        is_boxed = self in (DataType.string, DataType.binary)
        return np.dtype(object) if is_boxed else self.to_numpy()

    def to_python(self) -> type:
        return _PYTHON[self]

    def to_spark(self) -> Any:
        raise InvalidValue(NO_SPARK)

    @classmethod
    def all_types(cls) -> list[DataType]:
        return list(cls)

    @classmethod
    def check_type(cls, data_type: DataType, value: Any) -> bool:
        """Whether *value*, of Python or numpy, is of the very type."""
        import numpy as np

        if isinstance(value, np.generic):
            is_time = value.dtype.kind == "M"
            found = cls.datetime if is_time else cls.from_numpy_type(np.dtype(type(value)))
            return found == data_type
        if data_type == cls.datetime:
            return isinstance(value, dt.date)
        kinds = (bytes, bytearray) if data_type == cls.binary else (data_type.to_python(),)
        return type(value) in kinds

    @classmethod
    def from_numpy_type(cls, np_type: Any) -> DataType | None:
        return next((each for each in cls if each.to_numpy() == np_type), None)


_NUMPY = {
    DataType.boolean: "bool", DataType.integer: "int32", DataType.long: "int64",
    DataType.float: "float32", DataType.double: "float64", DataType.string: "str",
    DataType.binary: "bytes", DataType.datetime: "datetime64[ns]",
}  # fmt: skip
_PYTHON = {
    DataType.boolean: bool, DataType.integer: int, DataType.long: int, DataType.float: float,
    DataType.double: float, DataType.string: str, DataType.binary: bytes,
    DataType.datetime: dt.date,
}  # fmt: skip


@dataclass(frozen=True)
class AnyType:
    def to_dict(self) -> dict[str, Any]:
        return {"type": "any"}

    def __str__(self) -> str:
        return "any"

    def __repr__(self) -> str:
        return "Any"


@dataclass(frozen=True, repr=False)
class Array:
    dtype: ValueType  # of its items; also given as a name

    def __post_init__(self) -> None:
        object.__setattr__(self, "dtype", as_type(self.dtype))

    @classmethod
    def from_json_dict(cls, **form: Any) -> Array:
        return _of_kind(cls, form, "array")

    def to_dict(self) -> dict[str, Any]:
        return {"type": "array", "items": self.dtype.to_dict()}

    def __str__(self) -> str:
        return f"array of {self.dtype}"

    def __repr__(self) -> str:
        return f"Array({self.dtype!r})"


@dataclass(frozen=True, repr=False)
class Map:
    """Texts to values of one type."""

    value_type: ValueType

    def __post_init__(self) -> None:
        object.__setattr__(self, "value_type", as_type(self.value_type))

    @classmethod
    def from_json_dict(cls, **form: Any) -> Map:
        return _of_kind(cls, form, "map")

    def to_dict(self) -> dict[str, Any]:
        return {"type": "map", "values": self.value_type.to_dict()}

    def __str__(self) -> str:
        return f"map of {self.value_type}"

    def __repr__(self) -> str:
        return f"Map(str -> {self.value_type!r})"


@dataclass(frozen=True, repr=False)
class Property:
    name: str
    dtype: ValueType
    required: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise InvalidValue(f"The name of a property is a text, not {self.name!r}.")
        object.__setattr__(self, "dtype", as_type(self.dtype))

    @classmethod
    def from_json_dict(cls, **named: Any) -> Property:
        """*named* is one form by its name: {"a": {"type": "long", "required": true}}."""
        if len(named) != 1:
            raise InvalidValue(f"A property is one form by its name, not {named!r}.")
        ((name, form),) = named.items()
        _check_known(form)
        return _property(name, form)

    def to_dict(self) -> dict[str, Any]:
        return {self.name: {**self.dtype.to_dict(), "required": self.required}}

    def __repr__(self) -> str:
        return f"{self.name}: {self.dtype!r} ({'required' if self.required else 'optional'})"


@dataclass(frozen=True, repr=False, init=False)
class Object:
    properties: list[Property]  # sorted by name: their order says nothing

    def __init__(self, properties: list[Property]) -> None:
        if not isinstance(properties, list) or not properties:
            raise InvalidValue(f"The properties of an object are a filled list, not {properties}.")
        if not all(isinstance(each, Property) for each in properties):
            raise InvalidValue(f"An object is made of Property, not {properties}.")
        names = sorted(each.name for each in properties)
        if double := {one for one, other in itertools.pairwise(names) if one == other}:
            raise InvalidValue(f"An object has the properties {sorted(double)} more than once.")
        object.__setattr__(self, "properties", sorted(properties, key=lambda each: each.name))

    @classmethod
    def from_json_dict(cls, **form: Any) -> Object:
        return _of_kind(cls, form, "object")

    def to_dict(self) -> dict[str, Any]:
        named: dict[str, Any] = {}
        for each in self.properties:
            named |= each.to_dict()
        return {"type": "object", "properties": named}

    def __str__(self) -> str:
        return "object with " + ", ".join(f"{p.name}: {p.dtype}" for p in self.properties)

    def __repr__(self) -> str:
        return "{" + ", ".join(map(repr, self.properties)) + "}"


ValueType: TypeAlias = DataType | AnyType | Array | Map | Object


def as_type(given: Any) -> ValueType:
    """A type, or the name of a plain one. Raises InvalidValue, WrongType."""
    if isinstance(given, ValueType):
        return given
    if not isinstance(given, str):
        raise WrongType(f"{given!r} is no type; give a DataType, Array, Object, Map or AnyType.")
    if given == "any":
        return AnyType()
    if given not in DataType.__members__:
        known = ", ".join(DataType.__members__)
        raise InvalidValue(f"{given!r} is no type of a column; there are {known} and any.")
    return DataType(given)


def type_from_dict(form: Mapping[str, Any]) -> ValueType:
    """The type that *form* describes; one that we do not know is not checked either.

    Raises InvalidValue where something is missing.
    """
    kind = _part(form, "type")
    if kind in DataType.__members__:
        return DataType(str(kind))
    if kind == "array":
        return Array(type_from_dict(_part(form, "items")))
    if kind == "map":
        return Map(type_from_dict(_part(form, "values")))
    if kind == "object":
        properties = _part(form, "properties")
        if not isinstance(properties, Mapping):
            raise InvalidValue(f"The properties of an object are a dict, not {properties!r}.")
        return Object([_property(name, each) for name, each in properties.items()])
    return AnyType()


def _property(name: str, form: Mapping[str, Any]) -> Property:
    return Property(name, type_from_dict(form), bool(form.get("required", True)))


def _part(form: Any, key: str) -> Any:
    if not isinstance(form, Mapping) or key not in form:
        raise InvalidValue(f"A type in a signature has no {key!r}: {form!r}.")
    return form[key]


def _of_kind(wanted: type[T], form: Mapping[str, Any], kind: str) -> T:
    if _part(form, "type") != kind:
        raise InvalidValue(f"This is no {kind}: {form!r}.")
    _check_known(form)
    found = type_from_dict(form)
    assert isinstance(found, wanted)
    return found


def _check_known(form: Any) -> None:
    """Of what is written by hand; a file may be of a later MLflow. Raises InvalidValue."""
    kind = _part(form, "type")
    if kind in ("array", "map"):
        _check_known(_part(form, "items" if kind == "array" else "values"))
    elif kind == "object":
        properties = _part(form, "properties")
        for each in properties.values() if isinstance(properties, Mapping) else ():
            _check_known(each)
    else:
        as_type(kind)
