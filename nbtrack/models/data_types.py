"""The types a signature speaks of, in MLflow's JSON form.

A column or property holds a `DataType`, an `Array`, an `Object`, a `Map`, or `AnyType`, which is
not checked. The JSON form is a dict with the key "type" and what belongs to it:
{"type": "long"} · {"type": "array", "items": {…}} · {"type": "map", "values": {…}} ·
{"type": "object", "properties": {name: {"type": …, "required": true}}}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias


class DataType(StrEnum):
    boolean = "boolean"
    integer = "integer"  # 32 bits
    long = "long"  # 64 bits
    float = "float"  # 32 bits
    double = "double"  # 64 bits
    string = "string"
    binary = "binary"
    datetime = "datetime"

    def to_dict(self) -> dict[str, Any]:
        return {"type": str(self)}


@dataclass(frozen=True)
class AnyType:
    def to_dict(self) -> dict[str, Any]:
        return {"type": "any"}

    def __str__(self) -> str:
        return "any"


@dataclass(frozen=True)
class Array:
    items: ValueType

    def to_dict(self) -> dict[str, Any]:
        return {"type": "array", "items": self.items.to_dict()}

    def __str__(self) -> str:
        return f"array of {self.items}"


@dataclass(frozen=True)
class Map:
    """Texts to values of one type."""

    values: ValueType

    def to_dict(self) -> dict[str, Any]:
        return {"type": "map", "values": self.values.to_dict()}

    def __str__(self) -> str:
        return f"map of {self.values}"


@dataclass(frozen=True)
class Property:
    name: str
    type: ValueType
    required: bool = True

    def to_dict(self) -> dict[str, Any]:
        return {self.name: {**self.type.to_dict(), "required": self.required}}


@dataclass(frozen=True)
class Object:
    properties: tuple[Property, ...]

    def to_dict(self) -> dict[str, Any]:
        named: dict[str, Any] = {}
        for each in self.properties:
            named |= each.to_dict()
        return {"type": "object", "properties": named}

    def __str__(self) -> str:
        return "object with " + ", ".join(f"{p.name}: {p.type}" for p in self.properties)


ValueType: TypeAlias = DataType | AnyType | Array | Map | Object


def type_from_dict(form: Mapping[str, Any]) -> ValueType:
    """The type that *form* describes; one that we do not know is not checked either."""
    kind = form.get("type")
    if kind in DataType.__members__:
        return DataType(str(kind))
    if kind == "array":
        return Array(type_from_dict(form.get("items", {})))
    if kind == "map":
        return Map(type_from_dict(form.get("values", {})))
    if kind == "object":
        properties = form.get("properties", {})
        return Object(tuple(_property(name, each) for name, each in properties.items()))
    return AnyType()


def _property(name: str, form: Mapping[str, Any]) -> Property:
    return Property(name, type_from_dict(form), bool(form.get("required", True)))
