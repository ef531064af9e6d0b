"""The parameters of `predict` in a signature: their types and defaults."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nbtrack.errors import InvalidValue, WrongType
from nbtrack.models.data_types import DataType, Object, as_type, type_from_dict
from nbtrack.models.json_forms import forms_in
from nbtrack.models.param_values import as_param


@dataclass(frozen=True, repr=False)
class ParamSpec:
    """*shape* is None for a single value, (-1,) for a list."""

    name: str
    dtype: DataType | Object  # also given as a name
    default: Any
    shape: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        shape = None if self.shape is None else tuple(self.shape)
        if shape not in (None, (-1,)):
            raise InvalidValue(f"Parameter {self.name!r} is one value or (-1,), not {shape}.")
        found = _param_type(self.dtype, self.name)
        object.__setattr__(self, "name", str(self.name))
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "dtype", found)
        default = as_param(self.default, found, shape, name=self.name)
        object.__setattr__(self, "default", default)

    @classmethod
    def from_json_dict(cls, **form: Any) -> ParamSpec:
        """Raises InvalidValue."""
        # "dtype" in files of MLflow before 2.9
        named = {**form, "type": form.get("type", form.get("dtype"))}
        if missing := [key for key in ("name", "type", "default") if named.get(key, ...) is ...]:
            raise InvalidValue(f"A parameter in a signature has no {missing}: {form!r}.")
        found = type_from_dict(named)
        if not isinstance(found, DataType | Object):
            raise InvalidValue(f"Parameter {form['name']!r} of the signature has no known type.")
        return cls(form["name"], found, form["default"], form.get("shape"))

    def to_dict(self) -> dict[str, Any]:
        default = self.default
        if self.dtype == DataType.datetime:
            default = [_as_text(v) for v in default] if self.shape else _as_text(default)
        return {"name": self.name, "default": default, "shape": self.shape, **self.dtype.to_dict()}

    def __repr__(self) -> str:
        shape = "" if self.shape is None else f" (shape: {self.shape})"
        return f"{self.name!r}: {self.dtype!r} (default: {self.default}){shape}"


@dataclass(frozen=True, repr=False, init=False)
class ParamSchema:
    params: list[ParamSpec]

    def __init__(self, params: Sequence[ParamSpec]) -> None:
        if not all(isinstance(each, ParamSpec) for each in params):
            raise InvalidValue(f"A ParamSchema is a list of ParamSpec, not {params!r}.")
        names = [each.name for each in params]
        if len(set(names)) < len(names):
            raise InvalidValue(f"Every parameter is there once; these are {names}.")
        object.__setattr__(self, "params", list(params))

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
        """Raises InvalidValue."""
        return cls([ParamSpec.from_json_dict(**form) for form in forms_in(text)])

    def __repr__(self) -> str:
        return repr(self.params)


def _param_type(given: Any, name: str) -> DataType | Object:
    found = as_type(given)
    if not isinstance(found, DataType | Object):
        raise WrongType(f"Parameter {name!r} is of a plain type or an Object, not {found}.")
    if found == DataType.binary:
        raise InvalidValue(f"Parameter {name!r} is binary, which a parameter cannot be.")
    return found


def _as_text(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
