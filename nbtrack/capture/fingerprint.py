"""A digest of what is in a dataset: of every row and value, up to a size that is stated here.

The budget is a size, not a time, so that the same data has the same digest on every machine; it
costs at most about 0.25 s of a processor. Of what is larger, rows at evenly spaced places are read,
the first and the last among them, and `is_whole` is false: such a digest tells data apart, but two
that are equal prove nothing. Shape, names and types always count in full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nbtrack.capture.column_values import add_column, add_polars_column, width_of
from nbtrack.capture.value_digest import ValueDigest, is_sparse

MAX_BYTES = 1 << 30  # of plain numbers; about 0.1 s
MAX_OBJECTS = 1 << 20  # Python objects, strings that are not Arrow's among them; about 0.25 s
MAX_SAMPLED_ROWS = 4096
MOST_COLUMNS = 300  # that have a digest of their own: each costs 10 µs, however short it is

DIGEST_LENGTH = 16


class Fingerprint(NamedTuple):
    digest: str  # 16 hexadecimal digits
    hashed_rows: int  # how many rows were looked at
    is_whole: bool = True  # whether every value of them, and every row, was read
    columns: Mapping[str, str] = {}  # the digest of each, if they have names and are few


def fingerprint_pandas(frame: Any) -> Fingerprint:
    dtypes = list(frame.dtypes)
    levels = [frame.index.get_level_values(i).dtype for i in range(frame.index.nlevels)]
    rows = rows_to_hash(len(frame), widths=[width_of(each) for each in (*dtypes, *levels)])
    part = frame if len(rows) == len(frame) else frame.iloc[rows]
    whole = ValueDigest(f"{frame.shape} {list(map(str, dtypes))} {frame.columns.tolist()!r}")
    _add_index(whole, part.index)
    if len(dtypes) > MOST_COLUMNS:
        _add_wide_frame(whole, part)
        return _found(whole, len(rows), len(frame), {})
    names = list(map(str, frame.columns))
    digests = [_of_column(whole, part.iloc[:, i], add_column) for i in range(len(names))]
    return _found(whole, len(rows), len(frame), _by_name(names, digests))


def fingerprint_polars(frame: Any) -> Fingerprint:
    is_plain = [not (each.is_nested() or each.base_type().__name__ == "Object")
                for each in frame.dtypes]  # fmt: skip
    rows = rows_to_hash(frame.height, widths=[8 if each else None for each in is_plain])
    part = frame if len(rows) == frame.height else frame[list(rows)]
    whole = ValueDigest(f"{frame.shape} {frame.dtypes} {frame.columns!r}")
    digests = [_of_column(whole, column, add_polars_column) for column in part]
    columns = _by_name(frame.columns, digests) if len(digests) <= MOST_COLUMNS else {}
    return _found(whole, len(rows), frame.height, columns)


def fingerprint_arrays(arrays: Mapping[str, Any]) -> Fingerprint:
    """Of named arrays or sparse matrices; *hashed_rows* is that of the first one."""
    whole = ValueDigest("arrays")
    hashed: list[int] = []
    is_whole = True
    for name, array in arrays.items():
        kind = getattr(array, "format", "dense")
        state = ValueDigest(f"{name} {kind} {array.shape} {array.dtype}")
        hashed.append(_add_matrix(state, array))
        is_whole &= hashed[-1] == array.shape[0]
        whole.add_text(state.hexdigest())
        whole.is_whole &= state.is_whole
    found = whole.hexdigest()[:DIGEST_LENGTH]
    return Fingerprint(found, hashed[0] if hashed else 0, whole.is_whole and is_whole)


def rows_to_hash(count: int, *, widths: Sequence[int | None]) -> Sequence[int]:
    """Which of *count* rows to look at; *widths* are bytes per column, None for objects."""
    objects = sum(width is None for width in widths)
    width = sum(width for width in widths if width is not None)
    fitting = min(MAX_BYTES // max(width, 1), MAX_OBJECTS // max(objects, 1))
    return range(count) if count <= fitting else evenly(count, min(fitting, MAX_SAMPLED_ROWS))


def evenly(count: int, wanted: int) -> list[int]:
    """Places among *count*, the first and the last included: *wanted*, but at least two."""
    wanted = min(max(wanted, 2), count)
    return [i * (count - 1) // (wanted - 1) for i in range(wanted)] if wanted > 1 else [0] * wanted


def _add_index(whole: ValueDigest, index: Any) -> None:
    whole.add_text(f"{[(name, str(level.dtype)) for name, level in _levels(index)]!r}")
    for _, level in _levels(index):
        add_column(whole, level.to_series())


def _levels(index: Any) -> list[tuple[Any, Any]]:
    return [(index.names[i], index.get_level_values(i)) for i in range(index.nlevels)]


def _found(whole: ValueDigest, hashed: int, rows: int, columns: Mapping[str, str]) -> Fingerprint:
    is_whole = whole.is_whole and hashed == rows
    return Fingerprint(whole.hexdigest()[:DIGEST_LENGTH], hashed, is_whole, columns)


def _of_column(whole: ValueDigest, column: Any, add: Any) -> str:
    """The digest of one column, which also becomes a part of that of the *whole*."""
    state = ValueDigest(str(column.dtype))
    add(state, column)
    found = state.hexdigest()[:DIGEST_LENGTH]
    whole.add_text(found)
    whole.is_whole &= state.is_whole
    return found


def _by_name(names: Sequence[str], digests: Sequence[str]) -> dict[str, str]:
    return dict(zip(names, digests)) if len(set(names)) == len(names) else {}


def _add_wide_frame(whole: ValueDigest, frame: Any) -> None:
    """One array for each type, not for each column: 100,000 columns would take seconds."""
    places: dict[Any, list[int]] = {}
    for place, dtype in enumerate(frame.dtypes):
        places.setdefault(dtype, []).append(place)
    for dtype, of_type in places.items():
        if hasattr(dtype, "hasobject"):
            whole.add_array(frame.iloc[:, of_type].to_numpy())
        else:
            for place in of_type:
                add_column(whole, frame.iloc[:, place])


def _add_matrix(state: ValueDigest, matrix: Any) -> int:
    """Returns the number of rows that were read: all, or some of an array that is too large."""
    count = int(matrix.shape[0])
    if is_sparse(matrix):
        state.add_sparse(matrix)
        return count
    row_size = matrix.size // max(count, 1)
    plain = not matrix.dtype.hasobject and matrix.dtype.kind != "T"
    width = row_size * matrix.dtype.itemsize if plain else None
    fitting = MAX_BYTES // max(width, 1) if width is not None else MAX_OBJECTS // max(row_size, 1)
    if count <= fitting:
        state.add_array(matrix)
        return count
    places = evenly(count, min(fitting, MAX_SAMPLED_ROWS))
    for place in places:
        _add_long_row(state, matrix[place], most=max(fitting * row_size // len(places), 1))
    return len(places)


def _add_long_row(state: ValueDigest, row: Any, *, most: int) -> None:
    """A row may be too large itself: then values of it at evenly spaced places."""
    import numpy as np

    values = np.asarray(row)
    if values.size > most:
        state.is_whole = False
        values = values.reshape(-1)[evenly(values.size, min(most, MAX_SAMPLED_ROWS))]
    state.add_array(values)
