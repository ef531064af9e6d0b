"""Arrays, frames and what they hold as JSON values; a missing number is null."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.models.kinds import is_a, is_missing, is_sparse


def json_text(value: Any) -> str:
    """Raises InvalidValue for what JSON has no form for."""
    plain = as_plain(value)
    try:
        try:
            return json.dumps(plain, default=_plain_object, allow_nan=False)
        except ValueError:
            # NaN and Infinity are no JSON. Looking for them first would take longer than writing.
            return json.dumps(_without_nan(plain), default=_plain_object, allow_nan=False)
    except (TypeError, RecursionError) as exc:
        raise InvalidValue(f"A {type(value).__name__} cannot be written as JSON: {exc}.") from exc


def as_plain(value: Any) -> Any:
    """Lists and dicts for arrays and frames: a frame is a list of its rows, as dicts."""
    if is_a(value, "pandas", "DataFrame"):
        labels = [label if isinstance(label, str) else str(label) for label in value.columns]
        return [dict(zip(labels, row)) for row in rows_of(value)]
    if is_a(value, "pandas", "Series"):
        return as_plain(value.to_frame())
    if is_a(value, "polars", "DataFrame"):
        return value.to_dicts()
    if is_a(value, "polars", "Series"):
        return value.to_list()
    if is_sparse(value):
        return value.toarray().tolist()
    if is_a(value, "numpy", "ndarray"):
        return _plain_array(value)
    return value


def rows_of(frame: Any) -> list[list[Any]]:
    """The rows of a pandas frame, with values that JSON has."""
    columns = [_plain_column(frame.iloc[:, i]) for i in range(len(frame.columns))]
    return [list(row) for row in zip(*columns)]


def _plain_column(column: Any) -> list[Any]:
    return [None if is_missing(value) else value for value in column.tolist()]


def _plain_array(array: Any) -> Any:
    if array.dtype.kind in "Mm":
        return array.astype("datetime64[us]" if array.dtype.kind == "M" else str).tolist()
    return array.tolist()


def _plain_object(value: Any) -> Any:
    """What the JSON encoder does not know."""
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if is_missing(value):
        return None
    plain = as_plain(value)
    if plain is not value:
        return plain
    if hasattr(value, "item") or hasattr(value, "tolist"):
        return value.tolist() if hasattr(value, "tolist") else value.item()
    if isinstance(value, Mapping):
        return dict(value)
    if is_a(value, "pydantic", "BaseModel"):
        return value.model_dump()
    if isinstance(value, set | frozenset):
        return list(value)
    raise TypeError(f"it holds a {type(value).__name__}")


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {name: _without_nan(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    if isinstance(value, str | bytes | int | None):
        return value
    try:
        return _without_nan(_plain_object(value))
    except TypeError:
        return value
