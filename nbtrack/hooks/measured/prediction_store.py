"""Which model made which array: by identity, by shared memory, else by content.

Nothing of the user's is kept: arrays are held weakly, contents as digests of 64 bits. Nothing is
guessed either: an array or a content that two models have made belongs to neither.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Iterator
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.hooks.measured.contents import digest_of, digests_of

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

MOST_CONTENTS = 10_000
MOST_PARTS = 64  # of a list of arrays: one for each output
MOST_BATCHES = 100_000


class Prediction(NamedTuple):
    run: ActiveRun | None  # None: no model that is known made it, or more than one did
    data: str  # what the user calls the data it was made from
    rows: int | None = None

    def is_of_same_run(self, other: Prediction) -> bool:
        return self.run is other.run or (
            self.run is not None and other.run is not None and self.run.run_id == other.run.run_id
        )


class _Kept(weakref.ref[Any]):
    __slots__ = ("key", "prediction")
    key: int
    prediction: Prediction


class PredictionStore:
    def __init__(self, *, most_contents: int = MOST_CONTENTS) -> None:
        self._most_contents = most_contents
        # No lock here: a change is one step of the dict, and the garbage collector, which takes
        # entries out, may come in the middle of anything.
        self._by_id: dict[int, _Kept] = {}
        self._by_content: OrderedDict[int, tuple[Prediction, ...]] = OrderedDict()
        self._lock = RLock()

    def remember(self, result: Any, prediction: Prediction, *, made_from: Any = None) -> None:
        """*result* is of that model, but for memory that it shares with *made_from*."""
        foreign = {id(each) for each in _identities(made_from)}
        for part in _parts(result):
            if id(part) not in foreign:
                known = prediction._replace(rows=row_count(part))
                for each in _ends(list(_identities(part))):
                    if id(each) not in foreign:
                        self._keep(each, known)
                self._keep_content(part, known)

    def remember_arrays(self, arrays: Any, prediction: Prediction) -> None:
        """By identity only: curves, which are made from predictions, but are none themselves."""
        for each in _parts(arrays):
            self._keep(each, prediction)

    def identified(self, value: Any) -> Prediction | None:
        """By the object itself, or by the array that it is a view of."""
        if isinstance(value, list | tuple):
            return self._all_identified(value)
        for each in _identities(value):
            kept = self._by_id.get(id(each))
            if kept is not None and kept() is each:
                return kept.prediction
        return None

    def recognized(self, value: Any) -> Prediction | None:
        """By what it holds, if one model alone has predicted that."""
        digest = digest_of(value)
        with self._lock:
            candidates = () if digest is None else self._by_content.get(digest, ())
        return candidates[0] if len(candidates) == 1 else None

    def clear(self) -> None:
        with self._lock:
            self._by_id.clear()
            self._by_content.clear()

    def __len__(self) -> int:
        return len(self._by_id)

    def _all_identified(self, values: Any) -> Prediction | None:
        """Of a list of arrays, such as one for each output: `[p[:, 1] for p in probabilities]`."""
        if not 0 < len(values) <= MOST_BATCHES or not _is_array(values[0]):
            return None
        found = [self.identified(value) for value in values]
        first = found[0]
        if first is None or any(f is None or not f.is_of_same_run(first) for f in found):
            return None
        return first

    def _keep(self, value: Any, prediction: Prediction) -> None:
        try:
            kept = _Kept(value, self._drop)
        except TypeError:  # a list has no weak references
            return
        kept.key, kept.prediction = id(value), prediction
        before = self._by_id.get(kept.key)
        is_kept = before is not None and before() is value
        if before is not None and is_kept and not prediction.is_of_same_run(before.prediction):
            kept.prediction = prediction._replace(run=None)
        self._by_id[kept.key] = kept

    def _drop(self, gone: _Kept) -> None:
        if self._by_id.get(gone.key) is gone:
            self._by_id.pop(gone.key, None)

    def _keep_content(self, value: Any, prediction: Prediction) -> None:
        contents = self._by_content
        digests = list(digests_of(value))
        with self._lock:
            for digest in digests:
                others = [p for p in contents.get(digest, ()) if not p.is_of_same_run(prediction)]
                contents[digest] = (prediction, *others[:1])
                contents.move_to_end(digest)
            while len(contents) > self._most_contents:
                contents.popitem(last=False)


def _parts(result: Any) -> Iterator[Any]:
    """The arrays of a result: itself, or those of a list for several outputs."""
    if isinstance(result, list | tuple) and result and _is_array(result[0]):
        yield from filter(_is_array, result[:MOST_PARTS])
    else:
        yield result


def _is_array(value: Any) -> bool:
    return bool(getattr(value, "shape", ()))


def _identities(value: Any) -> Iterator[Any]:
    """*value*, and the arrays that it is a view of, up to the one that owns the memory."""
    if value is None or isinstance(value, int | float | str):
        return
    yield value
    array = _array_under(value)
    while array is not None and hasattr(array, "shape"):
        if array is not value:
            yield array
        array = getattr(array, "base", None)


def _array_under(value: Any) -> Any:
    if type(value).__module__.partition(".")[0] != "pandas":
        return value if hasattr(value, "base") else None
    if value.ndim == 1:
        return value.values
    # The memory of a whole frame may be scattered, and asking for it in one piece is a copy.
    return value.iloc[:, 0].values if value.shape[1] == 1 else None


def _ends(identities: list[Any]) -> list[Any]:
    return identities if len(identities) < 2 else [identities[0], identities[-1]]


def row_count(value: Any) -> int | None:
    if isinstance(value, list | tuple):
        return len(value)
    shape = getattr(value, "shape", ())
    return int(shape[0]) if shape else None
