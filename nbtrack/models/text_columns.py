"""Columns that came as JSON or CSV, as the types that the signature names.

Those formats know fewer types: a date is a text, a whole number may be written 5.0. What a text
stands for is read here; whether it fits is decided by `enforcement`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from nbtrack.errors import InputMismatch
from nbtrack.models.data_types import DataType
from nbtrack.models.schema import Schema
from nbtrack.models.specs import ColSpec


def read_columns(frame: Any, schema: Schema | None) -> Any:
    """*frame* with its texts and numbers read as the schema's types. Raises InputMismatch."""
    if schema is None or schema.is_tensor_spec():
        return frame
    if schema.has_input_names():
        frame = _with_labels_of(frame, schema)
    specs = enumerate(schema.columns())
    places = [
        (frame.columns.get_loc(spec.name) if spec.name is not None else i, spec)
        for i, spec in specs
        if (spec.name in frame.columns if spec.name is not None else i < len(frame.columns))
    ]
    changed = frame.copy(deep=False)
    for place, spec in places:
        if isinstance(place, int) and (column := _read(frame.iloc[:, place], spec)) is not None:
            changed.isetitem(place, column)
    return changed


def text_labels(schema: Schema | None) -> list[str]:
    """The columns that hold texts: in a CSV file nothing else tells 007 from 7."""
    columns = () if schema is None else schema.columns()
    texts = (DataType.string, DataType.binary, DataType.datetime)
    return [str(c.name) for c in columns if c.name is not None and c.type in texts]


def _with_labels_of(frame: Any, schema: Schema) -> Any:
    """CSV has texts for labels; a model may know its columns by number."""
    numbers = {str(n): n for n in schema.input_names() if not isinstance(n, str)}
    return frame.rename(columns=numbers) if numbers else frame


def _read(column: Any, spec: ColSpec) -> Any:
    """Another column, or None when there is nothing to read."""
    if not isinstance(spec.type, DataType) or spec.type not in _READERS:
        return None
    try:
        return _READERS[spec.type](column)
    except (ValueError, TypeError, OverflowError) as exc:
        raise InputMismatch(
            f"Column {column.name!r} cannot be read as {spec.type}: {exc}."
        ) from exc


def _integer(column: Any) -> Any:
    whole = _long(column)
    whole = column if whole is None else whole
    fits = whole.dtype == "int64" and bool(whole.between(-(1 << 31), (1 << 31) - 1).all())
    return whole.astype("int32") if fits else None


def _long(column: Any) -> Any:
    is_whole = column.dtype.kind == "f" and bool((column == column.round()).all())
    return column.astype("int64") if is_whole else None


def _float(column: Any) -> Any:
    # JSON and CSV have no shorter float; this is how the number was meant.
    return column.astype("float32") if column.dtype.kind in "iuf" else None


def _boolean(column: Any) -> Any:
    is_flag = column.dtype.kind == "i" and bool(column.isin([0, 1]).all())
    return column.astype(bool) if is_flag else None


def _binary(column: Any) -> Any:
    return column.map(lambda text: base64.b64decode(text, validate=True), na_action="ignore")


def _datetime(column: Any) -> Any:
    import pandas as pd

    return None if column.dtype.kind in "Miuf" else pd.to_datetime(column, format="ISO8601")


_READERS: dict[DataType, Callable[[Any], Any]] = {
    DataType.integer: _integer,
    DataType.long: _long,
    DataType.float: _float,
    DataType.boolean: _boolean,
    DataType.binary: _binary,
    DataType.datetime: _datetime,
}
