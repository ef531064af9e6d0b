"""A number of 64 bits for each row of a table: rows that hold the same values have the same one.

For matching rows, within a process and, of frames and arrays, between processes. Numbers count by
their value as float64, so that integers and floats match. About 4 ns a value.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from nbtrack.capture.fingerprint import evenly
from nbtrack.capture.value_digest import is_sparse, tells_all

MOST_ROWS = 1_000_000
MOST_VALUES = 1 << 25  # 33 million: about 0.15 s
MOST_MIXED_COLUMNS = 1000  # of several types: each is looked at for itself
SAMPLED_ROWS, SAMPLED_VALUES = 100_000, 1 << 22  # of what is more
_IN_CACHE = 1 << 14  # values
_NUMBERS = "biuf"


class RowHashes(NamedTuple):
    hashes: Any  # an array of uint64, in the order of the rows
    total: int  # rows there are; more than hashes where some were taken

    @property
    def is_whole(self) -> bool:
        return len(self.hashes) == self.total


def row_hashes(data: Any) -> RowHashes | None:
    """None for what has no rows that can be told apart: generators, ragged lists, objects."""
    shape = getattr(data, "shape", None)
    count = int(shape[0]) if shape else len(data) if isinstance(data, list) else 0
    width = int(shape[1]) if shape is not None and len(shape) > 1 else 1
    if not count or not width or (shape is not None and len(shape) > 2):
        return None
    is_much = count > MOST_ROWS or count * width > MOST_VALUES
    rows = _some_rows(data, evenly(count, _sample_size(width))) if is_much else data
    hashes = _hashes_of(rows)
    return None if hashes is None else RowHashes(hashes, count)


def _sample_size(width: int) -> int:
    return min(SAMPLED_ROWS, max(1, SAMPLED_VALUES // width))


def _some_rows(data: Any, places: list[int]) -> Any:
    if isinstance(data, list):
        return [data[place] for place in places]
    if is_sparse(data):
        return data.tocsr()[places]
    return data.iloc[places] if hasattr(data, "iloc") else data[places]


def _hashes_of(data: Any) -> Any:
    import numpy as np

    if is_sparse(data):
        return _of_sparse(data.tocsr())
    if hasattr(data, "dtypes") and hasattr(data, "columns"):
        return _of_frame(data)
    if isinstance(data, list):
        if set(map(type, data)) == {str}:
            return np.fromiter(map(hash, data), np.int64, len(data)).view(np.uint64)
        data = _as_matrix(data)
    elif hasattr(data, "dtype") and not isinstance(data, np.ndarray):
        cells = _cells_of_column(data)
        return None if cells is None else _mixed(cells[:, None])
    if data is None or data.dtype.kind not in _NUMBERS:
        return None
    return _of_matrix(data.reshape(len(data), -1))


def _as_matrix(values: list[Any]) -> Any:
    import numpy as np

    try:
        return np.asarray(values)
    except ValueError:  # lists of unequal lengths
        return None


def _of_matrix(matrix: Any) -> Any:
    """In pieces that stay in the processor's cache, and without a new array for each step."""
    import numpy as np

    count, width = matrix.shape
    found, weights = np.empty(count, np.uint64), _weights(width)
    step = max(1, min(count, _IN_CACHE // max(width, 1)))
    numbers, high = np.empty((step, width)), np.empty((step, width), np.uint64)
    for start in range(0, count, step):
        piece = matrix[start : start + step]
        cells = np.add(piece, 0.0, out=numbers[: len(piece)]).view(np.uint64)
        _stir(cells, weights, high[: len(piece)])
        np.dot(cells, weights, out=found[start : start + step])
    return found


def _of_frame(frame: Any) -> Any:
    import numpy as np

    dtypes = list(frame.dtypes)
    if all(getattr(dtype, "kind", "O") in _NUMBERS and hasattr(dtype, "hasobject")
           for dtype in dtypes):  # fmt: skip
        return _of_matrix(frame.to_numpy())
    if len(dtypes) > MOST_MIXED_COLUMNS:
        return None
    sums = np.zeros(len(frame), np.uint64)
    for weight, place in zip(_weights(len(dtypes)), range(len(dtypes))):
        column = frame.iloc[:, place] if hasattr(frame, "iloc") else frame.to_series(place)
        cells = _cells_of_column(column)
        if cells is None:
            return None
        sums += _stirred(cells, weight) * weight
    return sums


def _of_sparse(matrix: Any) -> Any:
    """A value at its column; zeros do not count."""
    import numpy as np

    if matrix.dtype.kind not in _NUMBERS:
        return None
    matrix = matrix if matrix.has_sorted_indices else matrix.sorted_indices()
    weights = _weights(matrix.shape[1])[matrix.indices]
    parts = _stirred(_cells(matrix.data), weights) * weights
    ends = np.concatenate([np.zeros(1, np.uint64), np.cumsum(parts, dtype=np.uint64)])
    return ends[matrix.indptr[1:]] - ends[matrix.indptr[:-1]]


def _cells_of_column(column: Any) -> Any:
    """64 bits of each value of a pandas or polars column."""
    import numpy as np

    dtype = column.dtype
    if hasattr(column, "hash") and hasattr(column, "null_count"):  # polars
        is_number = dtype.is_numeric() and not column.null_count()
        return _cells(column.to_numpy()) if is_number else column.hash(0).to_numpy()
    if getattr(dtype, "kind", "O") in _NUMBERS and hasattr(dtype, "hasobject"):
        return _cells(column.to_numpy())
    import pandas as pd

    values = column.to_numpy() if getattr(dtype, "hasobject", False) else column.array
    if getattr(dtype, "hasobject", False) and not _are_plain(values):
        return None
    return np.asarray(pd.util.hash_array(values), np.uint64)


def _are_plain(values: Any) -> bool:
    """Of others, pandas would call code."""
    return all(map(tells_all, set(map(type, values.tolist()))))


def _cells(numbers: Any) -> Any:
    import numpy as np

    return (np.ascontiguousarray(numbers, np.float64) + 0.0).view(np.uint64)  # -0.0 is 0.0


def _mixed(cells: Any) -> Any:
    import numpy as np

    weights = _weights(cells.shape[1])
    return np.dot(_stirred(cells, weights), weights)


def _stirred(cells: Any, weights: Any) -> Any:
    import numpy as np

    cells = cells.copy()
    _stir(cells, weights, np.empty_like(cells))
    return cells


def _stir(cells: Any, weights: Any, high: Any) -> None:
    """In place; *high* is room to work in. The low bits of small whole numbers are all zero, so
    the high ones are brought down first."""
    import numpy as np

    np.right_shift(cells, np.uint64(32), out=high)
    np.bitwise_xor(cells, high, out=cells)
    np.multiply(cells, weights, out=cells)
    np.right_shift(cells, np.uint64(29), out=high)
    np.bitwise_xor(cells, high, out=cells)


def _weights(count: int) -> Any:
    """Odd numbers, always the same ones, by a generator of our own."""
    import numpy as np

    numbers = np.random.Generator(np.random.PCG64(20)).integers(1, 1 << 63, count, np.uint64)
    return numbers | np.uint64(1)
