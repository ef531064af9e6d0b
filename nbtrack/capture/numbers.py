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


def _to_float(value: numbers.Real | float) -> float | None:
    try:
        return float(value)
    except (OverflowError, TypeError, ValueError):  # an int of 400 digits
        return None


def _scalar(value: object) -> float | None:
    """A numpy scalar or an array without dimensions; `item()` makes it a Python object."""
    if getattr(value, "shape", None) != () or _is_time(value):
        return None
    item = getattr(value, "item", None) or getattr(value, "numpy", None)
    if not callable(item):
        return None
    try:
        plain = item()
    except (TypeError, ValueError, RuntimeError, NotImplementedError):  # a tensor without data
        return None
    is_number = isinstance(plain, numbers.Real) and not isinstance(plain, bool)
    return _to_float(plain) if is_number and type(plain).__name__ != "bool" else None


def _is_time(value: object) -> bool:
    return getattr(getattr(value, "dtype", None), "kind", "") in ("m", "M")
