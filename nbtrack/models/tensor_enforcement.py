"""Arrays for a prediction, checked against the shapes and dtypes of the signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbtrack.errors import InputMismatch
from nbtrack.models.kinds import is_a, is_sparse
from nbtrack.models.schema import Schema
from nbtrack.models.specs import TensorSpec, tensor_dtype

_TABLES = ("DataFrame", "Series")
EXACT_IN_FLOAT64 = 1 << 53  # up to here a float holds every whole number


def enforce_tensors(data: Any, schema: Schema) -> Any:
    """An array, or a dict of arrays if the tensors have names. Raises InputMismatch."""
    tensors = schema.tensors()
    if schema.has_input_names():
        return _named(data, tensors)
    return as_tensor(data, tensors[0])


def as_tensor(data: Any, spec: TensorSpec) -> Any:
    array = data if is_sparse(data) else _as_array(data, spec)
    if _may_be_ragged(array, spec):
        return array
    what = f"Input {spec.name!r}" if spec.name else "The data"
    if not _has_shape(array.shape, spec.shape):
        raise InputMismatch(
            f"{what} has the shape {tuple(array.shape)}, the model takes {spec.shape} "
            "(-1 is any number)."
        )
    if tensor_dtype(array.dtype) == spec.dtype:
        return array
    if not _is_safe(array, spec.dtype):
        raise InputMismatch(
            f"{what} is {array.dtype}, which cannot become {spec.dtype} without changing values."
        )
    return array.astype(spec.dtype)


def _named(data: Any, tensors: tuple[TensorSpec, ...]) -> dict[str, Any]:
    if is_a(data, "pandas", "DataFrame"):
        data = {
            spec.name: _of_column(data[spec.name], spec) for spec in tensors if spec.name in data
        }
    names = [str(each.name) for each in tensors]
    if len(names) == 1 and not isinstance(data, Mapping):
        data = {names[0]: data}  # there is no other that it could be
    if not isinstance(data, Mapping):
        raise InputMismatch(
            f"The model takes a dict of arrays with the names {', '.join(map(repr, names))}, "
            f"not {type(data).__name__}."
        )
    if missing := [name for name in names if name not in data]:
        raise InputMismatch(f"The data lacks {', '.join(map(repr, missing))}.")
    return {name: as_tensor(data[name], spec) for name, spec in zip(names, tensors)}


def _of_column(column: Any, spec: TensorSpec) -> Any:
    """A column holds each row's number, or its tensor as a flat list, in the types of Python."""
    import numpy as np

    is_boxed = column.dtype.kind == "O"
    try:
        found = np.asarray(column.tolist()) if is_boxed else column.to_numpy()
        if found.ndim < len(spec.shape) and -1 not in spec.shape[1:]:
            # A row stays a row: two of one number each are not one of two.
            found = found.reshape((len(column), *spec.shape[1:]))
        cast = found.astype(spec.dtype)
    except (ValueError, TypeError) as exc:
        raise InputMismatch(f"Column {spec.name!r} makes no array, {spec}: {exc}.") from exc
    if is_boxed and found.dtype.kind == cast.dtype.kind == "f" and not _are_arrays(column):
        return cast  # Python has one kind of float, which says nothing of the width
    return cast if found.dtype.kind in "iu" and bool((cast == found).all()) else found


def _are_arrays(column: Any) -> bool:
    return any(hasattr(each, "dtype") for each in column)


def _as_array(data: Any, spec: TensorSpec) -> Any:
    import numpy as np

    if any(is_a(data, lib, kind) for lib in ("pandas", "polars") for kind in _TABLES):
        array = data.to_numpy()
    else:
        array = data if isinstance(data, np.ndarray) else _from_lists(data, spec)
    # A frame of one column stands for a vector.
    return array[:, 0] if len(spec.shape) == 1 and array.shape[1:] == (1,) else array


def _from_lists(data: Any, spec: TensorSpec) -> Any:
    import numpy as np

    if not isinstance(data, list | tuple):
        raise InputMismatch(f"The model takes an array ({spec}), not {type(data).__name__}.")
    try:
        return np.asarray(data)
    except ValueError as exc:
        raise InputMismatch(f"The lists make no array ({exc}); the model takes {spec}.") from exc


def _may_be_ragged(array: Any, spec: TensorSpec) -> bool:
    """An array of arrays, of which numpy knows the length alone."""
    if spec.shape == (-1,) and spec.dtype == "object":
        return True
    is_boxed = array.ndim == 1 and array.dtype.kind == "O"
    return is_boxed and len(spec.shape) > 1 and -1 in spec.shape[1:]


def _has_shape(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return len(shape) == len(wanted) and all(w in (-1, n) for n, w in zip(shape, wanted))


def _is_safe(array: Any, wanted: str) -> bool:
    import numpy as np

    source = array.dtype
    if wanted == "str" and source.kind in "OT":
        return all(isinstance(text, str) for text in array.flat)
    try:
        is_castable = source.kind in "iufc" and bool(np.can_cast(source, wanted))
    except TypeError:  # a dtype of another library
        return False
    if is_castable and source.kind in "iu" and source.itemsize == 8 and wanted == "float64":
        # numpy calls every int64 safe as float64.
        return not array.size or abs(array).max() <= EXACT_IN_FLOAT64
    return is_castable
