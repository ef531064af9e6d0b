"""One column brought into the type of the signature, where no value changes by it."""

from __future__ import annotations

from typing import Any

from nbtrack.errors import InputMismatch
from nbtrack.models.data_types import AnyType, DataType, ValueType
from nbtrack.models.kinds import is_missing
from nbtrack.models.nested_types import problem_of
from nbtrack.models.specs import ColSpec

_NUMPY = {
    DataType.integer: "int32", DataType.long: "int64",
    DataType.float: "float32", DataType.double: "float64",
}  # fmt: skip
# The largest whole numbers up to which a float holds every one.
_EXACT = {DataType.float: 1 << 24, DataType.double: 1 << 53}
_TEXTS = ("string", "empty")
_TIMES = ("datetime64", "datetime", "date", "empty")


def is_as_wanted(dtype: Any, wanted: ValueType) -> bool:
    """Whether a column of *dtype* surely is what the signature names; False leaves it open."""
    return isinstance(wanted, DataType) and str(dtype) == _NUMPY.get(wanted)


def as_column(column: Any, spec: ColSpec) -> Any:
    """*column* in another type, or None when it can stay as it is. Raises InputMismatch."""
    if isinstance(spec.type, AnyType):
        return None
    if not isinstance(spec.type, DataType):
        return _check_nested(column, spec.type)
    if hasattr(column.dtype, "categories"):
        return _check_categories(column, spec.type)
    if spec.type in _NUMPY:
        return _as_numbers(column, spec.type)
    check = {
        DataType.string: _is_text,
        DataType.binary: _is_binary,
        DataType.boolean: _is_boolean,
        DataType.datetime: _is_time,
    }[spec.type]
    if not check(column):
        raise _mismatch(column, spec.type)
    return _out_of_objects(column, spec.type) if column.dtype.kind == "O" else None


def _check_categories(column: Any, wanted: DataType) -> None:
    """They stay what they are: a model that was given categories knows what to do with them."""
    try:
        as_column(column.dtype.categories.to_series(), ColSpec(wanted))
    except InputMismatch as exc:
        raise _mismatch(column, wanted) from exc


def _as_numbers(given: Any, wanted: DataType) -> Any:
    if not len(given):
        return given.astype(_NUMPY[wanted])
    column = _unboxed(given, wanted)
    dtype = getattr(column.dtype, "subtype", column.dtype)  # of a sparse column
    source = getattr(dtype, "numpy_dtype", dtype)
    if source == _NUMPY[wanted]:
        return None if column is given else column
    if getattr(source, "kind", "O") not in "iuf" or not _fits(column, source, wanted):
        raise _mismatch(given, wanted)
    # numpy has no whole number that is missing; pandas has.
    has_gaps = wanted not in _EXACT and source is not dtype and bool(column.isna().any())
    return column.astype(_NUMPY[wanted].capitalize() if has_gaps else _NUMPY[wanted])


def _fits(column: Any, source: Any, wanted: DataType) -> bool:
    """Whether each value stays what it is."""
    import numpy as np

    if source.kind in "iu" and wanted in _EXACT and source.itemsize >= 4:
        # numpy calls every int64 safe as float64, and no int32 as float32.
        return _largest(column) <= _EXACT[wanted]
    return bool(np.can_cast(source, _NUMPY[wanted]))


def _largest(column: Any) -> int:
    known = column.dropna()
    return max(abs(int(known.min())), abs(int(known.max()))) if len(known) else 0


def _unboxed(column: Any, wanted: DataType) -> Any:
    """Python objects as the numbers they are: None becomes NaN, a Decimal the nearest float."""
    if column.dtype.kind != "O":
        return column
    kind = _kind(column)
    if kind in ("decimal", "mixed-integer-float", "floating", "empty"):
        return column.astype("float64")
    return column.infer_objects() if kind != "integer" else _plain_integers(column, wanted)


def _plain_integers(column: Any, wanted: DataType) -> Any:
    """In 32 bits if that is wanted and enough: Python has one kind of int."""
    import pandas as pd

    try:
        whole = pd.Series(pd.array(column, dtype="Int64"), column.index, name=column.name)
    except (OverflowError, TypeError, ValueError):  # beyond 64 bits
        return column
    is_small = wanted == DataType.integer and _largest(whole) < 1 << 31
    plain: Any = whole.astype("Int32") if is_small else whole
    return plain if bool(plain.isna().any()) else plain.astype(plain.dtype.numpy_dtype)


def _is_text(column: Any) -> bool:
    dtype = column.dtype
    if dtype.kind == "O":
        return (kind := _kind(column)) in _TEXTS or (kind == "mixed" and _is_lists_of_texts(column))
    return str(dtype).startswith("str") or dtype.kind in "UT"


def _is_lists_of_texts(column: Any) -> bool:
    """MLflow takes them for texts, and there are models that are given them."""
    known = column.dropna()
    inner = (each if isinstance(each, list) else [each] for each in known)
    return all(isinstance(text, str) for texts in inner for text in texts)


def _is_binary(column: Any) -> bool:
    if column.dtype.kind == "S" or (kind := _kind(column)) in ("bytes", "empty"):
        return True
    known = (bytes, bytearray)
    return kind == "mixed" and all(isinstance(v, known) or is_missing(v) for v in column)


def _is_boolean(column: Any) -> bool:
    return column.dtype.kind == "b" or _kind(column) in ("boolean", "empty")


def _is_time(column: Any) -> bool:
    return column.dtype.kind == "M" or _kind(column) in _TIMES


def _out_of_objects(column: Any, wanted: DataType) -> Any:
    """Texts and bytes stay objects, and so do truth values of which some are missing."""
    if wanted == DataType.datetime:
        return _as_times(column)
    return column.infer_objects() if wanted == DataType.boolean else None


def _as_times(column: Any) -> Any:
    import pandas as pd

    try:
        return pd.to_datetime(column)
    except (ValueError, TypeError):  # of several time zones: they stay as they are
        return None


def _check_nested(column: Any, wanted: ValueType) -> None:
    for value in column:
        if (problem := problem_of(value, wanted)) is not None:
            raise InputMismatch(f"Column {column.name!r} takes {wanted}, but {problem}.")


def _kind(column: Any) -> str:
    from pandas.api.types import infer_dtype

    return str(infer_dtype(column, skipna=True))


def _mismatch(column: Any, wanted: DataType) -> InputMismatch:
    found = _kind(column) if column.dtype.kind == "O" else str(column.dtype)
    return InputMismatch(
        f"Column {column.name!r} is {found}, which cannot become {wanted} without changing values."
        + _hint(column, wanted)
    )


def _hint(column: Any, wanted: DataType) -> str:
    if column.dtype.kind != "f" or wanted not in (DataType.integer, DataType.long):
        return ""
    known = column.dropna()
    if len(known) == len(column) or not bool((known == known.round()).all()):
        return ""
    return (
        " Hint: the type mismatch is likely caused by missing values. The others are whole, and "
        "pandas keeps them as floats for that; infer the signature from data with missing values, "
        "or declare the column a double."
    )
