"""Schemas of datasets in MLflow's JSON form: columns with types, or tensors with shapes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# numpy's kind of a number -> MLflow's type; integers depend on their size too.
_KINDS = {"b": "boolean", "U": "string", "T": "string", "S": "binary", "M": "datetime"}
_POLARS = {
    "Boolean": "boolean", "String": "string", "Categorical": "string", "Enum": "string",
    "Binary": "binary", "Date": "datetime", "Datetime": "datetime", "Float32": "float",
    "Float64": "double", "Decimal": "double", "Int64": "long", "UInt32": "long",
    "Int8": "integer", "Int16": "integer", "Int32": "integer", "UInt8": "integer",
    "UInt16": "integer",
}  # fmt: skip
_LOOKED_AT = 100

_Arrays = Mapping[str | None, Any]  # a single array has the name None


def columns_schema_pandas(frame: Any, *, is_whole: bool) -> dict[str, Any]:
    """`required` means that no value is missing. Unless *is_whole* nobody looked at all values,
    and only columns that cannot hold a missing one count as required."""
    # By place: two columns may have one name.
    types = [_pandas_type(dtype, frame, place=i) for i, dtype in enumerate(frame.dtypes)]
    if is_whole:
        required = (~frame.isna().any()).tolist()
    else:
        required = [_cannot_miss(dtype) for dtype in frame.dtypes]
    return {"mlflow_colspec": list(map(_column, frame.columns, types, required))}


def columns_schema_polars(frame: Any) -> dict[str, Any]:
    columns = [
        _column(name, _POLARS.get(str(dtype.base_type()), "any"), nulls == 0)
        for name, dtype, nulls in zip(frame.columns, frame.dtypes, frame.null_count().row(0))
    ]
    return {"mlflow_colspec": columns}


def tensors_schema(
    features: Mapping[str | None, Any], targets: Mapping[str | None, Any] | None
) -> dict[str, Any]:
    """MLflow keeps each of the two as a JSON text within the JSON."""
    return {
        "mlflow_tensorspec": {
            "features": _tensors(features),
            "targets": None if targets is None else _tensors(targets),
        }
    }


def _column(name: object, kind: str, is_required: bool) -> dict[str, Any]:
    return {"type": kind, "name": str(name), "required": is_required}


def _pandas_type(dtype: Any, frame: Any, *, place: int) -> str:
    dtype = getattr(dtype, "subtype", dtype)  # of a sparse column
    dtype = getattr(dtype, "numpy_dtype", dtype)  # of nullable numbers
    if str(dtype).startswith(("str", "category")):
        return "string"
    if dtype.kind == "O":
        return _type_of_objects(frame.iloc[:_LOOKED_AT, place])
    return _type_of_kind(dtype.kind, dtype.itemsize)


def _type_of_kind(kind: str, size: int) -> str:
    if kind == "f":
        return "float" if size <= 4 else "double"
    if kind in "iu":
        fits_32_bits = size < 4 or (size == 4 and kind == "i")
        return "integer" if fits_32_bits else "long"
    return _KINDS.get(kind, "any")


def _type_of_objects(column: Any) -> str:
    found = {type(value) for value in column.dropna()}
    names = {str: "string", bytes: "binary", bool: "boolean", int: "long", float: "double"}
    return names.get(found.pop(), "any") if len(found) == 1 else "any"


def _cannot_miss(dtype: Any) -> bool:
    return getattr(dtype, "kind", "O") in "biu" and not hasattr(dtype, "na_value")


def _tensors(arrays: _Arrays) -> str:
    return json.dumps([_tensor(name, array) for name, array in arrays.items()])


def _tensor(name: str | None, array: Any) -> dict[str, Any]:
    spec = {"dtype": str(array.dtype), "shape": [-1, *array.shape[1:]]}
    named = {} if name is None else {"name": name}
    return {**named, "type": "tensor", "tensor-spec": spec}
