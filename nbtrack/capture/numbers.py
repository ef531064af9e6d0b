"""Which values are numbers, foreign scalars included, without importing their libraries."""

from __future__ import annotations

import numbers
from enum import Enum

_ARRAY_LIBRARIES = frozenset({"numpy", "torch", "jax", "jaxlib", "tensorflow", "cupy", "mlx"})


def as_number(value: object) -> float | None:
    """*value* as a float if it is one real number (NaN and infinities are), else None.

    bool is none, nor is a time span; arrays count when they have no dimension.
    """
    if isinstance(value, float | int) and not isinstance(value, bool | Enum):
        return _to_float(value)
    library = type(value).__module__.partition(".")[0]
    if library in _ARRAY_LIBRARIES:
        return _scalar(value)
    if isinstance(value, numbers.Real) and not isinstance(value, bool | Enum):
        return _to_float(value)
    return None


def is_integer(value: object) -> bool:
    """Whether a value for which `as_number` has a number is of an integer type."""
    if isinstance(value, numbers.Integral):
        return True
    return isinstance(_item_of(value), numbers.Integral)


def _to_float(value: numbers.Real | float) -> float | None:
    try:
        return float(value)
    except (OverflowError, TypeError, ValueError):  # an int of 400 digits
        return None


def _scalar(value: object) -> float | None:
    """A numpy scalar or an array without dimensions."""
    plain = _item_of(value)
    if not isinstance(plain, numbers.Real) or isinstance(plain, bool):
        return None
    return _to_float(plain) if type(plain).__name__ != "bool" else None


def _item_of(value: object) -> object:
    """What `item()` of an array without dimensions gives: a Python object, None if it has none."""
    if type(value).__module__.partition(".")[0] not in _ARRAY_LIBRARIES:
        return None
    if getattr(value, "shape", None) != () or _is_time(value):
        return None
    item = getattr(value, "item", None) or getattr(value, "numpy", None)
    if not callable(item):
        return None
    try:
        return item()
    except (TypeError, ValueError, RuntimeError, NotImplementedError):  # a tensor without data
        return None


def _is_time(value: object) -> bool:
    return getattr(getattr(value, "dtype", None), "kind", "") in ("m", "M")
