"""Whatever holds rows, as a frame of pandas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from nbtrack.errors import InputMismatch
from nbtrack.models.data_types import AnyType, Array, ValueType
from nbtrack.models.kinds import is_a, is_sparse
from nbtrack.models.schema import Schema

_POLARS_NUMBERS = {
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)), "Float32", "Float64",
}  # fmt: skip


def as_frame(data: Any, schema: Schema) -> Any:
    """*data* with the columns that it has; *schema* says what a list stands for.

    Raises InputMismatch.
    """
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, pd.Series):
        return _labelled(data.to_frame(), schema) if data.name is None else data.to_frame()
    if is_a(data, "polars", "DataFrame") or is_a(data, "polars", "Series"):
        return of_polars(data)
    if is_sparse(data):
        raise InputMismatch(f"A sparse matrix has no columns; the model takes {schema}.")
    try:
        return _of_lists(data, schema)
    except (ValueError, TypeError) as exc:
        raise InputMismatch(f"The data makes no table ({exc}); the model takes {schema}.") from exc


def of_polars(data: Any) -> Any:
    """Not by to_pandas(), which needs pyarrow."""
    import pandas as pd

    frame = data if is_a(data, "polars", "DataFrame") else data.to_frame()
    return pd.DataFrame({column.name: _polars_column(column) for column in frame})


def _polars_column(column: Any) -> Any:
    import pandas as pd

    dtype = column.dtype
    is_number = dtype.is_numeric() and str(dtype) in _POLARS_NUMBERS
    if is_number and dtype.is_integer() and column.null_count():
        return pd.array(column.to_list(), dtype=str(dtype))  # called alike in both
    if is_number:
        return column.to_numpy()
    return pd.Series(column.to_list(), dtype=None if dtype.is_temporal() else object)


def _of_lists(data: Any, schema: Schema) -> Any:
    import pandas as pd

    if isinstance(data, Mapping):
        plain = {name: _unwrapped(value) for name, value in data.items()}
        return pd.DataFrame([plain] if _is_row(plain, schema) else plain)
    if _takes_one_array(schema) and isinstance(data, list):
        return pd.DataFrame({0: data})
    if isinstance(data, list) and not data:
        return pd.DataFrame(columns=schema.input_names())
    frame = pd.DataFrame(data if _is_many(data) else [_unwrapped(data)])
    return frame if _depth(data) > 1 or _holds_rows(data) else _labelled(frame, schema)


def _labelled(frame: Any, schema: Schema) -> Any:
    """Values without a label are those of the only column that there is."""
    is_only_one = len(schema) == 1 and schema.has_input_names() and len(frame.columns) == 1
    return frame.set_axis(schema.input_names(), axis=1) if is_only_one else frame


def _holds_rows(data: Any) -> bool:
    return _is_many(data) and any(isinstance(row, Mapping) for row in _first_of(data))


def _unwrapped(value: Any) -> Any:
    """The value in an array without dimensions."""
    return value[()] if getattr(value, "ndim", None) == 0 else value


def _takes_one_array(schema: Schema) -> bool:
    return not schema.has_input_names() and [type(c.type) for c in schema.columns()] == [Array]


def _is_row(data: Mapping[Any, Any], schema: Schema) -> bool:
    """Whether each value is what a column of that name holds in one row, and no whole column."""
    types = {each.name: each.type for each in schema.columns()}
    votes = [_votes_for_row(value, types.get(name)) for name, value in data.items()]
    if False in votes:
        return False
    return True in votes or len({len(value) for value in data.values()}) > 1


def _votes_for_row(value: Any, wanted: ValueType | None) -> bool | None:
    """None where it could be either."""
    depth = _depth(value)
    if not depth:
        return True
    if isinstance(wanted, AnyType):
        return None
    return depth <= _nesting(wanted)


def _depth(value: Any) -> int:
    if not _is_many(value):
        return 0
    if hasattr(value, "ndim") and value.dtype.kind != "O":
        return int(value.ndim)
    return 1 + max((_depth(each) for each in _first_of(value)), default=0)


def _first_of(value: Any) -> Iterator[Any]:
    return islice(iter(value), 100)  # the others are alike


def _nesting(wanted: ValueType | None) -> int:
    return 1 + _nesting(wanted.dtype) if isinstance(wanted, Array) else 0


def _is_many(value: Any) -> bool:
    return isinstance(value, list | tuple) or bool(getattr(value, "ndim", 0))
