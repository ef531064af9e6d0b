"""Which execution of a cell in one slice is that of the same cell in another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from nbtrack.capture.lineage import is_similar
from nbtrack.records.executions import Execution

_NEAREST = 4  # cells of unknown id, before it and behind, that one is held against by its words
_MOST_LOOKS = 1_000  # of 1 ms: cells beyond are taken to have come and gone
_TAKEN = Execution(kernel="", number=-1, source="")


class CellPair(NamedTuple):
    """One of them is None where the other slice has no such execution."""

    before: Execution | None
    after: Execution | None


def matched_cells(
    before: Sequence[Execution], after: Sequence[Execution], texts: Mapping[str, str]
) -> list[CellPair]:
    """By the id of the cell, else by its text, else by most of its words, from the end on: where a
    cell ran more often in one slice, its first executions there are the ones too many.

    Those that are gone come first, then the others as they ran in *after*.
    """
    pairing = _Pairing(before, after)
    pairing.match(lambda each: each.cell_id)
    pairing.match(lambda each: each.source)
    pairing.match_similar(texts)
    return pairing.pairs()


class _Pairing:
    def __init__(self, before: Sequence[Execution], after: Sequence[Execution]) -> None:
        self._before, self._after = before, after
        self._partner: dict[int, Execution] = {}  # by number of one after, that before
        self._taken: set[int] = set()

    def match(self, key: Callable[[Execution], Hashable]) -> None:
        """Those with the same key, unless that is None."""
        old = _by_key(self._left_before(), key)
        for name, executions in _by_key(self._left_after(), key).items():
            for x, y in zip(reversed(old.get(name, [])), reversed(executions)):
                self._pair(x, y)

    def match_similar(self, texts: Mapping[str, str]) -> None:
        """Of those with ids of their own there is nothing to guess."""
        old = [each for each in reversed(self._left_before()) if each.cell_id is None]
        new = [each for each in reversed(self._left_after()) if each.cell_id is None]
        looks = 0
        for place, y in enumerate(new):
            near = old[max(0, place - _NEAREST) : place + _NEAREST]
            looks += len(near)
            if looks > _MOST_LOOKS:
                return
            if (x := next((x for x in near if _are_similar(x, y, texts)), None)) is not None:
                self._pair(x, y)
                old[old.index(x)] = _TAKEN

    def pairs(self) -> list[CellPair]:
        gone = [CellPair(each, None) for each in self._left_before()]
        return gone + [CellPair(self._partner.get(each.number), each) for each in self._after]

    def _pair(self, x: Execution, y: Execution) -> None:
        self._partner[y.number] = x
        self._taken.add(x.number)

    def _left_before(self) -> list[Execution]:
        return [each for each in self._before if each.number not in self._taken]

    def _left_after(self) -> list[Execution]:
        return [each for each in self._after if each.number not in self._partner]


def _by_key(
    executions: Iterable[Execution], key: Callable[[Execution], Hashable]
) -> dict[Hashable, list[Execution]]:
    found: dict[Hashable, list[Execution]] = defaultdict(list)
    for each in executions:
        if key(each) is not None:
            found[key(each)].append(each)
    return found


def _are_similar(x: Execution, y: Execution, texts: Mapping[str, str]) -> bool:
    return (
        x is not _TAKEN
        and x.source in texts
        and y.source in texts
        and is_similar(texts[x.source], texts[y.source])
    )
