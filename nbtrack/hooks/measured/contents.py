"""Digests that tell whether two lists, arrays or columns hold the same values.

The same numbers have the same digest whatever holds them: an array of int32, a list, a column of
floats. For use inside of one process: Python's own hash, which is fast, is another one in each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from nbtrack.base.imported import is_instance

MOST_NUMBERS = 1 << 15  # hashed whole, 0.1 ms; of more, rows at evenly spaced places
MOST_TEXTS = 1 << 13
SAMPLED_ROWS = 1 << 12
MOST_COLUMNS = 20  # what is wider is no prediction, but transformed data

_Text = (str, bytes)


class _Rows(NamedTuple):
    array: Any  # all rows, or some of them if they are many
    total: int  # of all


def digests_of(result: Any) -> Iterator[int]:
    """Of an array as a whole, and of each of its columns if they are few."""
    rows = _rows_of(result)
    if rows is None:
        return
    parts = [rows.array]
    if rows.array.ndim == 2 and rows.array.shape[1] > 1:
        parts.extend(rows.array.T)
    for part in parts:
        if (digest := _digest(part, rows.total)) is not None:
            yield digest


def digest_of(value: Any) -> int | None:
    """None if *value* is no list of numbers or texts, or holds one value only.

    A constant is no evidence: any model, and any baseline, may predict it.
    """
    rows = _rows_of(value)
    return None if rows is None else _digest(rows.array, rows.total)


def _rows_of(value: Any) -> _Rows | None:
    import numpy as np

    value = _of_tensor(value)
    if not isinstance(value, list | tuple | np.ndarray) and not _is_table(value):
        return None
    count = len(value) if getattr(value, "ndim", 1) else 0
    if count < 2 or _width(value) > MOST_COLUMNS:
        return None
    array = _as_array(_sampled(value, count))
    if array is None or array.ndim > 2 or array.size < 2:
        return None
    return _Rows(array, count)


def _of_tensor(value: Any) -> Any:
    """The array that a tensor of torch holds; what is none, as it is."""
    if not is_instance(value, "torch", "Tensor"):
        return value
    tensor = value.detach().cpu()
    return (tensor.double() if tensor.is_floating_point() else tensor).numpy()


def _is_table(value: Any) -> bool:
    """A pandas or polars column, or a frame with columns of one type, that is cheap to convert."""
    if not hasattr(value, "to_numpy") or not hasattr(value, "shape"):
        return False
    return len(value.shape) == 1 or len(set(value.dtypes)) == 1


def _width(value: Any) -> int:
    if hasattr(value, "shape"):
        return int(value.shape[1]) if len(value.shape) == 2 else 1
    return len(value[0]) if isinstance(value[0], list | tuple) else 1


def _sampled(value: Any, count: int) -> Any:
    # Which rows are taken depends on their number only, not on the columns or the type: a list
    # made from an array is sampled at the same places. Texts take longer, so they count more.
    import numpy as np

    most = MOST_TEXTS if _holds_texts(value) else MOST_NUMBERS
    if count <= most:
        return value
    places = np.linspace(0, count - 1, SAMPLED_ROWS).astype(np.intp)
    if isinstance(value, list | tuple):
        return [value[place] for place in places]
    return value.iloc[places] if hasattr(value, "iloc") else value[places]


def _holds_texts(value: Any) -> bool:
    first = (value.iloc if hasattr(value, "iloc") else value)[0]
    return isinstance(first, _Text)


def _as_array(value: Any) -> Any:
    import numpy as np

    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, list | tuple):
        return _array_of(value, dtype=object if isinstance(value[0], _Text) else None)
    return value.to_numpy()


def _array_of(values: Any, *, dtype: Any = None) -> Any:
    import numpy as np

    try:
        return np.asarray(values, dtype=dtype)
    except ValueError:  # lists of unequal lengths
        return None


def _digest(array: Any, count: int) -> int | None:
    import numpy as np

    if array.dtype.kind in "OUST":
        values = array.ravel().tolist()
        if isinstance(values[0], _Text):
            return _digest_texts(values, count)
        array = _array_of(values)
    if array is None or array.dtype.kind not in "biuf":
        return None
    numbers = np.ascontiguousarray(array, dtype=np.float64).ravel()
    return hash((count, numbers.tobytes())) if (numbers != numbers[0]).any() else None


def _digest_texts(values: list[Any], count: int) -> int | None:
    try:
        return hash((count, *values)) if len(set(values)) > 1 else None
    except TypeError:  # something among them has no hash
        return None
