"""The value of a parameter of `predict`, brought into the type that the signature names."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nbtrack.errors import InputMismatch
from nbtrack.models.data_types import DataType, Object
from nbtrack.models.nested_types import problem_of


def as_param(
    value: Any, dtype: DataType | Object, shape: tuple[int, ...] | None, *, name: str
) -> Any:
    """*value* as plain Python has it; with a *shape* it is a list. Raises InputMismatch."""
    if shape is None:
        return _as_one(value, dtype, name)
    plain = value.tolist() if getattr(value, "ndim", 0) == 1 else value
    if not isinstance(plain, list | tuple):
        raise InputMismatch(f"Parameter {name!r} is {value!r}; it takes a flat list.")
    return [_as_one(each, dtype, name) for each in plain]


def _as_one(value: Any, dtype: DataType | Object, name: str) -> Any:
    if value is None:  # not set; what that means is up to the model
        return None
    found = _as_time(value) if dtype == DataType.datetime else value
    plain = found.tolist() if hasattr(found, "tolist") else found
    if (problem := problem_of(plain, dtype, where="it")) is not None:
        raise InputMismatch(f"Parameter {name!r} takes {dtype}, but {problem}.")
    return float(plain) if dtype in (DataType.float, DataType.double) else plain


def _as_time(value: Any) -> Any:
    """JSON has times as texts. What is no time stays as it is, and is refused as such."""
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime()
    if hasattr(value, "astype") and value.dtype.kind == "M":
        fine = str(value.dtype) in ("datetime64[ns]", "datetime64[ps]")
        return value.astype("datetime64[us]").item() if fine else value.item()
    if not isinstance(value, str):
        return value
    try:
        is_date = len(value) == len("2024-01-31")
        return dt.date.fromisoformat(value) if is_date else dt.datetime.fromisoformat(value)
    except ValueError:
        return value
