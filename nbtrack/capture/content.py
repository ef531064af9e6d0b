"""What is kept of a dataset beside its digest, to say later what changed: under 3 kB, no values.

A digest of each column, and the rows in groups by their hash: the sum of each group. A changed row
changes the sums of two groups, wherever it stands; from how many differ follows how many rows do.
"""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self

from nbtrack.capture.row_hashes import RowHashes
from nbtrack.capture.value_digest import ValueDigest, is_sparse

MOST_COLUMNS = 300
MOST_VALUES = 1 << 25
_GROUPS = 256
_MOST_COUNTED, _AT_LEAST = 250, 400  # groups that differ, and rows that make more of them differ
_CHUNK = 1 << 16  # values
_COLUMN_DIGITS = 8
_KIND = "nbtrack data 1"


class RowChange(NamedTuple):
    changed: int
    added: int  # below 0: so many went
    precision: Literal["exact", "about", "at least"] = "exact"


class Content(NamedTuple):
    """*columns* are digests by name; *groups* is None of rows that were not all hashed."""

    rows: int
    columns: Mapping[str, str]
    groups: bytes | None
    is_whole: bool = True

    def to_text(self) -> str:
        groups = None if self.groups is None else b64encode(self.groups).decode()
        short = {name: digest[:_COLUMN_DIGITS] for name, digest in self.columns.items()}
        facts = {"kind": _KIND, "rows": self.rows, "columns": short, "groups": groups}
        return json.dumps({**facts, "whole": self.is_whole}, separators=(",", ":"))

    @classmethod
    def of_text(cls, text: str) -> Self | None:
        """None of what is no such text, or a newer one."""
        try:
            facts = json.loads(text)
            if facts["kind"] != _KIND:
                return None
            groups = facts["groups"] and b64decode(facts["groups"])
            if groups is not None and len(groups) != 4 * _GROUPS:
                return None
            columns = {str(name): str(found) for name, found in facts["columns"].items()}
            return cls(int(facts["rows"]), columns, groups, bool(facts["whole"]))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None


def groups_of(rows: RowHashes | None) -> bytes | None:
    if rows is None or not rows.is_whole:
        return None
    import numpy as np

    places = (rows.hashes >> np.uint64(56)).astype(np.intp)
    low = (rows.hashes & np.uint64(0xFFFFFFFF)).astype(np.float64)  # exact up to 2^53
    sums = np.bincount(places, weights=low, minlength=_GROUPS)
    return bytes((sums % 2.0**32).astype("<u4").tobytes())


def row_change(before: Content, after: Content) -> RowChange | None:
    """None where it is not known. Rows in another order are the same rows."""
    import numpy as np

    if before.groups is None or after.groups is None:
        return None
    sums = [np.frombuffer(each.groups, "<u4") for each in (before, after) if each.groups]
    differing = int((sums[0] != sums[1]).sum())
    added = after.rows - before.rows
    # So many rows fell into so many groups, as balls into bins.
    if differing > _MOST_COUNTED:
        return RowChange(min(_AT_LEAST, before.rows, after.rows), added, "at least")
    apart = -_GROUPS * math.log1p(-differing / _GROUPS)
    changed = max(0, round((apart - abs(added)) / 2))
    if differing and not changed and not added:
        changed = 1
    changed = min(changed, before.rows, after.rows)
    return RowChange(changed, added, "exact" if differing <= _GROUPS // 16 else "about")


def array_columns(name: str, array: Any) -> dict[str, str]:
    """Digests of the columns of an array, by *name* and place; of one column by *name*."""
    if is_sparse(array) or array.ndim not in (1, 2) or not array.size or array.dtype.hasobject:
        return {}
    matrix = array.reshape(len(array), -1)
    width = matrix.shape[1]
    if not 0 < width <= MOST_COLUMNS or matrix.size > MOST_VALUES or array.dtype.kind == "T":
        return {}
    digests = [ValueDigest(str(array.dtype)) for _ in range(width)]
    step = max(1, _CHUNK // width)
    for start in range(0, len(matrix), step):
        for digest, column in zip(digests, matrix[start : start + step].T.copy()):
            digest.add_array(column)
    names = [name] if array.ndim == 1 else [f"column {i}" for i in range(width)]
    return {each: digest.hexdigest() for each, digest in zip(names, digests)}
