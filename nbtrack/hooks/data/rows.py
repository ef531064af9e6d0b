"""Rows of whatever a user has something trained with: frames, arrays, sparse matrices, lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbtrack.capture.value_digest import is_sparse
from nbtrack.errors import InvalidValue

EXAMPLE_ROWS = 5  # that are kept of the training data, for signatures and examples


def row_count(data: Any) -> int | None:
    """None for what has no rows to count: an iterator is used up, and must not be read again."""
    shape = getattr(data, "shape", None)
    if isinstance(shape, tuple) and shape:
        return int(shape[0])
    return len(data) if hasattr(data, "__len__") and hasattr(data, "__getitem__") else None


def random_rows(count: int, wanted: int) -> Any:
    """*wanted* places among *count*, ascending, always the same ones."""
    import numpy as np

    # A generator of our own: the user's go on where they were.
    places = np.random.default_rng(0).choice(count, size=min(wanted, count), replace=False)
    places.sort()
    return places


def take_rows(data: Any, places: Any) -> Any:
    """A copy of the rows at *places* (an array of integers), in the form that *data* has."""
    if data is None:
        return None
    if hasattr(data, "iloc"):
        return data.iloc[places]
    if is_sparse(data):
        return data.tocsr()[places]
    if hasattr(data, "shape"):
        return data[places]
    if isinstance(data, Sequence):
        return [data[place] for place in places.tolist()]
    raise InvalidValue(f"nbtrack takes no rows of a {type(data).__qualname__}.")


def first_rows(data: Any, count: int) -> Any:
    """A copy of the first rows; None when *data* has no rows to take."""
    if row_count(data) is None:
        return None
    if hasattr(data, "iloc"):
        return data.iloc[:count].copy()
    if is_sparse(data):
        return data.tocsr()[:count] if data.format != "csr" else data[:count].copy()
    if hasattr(data, "clone"):  # polars shares what nobody can change
        return data[:count].clone()
    if hasattr(data, "copy") and hasattr(data, "shape"):
        return data[:count].copy()
    from copy import deepcopy

    return deepcopy(data[:count])
