"""The values of a column of pandas or polars, as what `ValueDigest` reads."""

from __future__ import annotations

from typing import Any

from nbtrack.capture.value_digest import NUMBERS, ValueDigest


def width_of(dtype: Any) -> int | None:
    """Bytes of one value; None for what becomes Python objects."""
    if _is_arrow_text(dtype) or hasattr(dtype, "categories"):
        return 8
    numbers = getattr(dtype, "numpy_dtype", dtype)  # of nullable ones
    if hasattr(dtype, "tz") or getattr(numbers, "kind", "O") in NUMBERS:
        return int(getattr(numbers, "itemsize", 8))
    is_plain = not getattr(dtype, "hasobject", True)
    return int(dtype.itemsize) if is_plain else None


def add_column(digest: ValueDigest, column: Any) -> None:
    """Of a pandas Series. Its type is told elsewhere, but for the order of categories."""
    dtype = column.dtype
    if hasattr(dtype, "hasobject"):
        digest.add_array(column.to_numpy())
    elif hasattr(dtype, "tz"):  # as Python objects they take 7 µs a value
        digest.add_array(column.dt.tz_convert(None).to_numpy())
    elif hasattr(dtype, "categories") and hasattr(dtype, "ordered"):
        digest.add_array(column.cat.codes.to_numpy())
        digest.add_text(f"ordered {dtype.ordered} {dtype.categories.dtype}")
        add_column(digest, dtype.categories.to_series())
    elif _is_arrow_text(dtype):
        import pyarrow as pa

        digest.add_arrow_texts(pa.array(column))
    elif dtype.type is str:
        missing = column.isna().tolist()
        digest.add_texts([None if m else t for m, t in zip(missing, column.tolist())])
    elif getattr(getattr(dtype, "numpy_dtype", None), "kind", "O") in NUMBERS:
        _add_nullable(digest, column)
    else:
        digest.add_objects(column.tolist())


def add_polars_column(digest: ValueDigest, column: Any) -> None:
    kind = str(column.dtype.base_type())
    if kind in ("String", "Categorical", "Enum") and _has_arrow():
        digest.add_arrow_texts(column.cast(_polars().String).to_arrow())
    elif kind == "Boolean" or column.dtype.is_numeric() or column.dtype.is_temporal():
        values = column.to_physical() if kind != "Boolean" else column.cast(_polars().UInt8)
        if values.dtype.is_decimal():
            digest.add_objects(values.to_list())
            return
        if column.null_count():
            digest.add_array(column.is_null().to_numpy())
            values = values.fill_null(0)
        digest.add_array(values.to_numpy())
    else:
        digest.add_objects(column.to_list())


def _add_nullable(digest: ValueDigest, column: Any) -> None:
    """Numbers, and which of them are missing."""
    numbers = column.dtype.numpy_dtype
    missing = column.isna()
    if missing.any():
        digest.add_array(missing.to_numpy(dtype=bool))
        column = column.fillna(numbers.type(0).item() if numbers.kind in "biuf" else column.min())
    digest.add_array(column.to_numpy(dtype=numbers))


def _is_arrow_text(dtype: Any) -> bool:
    is_arrow = hasattr(dtype, "pyarrow_dtype") or getattr(dtype, "storage", "") == "pyarrow"
    return is_arrow and getattr(dtype, "type", None) is str


def _has_arrow() -> bool:
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def _polars() -> Any:
    import polars

    return polars
