"""What a model takes or gives, as columns or tensors; in MLflow's JSON form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.models.data_types import NO_SPARK, AnyType, DataType
from nbtrack.models.json_forms import forms_in
from nbtrack.models.specs import ColSpec, Label, TensorSpec


@dataclass(frozen=True, repr=False, init=False)
class Schema:
    """Columns (`ColSpec`) or tensors (`TensorSpec`): all have names, or none has."""

    inputs: list[ColSpec | TensorSpec]

    def __init__(self, inputs: list[Any]) -> None:
        _check(inputs)
        object.__setattr__(self, "inputs", list(inputs))

    def __iter__(self) -> Iterator[ColSpec | TensorSpec]:
        return iter(self.inputs)

    def __len__(self) -> int:
        return len(self.inputs)

    def columns(self) -> tuple[ColSpec, ...]:
        return tuple(each for each in self.inputs if isinstance(each, ColSpec))

    def tensors(self) -> tuple[TensorSpec, ...]:
        return tuple(each for each in self.inputs if isinstance(each, TensorSpec))

    def is_tensor_spec(self) -> bool:
        return isinstance(self.inputs[0], TensorSpec)

    def is_unchecked(self) -> bool:
        """Nothing is known of what the model takes."""
        return [(each.name, each.type) for each in self.columns()] == [(None, AnyType())]

    def has_input_names(self) -> bool:
        return self.inputs[0].name is not None

    def input_names(self) -> list[Label]:
        """Their places where they have no names."""
        return [_name_at(i, each) for i, each in enumerate(self.inputs)]

    def required_input_names(self) -> list[Label]:
        return [_name_at(i, each) for i, each in enumerate(self.inputs) if each.required]

    def optional_input_names(self) -> list[Label]:
        return [_name_at(i, each) for i, each in enumerate(self.inputs) if not each.required]

    def input_types(self) -> list[Any]:
        return [each.type for each in self.inputs]

    def input_dict(self) -> dict[Label, ColSpec | TensorSpec]:
        """By name. Raises InvalidValue where there are none."""
        if not self.has_input_names():
            raise InvalidValue(f"The inputs of this schema have no names: {self}.")
        return dict(zip(self.input_names(), self.inputs))

    def input_types_dict(self) -> dict[Label, Any]:
        return {name: each.type for name, each in self.input_dict().items()}

    def numpy_types(self) -> list[Any]:
        if self.is_tensor_spec():
            return self.input_types()
        return [each.to_numpy() for each in self._plain_types()]

    def pandas_types(self) -> list[Any]:
        if self.is_tensor_spec():
            raise InvalidValue("Tensors have numpy's types alone: numpy_types() gives them.")
        return [each.to_pandas() for each in self._plain_types()]

    def _plain_types(self) -> list[DataType]:
        types = self.input_types()
        if not all(isinstance(each, DataType) for each in types):
            raise InvalidValue(f"Only plain types have one in numpy or pandas; these are {self}.")
        return types

    def as_spark_schema(self) -> Any:
        raise InvalidValue(NO_SPARK)

    def to_dict(self) -> list[dict[str, Any]]:
        return [each.to_dict() for each in self.inputs]

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """Raises InvalidValue."""
        return cls([_input(form) for form in forms_in(text)])

    def __str__(self) -> str:
        return ", ".join(map(str, self.inputs))

    def __repr__(self) -> str:
        return repr(self.inputs)


def _check(inputs: Any) -> None:
    if not isinstance(inputs, list | tuple) or not inputs:
        raise InvalidValue(f"A schema is a filled list of ColSpec or TensorSpec, not {inputs!r}.")
    if {type(each) for each in inputs} not in ({ColSpec}, {TensorSpec}):
        raise InvalidValue(f"A schema holds columns or tensors, not both, nor {inputs!r}.")
    names = [each.name for each in inputs]
    if None not in names:
        if len(set(names)) < len(names):
            raise InvalidValue(f"Every name in a schema is there once; these are {names}.")
    elif set(names) != {None}:
        raise InvalidValue(f"Name all inputs of a schema or none; the names are {names}.")
    elif len(inputs) > 1 and isinstance(inputs[0], TensorSpec):
        raise InvalidValue("Several tensors need names: nothing else tells them apart.")


def _name_at(place: int, spec: ColSpec | TensorSpec) -> Label:
    return place if spec.name is None else spec.name


def _input(form: Mapping[str, Any]) -> ColSpec | TensorSpec:
    if "tensor-spec" in form:
        return TensorSpec.from_json_dict(**form)
    return ColSpec.from_json_dict(**form)
