"""What a model takes and gives: columns or tensors, and parameters; in MLflow's JSON form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from nbtrack.errors import InvalidValue
from nbtrack.models.data_types import AnyType, DataType, Object, ValueType, type_from_dict

# A column of a frame may have any label; JSON has texts, numbers and lists of those.
Label: TypeAlias = str | int | tuple[Any, ...]


@dataclass(frozen=True)
class ColSpec:
    type: ValueType
    name: Label | None = None
    required: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.type, str):  # "double" for DataType.double
            object.__setattr__(self, "type", _named_type(self.type))

    def to_dict(self) -> dict[str, Any]:
        named = {} if self.name is None else {"name": self.name}
        return {**self.type.to_dict(), **named, "required": self.required}

    def __str__(self) -> str:
        optional = "" if self.required else " (optional)"
        return f"{self.type}{optional}" if self.name is None else f"{self.name}: {self.type}"


@dataclass(frozen=True)
class TensorSpec:
    """*dtype* is numpy's name of it, without a length; -1 in *shape* is any size."""

    dtype: str
    shape: tuple[int, ...]
    name: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "dtype", tensor_dtype(self.dtype))
        object.__setattr__(self, "shape", tuple(self.shape))

    def to_dict(self) -> dict[str, Any]:
        named = {} if self.name is None else {"name": self.name}
        spec = {"dtype": self.dtype, "shape": list(self.shape)}
        return {**named, "type": "tensor", "tensor-spec": spec}

    def __str__(self) -> str:
        text = f"{self.dtype} of shape {self.shape}"
        return text if self.name is None else f"{self.name}: {text}"


@dataclass(frozen=True)
class Schema:
    """Columns (`ColSpec`) or tensors (`TensorSpec`): all have names, or none has."""

    inputs: tuple[ColSpec | TensorSpec, ...]

    def __init__(self, inputs: Sequence[ColSpec | TensorSpec]) -> None:
        object.__setattr__(self, "inputs", tuple(inputs))
        names = self.input_names()
        if len(set(names)) < len(names):
            raise InvalidValue(f"Every name in a schema is there once; these are {names}.")
        if any(each.name is None for each in self.inputs) and any(names):
            raise InvalidValue(f"Name all inputs of a schema or none; the names are {names}.")
        if len({type(each) for each in self.inputs}) > 1:
            raise InvalidValue("A schema holds columns or tensors, not both.")

    def __iter__(self) -> Iterator[ColSpec | TensorSpec]:
        return iter(self.inputs)

    def __len__(self) -> int:
        return len(self.inputs)

    def columns(self) -> tuple[ColSpec, ...]:
        return tuple(each for each in self.inputs if isinstance(each, ColSpec))

    def tensors(self) -> tuple[TensorSpec, ...]:
        return tuple(each for each in self.inputs if isinstance(each, TensorSpec))

    def is_tensor_spec(self) -> bool:
        return any(isinstance(each, TensorSpec) for each in self.inputs)

    def is_unchecked(self) -> bool:
        """Nothing is known of what the model takes."""
        return [(each.name, each.type) for each in self.columns()] == [(None, AnyType())]

    def has_input_names(self) -> bool:
        return any(each.name is not None for each in self.inputs)

    def input_names(self) -> list[Label]:
        return [each.name for each in self.inputs if each.name is not None]

    def required_input_names(self) -> list[Label]:
        wanted = (each for each in self.inputs if getattr(each, "required", True))
        return [each.name for each in wanted if each.name is not None]

    def to_dict(self) -> list[dict[str, Any]]:
        return [each.to_dict() for each in self.inputs]

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """Raises InvalidValue."""
        return cls([_input(form) for form in _forms(text)])

    def __str__(self) -> str:
        return ", ".join(map(str, self.inputs))


@dataclass(frozen=True)
class ParamSpec:
    """A parameter of `predict`; *shape* is None for a single value, (-1,) for a list."""

    name: str
    dtype: DataType | Object
    default: Any
    shape: tuple[int, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        shape = None if self.shape is None else list(self.shape)
        return {"name": self.name, "default": self.default, "shape": shape, **self.dtype.to_dict()}


@dataclass(frozen=True)
class ParamSchema:
    params: tuple[ParamSpec, ...]

    def __init__(self, params: Sequence[ParamSpec]) -> None:
        object.__setattr__(self, "params", tuple(params))

    def __iter__(self) -> Iterator[ParamSpec]:
        return iter(self.params)

    def __len__(self) -> int:
        return len(self.params)

    def to_dict(self) -> list[dict[str, Any]]:
        return [each.to_dict() for each in self.params]

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), default=_as_text)

    @classmethod
    def from_json(cls, text: str) -> ParamSchema:
        return cls([_param(form) for form in _forms(text)])


def tensor_dtype(dtype: Any) -> str:
    """numpy's name of *dtype*; texts and bytes without their length."""
    name = str(dtype)
    if name.startswith(("str", "<U", ">U", "|U")):
        return "str"
    return "bytes" if name.startswith(("bytes", "|S", "S")) else name


def _named_type(name: str) -> ValueType:
    if name == "any":
        return AnyType()
    if name not in DataType.__members__:
        known = ", ".join(DataType.__members__)
        raise InvalidValue(f"{name!r} is no type of a column; there are {known} and any.")
    return DataType(name)


def _forms(text: str) -> list[Mapping[str, Any]]:
    try:
        forms = json.loads(text)
    except ValueError as exc:
        raise InvalidValue(f"This is no schema in JSON: {exc}: {text[:100]!r}.") from exc
    if not isinstance(forms, list) or not all(isinstance(form, dict) for form in forms):
        raise InvalidValue(f"A schema is a JSON list of objects, not {text[:100]!r}.")
    return forms


def _input(form: Mapping[str, Any]) -> ColSpec | TensorSpec:
    if "tensor-spec" in form:
        spec = form["tensor-spec"]
        return TensorSpec(spec["dtype"], tuple(spec["shape"]), form.get("name"))
    return ColSpec(type_from_dict(form), _label(form.get("name")), _is_required(form))


def _is_required(form: Mapping[str, Any]) -> bool:
    # Files of MLflow 1 and 2 say "optional" instead.
    return bool(form.get("required", not form.get("optional", False)))


def _label(name: Any) -> Label | None:
    return tuple(name) if isinstance(name, list) else name


def _param(form: Mapping[str, Any]) -> ParamSpec:
    shape = form.get("shape")
    # "dtype" in files of MLflow before 2.9
    found = type_from_dict({**form, "type": form.get("type", form.get("dtype"))})
    if not isinstance(found, DataType | Object):
        raise InvalidValue(f"Parameter {form.get('name')!r} of the signature has no known type.")
    return ParamSpec(form["name"], found, form.get("default"), None if shape is None else (-1,))


def _as_text(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
