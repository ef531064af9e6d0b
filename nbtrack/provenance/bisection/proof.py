"""What running slices again has shown of where a metric moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A slice that ran; *value* is None where the metric did not come of it, as *problem* says."""

    words: str
    value: float | None = None
    is_past: bool = False  # the middle: the metric is as in the second run
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """*moved_by* are the changes that it takes to move the metric; none: it was not proven."""

    verdict: str
    trials: Sequence[Trial]
    moved_by: Sequence[str] = ()
    remarks: Sequence[str] = ()

    @property
    def is_proven(self) -> bool:
        return bool(self.moved_by)
