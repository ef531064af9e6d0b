"""A short digest of what is in a dataset, at a bounded cost and without copying it.

A small dataset is hashed whole. Of a larger one the rows at evenly spaced places are hashed,
the first and the last among them; shape, column names and types always count in full. The
bounds are sizes, not times, so that the same data has the same digest on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

MAX_BYTES = 2 << 20  # of plain numbers; about 3 ms
MAX_CELLS = 10_000  # of Python objects, strings among them; about 5 ms
MAX_SAMPLED_ROWS = 4096
MAX_LONG_ROWS = 16  # of which only a part is read
MAX_TEXT = 1024  # characters of one cell; of a longer one both ends are read

DIGEST_LENGTH = 16


class Fingerprint(NamedTuple):
    digest: str  # 16 hexadecimal digits
    hashed_rows: int  # how many rows were looked at


def fingerprint_pandas(frame: Any) -> Fingerprint:
    dtypes = list(frame.dtypes)
    types = list(map(str, dtypes))
    rows = rows_to_hash(len(frame), widths=[*map(_width, dtypes), _index_width(frame.index)])
    part = frame if len(rows) == len(frame) else frame.iloc[rows]
    places: dict[str, list[int]] = {}
    for place, name in enumerate(types):
        places.setdefault(name, []).append(place)
    # One array for each type, not for each column: 100,000 columns would take seconds.
    arrays = (_values(part.iloc[:, each]) for each in places.values())
    header = f"{frame.shape} {types} {frame.columns.tolist()!r}"
    return Fingerprint(_digest(header, chain([part.index.to_numpy()], arrays)), len(rows))


def fingerprint_polars(frame: Any) -> Fingerprint:
    widths = [8 if dtype.is_numeric() or dtype.is_temporal() else None for dtype in frame.dtypes]
    rows = rows_to_hash(frame.height, widths=widths)
    part = frame if len(rows) == frame.height else frame[list(rows)]
    header = f"{frame.shape} {frame.dtypes} {frame.columns!r}"
    return Fingerprint(_digest(header, [column.to_numpy() for column in part]), len(rows))


def fingerprint_arrays(arrays: Mapping[str, Any]) -> Fingerprint:
    """Of named arrays or sparse matrices; *hashed_rows* is that of the first one."""
    digests, hashed = [], [0]
    for name, array in arrays.items():
        kind = getattr(array, "format", "dense")
        state = _new_hash(f"{name} {kind} {array.shape} {array.dtype}")
        hashed.append(_add_matrix(state, array))
        digests.append(state.hexdigest())
    return Fingerprint(_digest(" ".join(digests), []), hashed[1] if digests else 0)


def rows_to_hash(count: int, *, widths: Sequence[int | None]) -> Sequence[int]:
    """Which of *count* rows to look at; *widths* are bytes per column, None for objects."""
    objects = sum(width is None for width in widths)
    width = sum(width for width in widths if width is not None)
    fitting = min(MAX_BYTES // max(width, 1), MAX_CELLS // max(objects, 1))
    return range(count) if count <= fitting else evenly(count, min(fitting, MAX_SAMPLED_ROWS))


def evenly(count: int, wanted: int) -> list[int]:
    """Places among *count*, the first and the last included: *wanted*, but at least two."""
    wanted = min(max(wanted, 2), count)
    return [i * (count - 1) // (wanted - 1) for i in range(wanted)] if wanted > 1 else [0] * wanted


def _width(dtype: Any) -> int | None:
    """Bytes of one value; None for what becomes Python objects."""
    is_plain = not getattr(dtype, "hasobject", True) or hasattr(dtype, "tz")
    return int(dtype.itemsize) if is_plain else None


def _index_width(index: Any) -> int | None:
    return None if index.nlevels > 1 else _width(index.dtype)


def _values(frame: Any) -> Any:
    """The columns of a frame that has one type only."""
    dtype = frame.dtypes.iloc[0]
    if hasattr(dtype, "tz"):  # as Python objects they take 7 µs a value
        return frame.apply(lambda column: column.dt.tz_convert(None)).to_numpy()
    return frame.to_numpy()


def _digest(header: str, arrays: Iterable[Any]) -> str:
    state = _new_hash(header)
    for array in arrays:
        _add(state, array)
    return str(state.hexdigest()[:DIGEST_LENGTH])


def _new_hash(header: str) -> Any:
    from hashlib import sha256

    return sha256(header.encode("utf-8", "backslashreplace"))


def _add_matrix(state: Any, matrix: Any) -> int:
    """Hash an array or a sparse matrix by its parts; returns the number of rows looked at."""
    if not is_sparse(matrix):
        return _add(state, matrix)
    names = ("data", "indices", "indptr", "row", "col", "coords", "offsets", "rows")
    parts = [getattr(matrix, name) for name in names if hasattr(matrix, name)]
    if not parts:  # a dictionary of keys
        parts = [tuple(matrix.keys()), tuple(matrix.values())]
    for part in parts:
        for each in part if isinstance(part, tuple) else (part,):
            _add(state, each)
    return int(matrix.shape[0])


def is_sparse(value: Any) -> bool:
    """Whether it is one of scipy's sparse matrices or arrays, known by what it can do."""
    return hasattr(value, "nnz") and hasattr(value, "tocsr")


def _add(state: Any, array: Any, *, max_bytes: int = MAX_BYTES) -> int:
    import numpy as np

    array = np.asarray(array)
    array = array.reshape(1) if array.ndim == 0 else array
    if array.dtype.hasobject or array.dtype.kind == "T":  # "T": numpy's own string type
        return _add_objects(state, array)
    count, row_bytes = len(array), array.nbytes // max(len(array), 1)
    if array.nbytes <= max_bytes:
        state.update(array.tobytes())
        return count
    rows = evenly(count, min(max_bytes // max(row_bytes, 1), MAX_SAMPLED_ROWS))
    if row_bytes * len(rows) <= max_bytes or array.ndim == 1:
        state.update(array[rows].tobytes())
        return len(rows)
    rows = evenly(count, MAX_LONG_ROWS)
    for row in rows:
        _add(state, array[row], max_bytes=max_bytes // len(rows))
    return len(rows)


def _add_objects(state: Any, array: Any) -> int:
    count, width = len(array), array.size // max(len(array), 1)
    rows = evenly(count, MAX_CELLS // max(width, 1)) if array.size > MAX_CELLS else range(count)
    values = (array if len(rows) == count else array[rows]).ravel()
    if values.size > MAX_CELLS:
        values = values[evenly(values.size, MAX_CELLS)]
    state.update(_tokens(values.tolist()).encode("utf-8", "backslashreplace"))
    return len(rows)


def _tokens(values: list[Any]) -> str:
    """One text for many values, such that different values make different texts."""
    try:
        lengths = list(map(len, values))
        if max(lengths, default=0) <= MAX_TEXT:
            return f"{lengths}{''.join(values)}"
    except TypeError:  # not all of them are strings
        pass
    return "\0".join(map(_token, values))


def _token(value: Any, depth: int = 3) -> str:
    if isinstance(value, str | bytes):
        return f"{type(value).__name__}:{len(value)}:{_ends(value)!r}"
    if hasattr(value, "tolist") and getattr(value, "shape", None) == ():
        return repr(value.tolist())
    if isinstance(value, set | frozenset):  # their order changes from process to process
        return f"{{{','.join(sorted(_token(each, depth - 1) for each in value))}}}"
    if depth > 0 and isinstance(value, Mapping):
        return f"{{{_some(value.items(), depth)}}}"
    if depth > 0 and (isinstance(value, Sequence) or hasattr(value, "tolist")):
        return f"[{_some(value, depth)}]"
    kind: Any = type(value)
    # The default repr holds an address, which is another one in every process.
    has_address = kind.__repr__ is object.__repr__
    return str(kind.__qualname__ if has_address else _ends(repr(value)))


def _some(values: Any, depth: int) -> str:
    """How many there are, and what the first few are."""
    return f"{len(values)}:" + ",".join(_token(each, depth - 1) for each in islice(values, 8))


def _ends(text: Any) -> Any:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT // 2] + text[-MAX_TEXT // 2 :]
