"""Which schema describes given data. Types and required-ness are as MLflow infers them.

Where MLflow gives up on the whole (one column it has no type for, a sparse array, a polars
frame), only that column is "any" here, and the others are typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.models.data_types import AnyType, DataType, Object, ValueType
from nbtrack.models.kinds import is_a, is_missing, is_sparse, plain_label
from nbtrack.models.param_schema import ParamSchema, ParamSpec
from nbtrack.models.schema import Schema
from nbtrack.models.specs import ColSpec, TensorSpec, tensor_dtype
from nbtrack.models.value_types import (
    MIXED,
    common_type,
    type_of,
    type_of_dtype,
)

_UNKNOWN = Schema([ColSpec(AnyType())])
_OBJECTS: dict[str, DataType] = {
    "string": DataType.string, "bytes": DataType.binary, "boolean": DataType.boolean,
    "floating": DataType.double, "mixed-integer-float": DataType.double,
    "decimal": DataType.double, "datetime": DataType.datetime, "datetime64": DataType.datetime,
    "date": DataType.datetime,
}  # fmt: skip
_POLARS: dict[str, DataType] = {
    "Boolean": DataType.boolean, "String": DataType.string, "Categorical": DataType.string,
    "Enum": DataType.string, "Binary": DataType.binary, "Date": DataType.datetime,
    "Datetime": DataType.datetime, "Float32": DataType.float, "Float64": DataType.double,
    "Decimal": DataType.double, "Int64": DataType.long, "UInt32": DataType.long,
    "Int8": DataType.integer, "Int16": DataType.integer, "Int32": DataType.integer,
    "UInt8": DataType.integer, "UInt16": DataType.integer,
}  # fmt: skip


def infer_schema(data: Any) -> Schema:
    if is_a(data, "pandas", "DataFrame"):
        return _of_frame(data)
    if is_a(data, "pandas", "Series"):
        return Schema([_column(data, name=data.name)])
    if is_a(data, "polars", "DataFrame"):
        return Schema([_polars_column(column, name=column.name) for column in data])
    if is_a(data, "polars", "Series"):
        return Schema([_polars_column(data, name=data.name or None)])
    if is_sparse(data) or (is_a(data, "numpy", "ndarray") and data.ndim):
        # MLflow writes a dtype of named fields in a form that it cannot read back.
        return _UNKNOWN if data.dtype.kind == "V" else Schema([_tensor(data)])
    if isinstance(data, Mapping):
        return _of_mapping(data)
    if isinstance(data, list):
        return _of_list(data)
    return Schema([ColSpec(type_of(data))])


def infer_params(params: Mapping[str, Any]) -> ParamSchema:
    """Raises InvalidValue, naming every parameter that is none."""
    if not isinstance(params, Mapping):
        raise InvalidValue(f"params is a dict of names and values, not {params!r}.")
    specs = {name: _param(name, value) for name, value in params.items()}
    wrong = [f"{name!r} is {params[name]!r}" for name, spec in specs.items() if spec is None]
    if wrong:
        raise InvalidValue(
            f"Failed to infer schema for parameters: {', '.join(wrong)}. A parameter of a "
            "signature is a number, text, bool, date, a dict of those, or a flat list of them."
        )
    return ParamSchema([spec for spec in specs.values() if spec is not None])


def _of_frame(frame: Any) -> Schema:
    if not len(frame.columns) or frame.columns.has_duplicates:
        return _UNKNOWN
    # For all columns at once, and a column by itself only where its dtype does not say it all:
    # a thousand of them would take a quarter of a second.
    required = (~frame.isna().any()).tolist()
    known = {dtype: _type_said_by(dtype) for dtype in set(frame.dtypes)}
    # By place: a label may mean several columns in a MultiIndex.
    types = [
        known[dtype] or _type_of_objects(frame.iloc[:, i]) for i, dtype in enumerate(frame.dtypes)
    ]
    names = map(plain_label, frame.columns)
    return Schema([ColSpec(*each) for each in zip(types, names, required)])


def _column(column: Any, *, name: Any) -> ColSpec:
    found = _type_said_by(column.dtype) or _type_of_objects(column)
    return ColSpec(found, name, required=not bool(column.isna().any()))


def _type_said_by(dtype: Any) -> ValueType | None:
    """None where the values have to be looked at."""
    if hasattr(dtype, "categories"):
        labels = dtype.categories
        return _type_said_by(labels.dtype) or _type_of_objects(labels)
    if str(dtype).startswith(("period", "interval")):
        return MIXED
    dtype = getattr(dtype, "subtype", dtype)  # of a sparse column
    dtype = getattr(dtype, "numpy_dtype", dtype)  # of nullable and Arrow numbers
    if str(dtype).startswith("str"):
        return DataType.string
    return None if dtype.kind == "O" else type_of_dtype(dtype)


def _type_of_objects(column: Any) -> ValueType:
    from pandas.api.types import infer_dtype

    kind = infer_dtype(column, skipna=True)
    if kind in _OBJECTS:
        return _OBJECTS[kind]
    return common_type(column) if kind in ("integer", "mixed") else MIXED


def _polars_column(column: Any, *, name: str | None) -> ColSpec:
    found = _POLARS.get(str(column.dtype.base_type()), AnyType())
    return ColSpec(found, name, required=column.null_count() == 0)


def _tensor(array: Any, *, name: str | None = None) -> TensorSpec:
    return TensorSpec(tensor_dtype(array.dtype), (-1, *array.shape[1:]), name)


def _of_mapping(data: Mapping[Any, Any]) -> Schema:
    if not data or not all(isinstance(name, str) for name in data):
        return _UNKNOWN
    if all(is_a(each, "numpy", "ndarray") and each.ndim for each in data.values()):
        if any(each.dtype.kind == "V" for each in data.values()):
            return _UNKNOWN
        return Schema([_tensor(array, name=name) for name, array in data.items()])
    return Schema([ColSpec(type_of(each), n, _is_whole(each)) for n, each in data.items()])


def _is_whole(value: Any) -> bool:
    """Nothing is missing in it: MLflow looks into a list, but not at the lists in it."""
    return not any(map(is_missing, value)) if isinstance(value, list) else not is_missing(value)


def _of_list(data: list[Any]) -> Schema:
    if not data:
        return Schema([ColSpec(DataType.string)])  # as MLflow has it since its first version
    if not all(isinstance(row, Mapping) for row in data):
        return Schema([ColSpec(common_type(data))])
    columns: dict[Any, list[Any]] = {}
    for row in data:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    if not columns or not all(isinstance(name, str) for name in columns):
        return _UNKNOWN
    required = {name: all(row.get(name) is not None for row in data) for name in columns}
    return Schema([ColSpec(common_type(v), name, required[name]) for name, v in columns.items()])


def _param(name: str, value: Any) -> ParamSpec | None:
    """None for what no parameter can be."""
    is_list = isinstance(value, list) or (is_a(value, "numpy", "ndarray") and value.ndim == 1)
    found = common_type(value) if is_list else type_of(value)
    if is_list and not len(value):
        found = DataType.string
    if not isinstance(found, DataType | Object) or found == DataType.binary:
        return None
    return ParamSpec(name, found, value, (-1,) if is_list else None)
