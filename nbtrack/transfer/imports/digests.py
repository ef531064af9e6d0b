"""Digests that the same points, texts and files have, whichever store they are read from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BLOCK = 65_536  # points are hashed in blocks of whole keys, at least so many


class RunPointsDigest:
    """The sha256 of all points of a run, sorted by key, step, time (ms) and value.

    They are added key by key, in the order of the keys, a key in as many parts as one likes.
    """

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.sha256()
        self._keys: list[tuple[str, int]] = []  # of this block, with how many points
        self._parts: list[tuple[Any, Any, Any]] = []
        self._waiting = 0

    def add(
        self, key: str, values: Sequence[float], steps: Sequence[int], times: Sequence[int]
    ) -> None:
        is_same = bool(self._keys) and self._keys[-1][0] == key
        if self._waiting >= _BLOCK and not is_same:
            self._end_block()
            is_same = False
        before = self._keys.pop()[1] if is_same else 0
        self._keys.append((key, before + len(values)))
        self._parts.append((steps, times, values))
        self._waiting += len(values)
        self.count += len(values)

    def add_single(self, key: str, value: float) -> None:
        """Of a key that has one value there, and here also those that it had before."""
        self.add(key, [value], [0], [0])

    def hexdigest(self) -> str:
        """ "" of no points."""
        self._end_block()
        return self._hash.hexdigest() if self.count else ""

    def _end_block(self) -> None:
        if not self._keys:
            return
        self._hash.update(json.dumps(self._keys).encode())
        self._hash.update(_sorted_points(self._keys, self._parts).tobytes())
        self._keys, self._parts, self._waiting = [], [], 0


def _sorted_points(
    keys: Sequence[tuple[str, int]], parts: Sequence[tuple[Any, Any, Any]]
) -> NDArray[np.int64]:
    """Rows of step, time and the bits of the value, sorted within each key."""
    import numpy as np

    steps, times, values = (
        np.concatenate([np.asarray(part, dtype=kind) for part in column])
        for column, kind in zip(zip(*parts), ("<i8", "<i8", "<f8"))
    )
    values[np.isnan(values)] = np.nan  # there are many, and they say the same
    bits = values.view("<i8")
    places = np.repeat(np.arange(len(keys)), [count for _, count in keys])
    order = np.lexsort((bits, times, steps, places))
    found: NDArray[np.int64] = np.stack((steps[order], times[order], bits[order]), axis=1)
    return found


def texts_digest(*texts: Any) -> str:
    """Of what JSON can say: mappings in whatever order they are."""
    text = json.dumps(texts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def files_digest(files: Mapping[str, str]) -> str:
    """Of {path: sha256}; "" of no files."""
    return texts_digest(files) if files else ""


def joined_digest(digests: Iterable[tuple[str, str]]) -> str:
    """One of many, each under its name."""
    return texts_digest(sorted(digests))
