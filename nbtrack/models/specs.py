"""One column or one tensor of what a model takes or gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from nbtrack.errors import InvalidValue, WrongType
from nbtrack.models.data_types import ValueType, as_type, type_from_dict

if TYPE_CHECKING:
    import numpy as np

# A column of a frame may have any label; JSON has texts, numbers and lists of those.
Label: TypeAlias = str | int | tuple[Any, ...]


@dataclass(frozen=True, repr=False)
class ColSpec:
    type: ValueType  # also given as a name: "double"
    name: Label | None = None
    required: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", as_type(self.type))

    @classmethod
    def from_json_dict(cls, **form: Any) -> ColSpec:
        """Raises InvalidValue."""
        # Files of MLflow 1 and 2 say "optional" instead.
        required = form.get("required", not form.get("optional", False))
        return cls(type_from_dict(form), _label(form.get("name")), bool(required))

    def to_dict(self) -> dict[str, Any]:
        named = {} if self.name is None else {"name": self.name}
        return {**self.type.to_dict(), **named, "required": self.required}

    def __str__(self) -> str:
        optional = "" if self.required else " (optional)"
        return f"{self.type}{optional}" if self.name is None else f"{self.name}: {self.type}"

    def __repr__(self) -> str:
        named = "" if self.name is None else f"{self.name!r}: "
        return f"{named}{self.type!r} ({'required' if self.required else 'optional'})"


@dataclass(frozen=True, repr=False, init=False)
class TensorSpec:
    """-1 in *shape* is any size."""

    dtype: str  # numpy's name of it; texts and bytes have no length
    shape: tuple[int, ...]
    name: str | None = None

    def __init__(
        self, type: np.dtype[Any] | str, shape: Sequence[int], name: str | None = None
    ) -> None:
        if not isinstance(shape, tuple | list):
            raise WrongType(f"The shape of a tensor is a tuple or list, not {shape!r}.")
        object.__setattr__(self, "dtype", _dtype_name(type))
        object.__setattr__(self, "shape", tuple(shape))
        object.__setattr__(self, "name", name)

    @property
    def type(self) -> np.dtype[Any]:
        import numpy as np

        return np.dtype(self.dtype)

    @property
    def required(self) -> bool:
        return True

    @classmethod
    def from_json_dict(cls, **form: Any) -> TensorSpec:
        """Raises InvalidValue."""
        spec = form.get("tensor-spec")
        if form.get("type") != "tensor" or not isinstance(spec, Mapping):
            raise InvalidValue(f"This is no tensor of a signature: {form!r}.")
        if missing := {"dtype", "shape"} - set(spec):
            raise InvalidValue(f"A tensor of the signature has no {sorted(missing)}: {form!r}.")
        return cls(spec["dtype"], tuple(spec["shape"]), form.get("name"))

    def to_dict(self) -> dict[str, Any]:
        named = {} if self.name is None else {"name": self.name}
        spec = {"dtype": self.dtype, "shape": self.shape}
        return {**named, "type": "tensor", "tensor-spec": spec}

    def __str__(self) -> str:
        text = f"{self.dtype} of shape {self.shape}"
        return text if self.name is None else f"{self.name}: {text}"

    def __repr__(self) -> str:
        named = "" if self.name is None else f"{self.name!r}: "
        return f"{named}Tensor({self.dtype!r}, {self.shape!r})"


def tensor_dtype(dtype: Any) -> str:
    """numpy's name of *dtype*; texts and bytes without their length."""
    name = str(getattr(dtype, "name", dtype))
    if name.lower().startswith(("str", "<u", ">u", "|u")):
        return "str"
    return "bytes" if name.startswith(("bytes", "|S", "S")) else name


def _dtype_name(given: Any) -> str:
    import numpy as np

    if not isinstance(given, str | np.dtype):
        raise WrongType(f"The type of a tensor is a numpy dtype, not {given!r}.")
    try:
        name = np.dtype(given).name
    except TypeError as exc:
        raise WrongType(f"{given!r} is no dtype of numpy.") from exc
    if name != (plain := tensor_dtype(name)):
        raise InvalidValue(f"Texts in tensors have no length: give np.dtype({plain!r}).")
    return name


def _label(name: Any) -> Label | None:
    return tuple(name) if isinstance(name, list) else name
