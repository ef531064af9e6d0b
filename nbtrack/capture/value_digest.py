"""One digest of many values: of arrays by their bytes, of texts by theirs, of objects by tokens.

Every value counts, in its order. What cannot be read in full, because it is too much or because
it is an object whose code we do not call, is read in part, and `is_whole` says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

MAX_TEXT = 1 << 27  # characters in one column; of more, both ends of each text are read
_ENDS = 1024  # characters
_CHUNK = 1 << 22  # bytes that are copied at a time, where they do not lie in order
_DEEPEST, _MOST_INNER = 8, 1 << 20  # of lists in lists
_PLAIN = frozenset({str, bytes, int, float, complex, bool, type(None)})
# Modules whose values, but for numpy's arrays, say in their repr all that they hold.
_PLAIN_MODULES = frozenset({"datetime", "decimal", "fractions", "uuid", "numpy"})
_OF_PANDAS = frozenset({"Interval", "NAType", "NaTType", "Period", "Timedelta", "Timestamp"})
_PARTS = ("data", "indices", "indptr", "row", "col", "coords", "offsets", "rows")  # if sparse
NUMBERS = frozenset("biufcmM")  # kinds of numpy whose values are their bytes


class ValueDigest:
    """The fastest of the hashes that are not for secrets: 18 GB/s of a processor's time."""

    def __init__(self, header: str) -> None:
        from xxhash import xxh3_128

        self._state = xxh3_128(header.encode("utf-8", "backslashreplace"))
        self.is_whole = True

    def hexdigest(self) -> str:
        return str(self._state.hexdigest())

    def add_text(self, text: str) -> None:
        self._state.update(text.encode("utf-8", "surrogatepass"))

    def add_array(self, array: Any) -> None:
        """Values in the order of C, however they lie in memory."""
        import numpy as np

        array = np.asarray(array)
        array = array.reshape(1) if array.ndim == 0 else array
        if array.dtype.hasobject or array.dtype.kind == "T":  # "T": numpy's own string type
            self.add_objects(array.ravel().tolist())
        elif array.flags.c_contiguous:
            self._add_bytes(array)
        else:
            step = max(1, _CHUNK * len(array) // max(array.nbytes, 1))
            for start in range(0, len(array), step):
                self._add_bytes(np.ascontiguousarray(array[start : start + step]))

    def _add_bytes(self, array: Any) -> None:
        if array.size and array.itemsize:
            self._state.update(array.reshape(-1).view("u1"))

    def add_sparse(self, matrix: Any) -> None:
        """By the parts that it consists of; nothing is made dense."""
        parts = [getattr(matrix, name) for name in _PARTS if hasattr(matrix, name)]
        if not parts:  # a dictionary of keys
            parts = [tuple(matrix.keys()), tuple(matrix.values())]
        for part in parts:
            for each in part if isinstance(part, tuple) and matrix.format == "coo" else (part,):
                self.add_array(each)

    def add_arrow_texts(self, texts: Any) -> None:
        """An Arrow array of strings, by its buffers: as `add_texts` of the same ones."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        texts = texts.cast(pa.large_string())
        lengths = pc.fill_null(pc.utf8_length(texts), -1)
        texts = pc.fill_null(texts, "") if texts.null_count else texts
        self.add_array(lengths.to_numpy(zero_copy_only=False).astype(np.int64))
        if len(texts):
            _, offsets, characters = texts.buffers()
            ends = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
            if ends[-1] > ends[0]:
                self._state.update(memoryview(characters)[int(ends[0]) : int(ends[-1])])

    def add_texts(self, texts: Sequence[str | None]) -> None:
        """None is a missing one."""
        import numpy as np

        lengths = np.array([-1 if text is None else len(text) for text in texts], np.int64)
        known = [text for text in texts if text is not None]
        if lengths.sum() > MAX_TEXT:
            self.is_whole, known = False, list(map(_both_ends, known))
        self.add_array(lengths)
        self.add_text("".join(known))

    def add_objects(self, values: list[Any]) -> None:
        kinds = set(map(type, values))
        if kinds == {str}:
            self.add_texts(values)
        elif all(map(tells_all, kinds)) and not _is_long(values, kinds):
            self.add_text(repr(values))
        else:
            tokens = _Tokens()
            self.add_text("\0".join(map(tokens.of, values)))
            self.is_whole &= tokens.is_whole


def is_sparse(value: Any) -> bool:
    """Whether it is one of scipy's sparse matrices or arrays, known by what it can do."""
    return hasattr(value, "nnz") and hasattr(value, "tocsr")


def tells_all(kind: type) -> bool:
    """Whether its repr is fast, has no effects, and says all."""
    if kind in _PLAIN:
        return True
    module = kind.__module__
    if module == "pandas" or module.startswith("pandas._libs."):
        return kind.__name__ in _OF_PANDAS
    return module in _PLAIN_MODULES and not hasattr(kind, "__array_finalize__")


def _is_long(values: list[Any], kinds: set[type]) -> bool:
    if kinds.isdisjoint((str, bytes)):
        return False
    return sum(len(each) for each in values if type(each) in (str, bytes)) > MAX_TEXT // 8


class _Tokens:
    """A text for each object, such that different ones have different texts, where it can be.

    Only plain containers are looked into; of any other object no code is called.
    """

    def __init__(self) -> None:
        self.is_whole = True
        self._left = _MOST_INNER

    def of(self, value: Any, depth: int = _DEEPEST) -> str:
        kind = type(value)
        self._left -= 1
        if kind in (str, bytes):
            return f"{kind.__name__}:{len(value)}:{self._shortened(value)!r}"
        if tells_all(kind):
            return repr(value)
        if kind.__module__ == "numpy" and hasattr(value, "dtype"):
            return self._of_array(value)
        if kind in (list, tuple, dict, set, frozenset) and depth > 0 and self._left > 0:
            return self._of_container(value, depth - 1)
        self.is_whole = False
        return kind.__qualname__

    def _of_container(self, value: Any, depth: int) -> str:
        items = value.items() if type(value) is dict else value
        tokens = [self.of(each, depth) for each in islice(items, max(self._left, 0))]
        self.is_whole &= len(tokens) == len(value)
        if isinstance(value, set | frozenset):  # their order changes from process to process
            tokens.sort()
        return f"{type(value).__name__}{len(value)}({','.join(tokens)})"

    def _of_array(self, array: Any) -> str:
        inner = ValueDigest(f"{array.shape} {array.dtype}")
        inner.add_array(array)
        self.is_whole &= inner.is_whole
        return f"array:{inner.hexdigest()}"

    def _shortened(self, text: Any) -> Any:
        if self._left * _ENDS > 0 and len(text) <= MAX_TEXT // 8:
            return text
        self.is_whole = False
        return _both_ends(text)


def _both_ends(text: Any) -> Any:
    return text if len(text) <= _ENDS else text[: _ENDS // 2] + text[-_ENDS // 2 :]
