"""Attempts at one cell: which runs are the same cell, run again."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

SIMILAR = 0.6  # share of equal words, by difflib's ratio
_MAX_WORDS = 300  # compared per cell: keeps a comparison near a millisecond
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(slots=True)
class _Place:
    lineage: str
    source: str


class Lineages:
    """What one kernel knows of the cells it ran; needs no lock, cells run one at a time.

    *position* is the caller's: any number that is the same when the same cell runs again without
    an id, in another kernel too.
    """

    def __init__(self) -> None:
        self._attempts: dict[str, int] = {}
        self._by_position: dict[tuple[str, int], _Place] = {}
        self._by_source: dict[tuple[str, str], str] = {}

    def place(
        self, cell_id: str | None, position: int, source: str, notebook: str | None
    ) -> tuple[str, int]:
        """The lineage a cell belongs to, and which attempt at it this is, from 1."""
        where = notebook or ""
        if cell_id:
            lineage = _digest("id", where, cell_id)
        else:
            lineage = self._lineage_without_id(position, source, where=where)
        attempt = self._attempts.get(lineage, 0) + 1
        self._attempts[lineage] = attempt
        return lineage, attempt

    def remember(
        self,
        lineage: str,
        attempt: int,
        *,
        position: int | None = None,
        source: str | None = None,
        notebook: str | None = None,
    ) -> None:
        """Take over an attempt from an earlier kernel, so that counting goes on from there.

        With *position* and *source*, later cells without an id may join the lineage.
        """
        self._attempts[lineage] = max(attempt, self._attempts.get(lineage, 0))
        if position is not None and source is not None:
            self._file(lineage, position, source=source, where=notebook or "")

    def _lineage_without_id(self, position: int, source: str, *, where: str) -> str:
        lineage = self._by_source.get((where, _digest(source)))
        if lineage is None:
            here = self._by_position.get((where, position))
            joins = here is not None and is_similar(here.source, source)
            lineage = here.lineage if here and joins else _digest("source", where, source.strip())
        self._file(lineage, position, source=source, where=where)
        return lineage

    def _file(self, lineage: str, position: int, *, source: str, where: str) -> None:
        self._by_position[where, position] = _Place(lineage, source)
        self._by_source[where, _digest(source)] = lineage


def is_similar(before: str, after: str) -> bool:
    """Whether two cells share most of their words, in order; looks at the first 300 of each."""
    if before == after:
        return True
    from difflib import SequenceMatcher

    first, second = (_WORD.findall(text)[:_MAX_WORDS] for text in (before, after))
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    # The two quick ratios are upper bounds, and cheap.
    return (
        matcher.real_quick_ratio() >= SIMILAR
        and matcher.quick_ratio() >= SIMILAR
        and matcher.ratio() >= SIMILAR
    )


def _digest(*parts: str) -> str:
    text = "\0".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
