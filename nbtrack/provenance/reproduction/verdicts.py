"""What became of a run that was run once more, and how a run keeps it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from nbtrack.display.look import BAD, GOOD, WARN
from nbtrack.display.markup import Html, joined, tag, visible
from nbtrack.records.tags import (
    REPRODUCED_AT_TAG,
    REPRODUCED_BY_TAG,
    REPRODUCED_TAG,
    REPRODUCED_WHY_TAG,
)

TOLERANCE = 1e-9
_MOST_TOLD = 5  # differences in a sentence


class Outcome(StrEnum):
    """The values of the tag; the first two are what a gate that demands `reproduced` lets in."""

    EXACT = "exactly"
    CLOSE = "within 1e-9"
    DIFFERENT = "different"
    NOTHING_COMPARED = "nothing to compare"
    NOT_RUNNABLE = "not runnable"


_UNLIKE: dict[str, str] = {
    Outcome.DIFFERENT: "differs again",
    Outcome.NOTHING_COMPARED: "nothing to compare",
    Outcome.NOT_RUNNABLE: "not runnable",
}
_NO_ANSWER = (Outcome.NOTHING_COMPARED, Outcome.NOT_RUNNABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """*what* is "metric accuracy", "param C", …; *recorded* and *now* as text."""

    what: str
    recorded: str
    now: str
    by: float | None = None  # of numbers, how much; NaN where one of them is none

    @property
    def text(self) -> str:
        if self.by is None or math.isnan(self.by):
            return f"{self.what} {self.recorded} → {self.now}"
        return f"{self.what} {self.recorded} → {self.now} (by {self.by:.3g})"

    @property
    def is_close(self) -> bool:
        return self.by is not None and self.by <= TOLERANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """*why* says what is not runnable, or where a difference begins; *compared* counts values."""

    run_id: str
    name: str
    outcome: Outcome
    new_run_id: str | None = None
    compared: int = 0
    cells: int = 0
    seconds: float = 0.0
    differences: tuple[Difference, ...] = ()
    why: str = ""
    remarks: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()  # metrics that measure time, and differ

    @property
    def is_reproduced(self) -> bool:
        return self.outcome in (Outcome.EXACT, Outcome.CLOSE)

    @property
    def headline(self) -> str:
        if self.outcome is Outcome.EXACT:
            but = f" but for {', '.join(self.left_out[:_MOST_TOLD])}" if self.left_out else ""
            return f"REPRODUCED{but}" if but else "REPRODUCED exactly"
        if self.outcome is Outcome.NOTHING_COMPARED:
            return "RAN AGAIN, with nothing to compare"
        if self.outcome is Outcome.CLOSE:
            return f"REPRODUCED {self.outcome}"
        if self.outcome is Outcome.NOT_RUNNABLE:
            return f"NOT RUNNABLE: {self.why}"
        told = [each.text for each in self.differences[:_MOST_TOLD]]
        more = len(self.differences) - len(told)
        told += [f"{more:,} more"] if more > 0 else []
        return f"DIFFERENT: {'; '.join(told)}" + (f". {self.why}" if self.why else "")

    @property
    def text(self) -> str:
        """Lines for a terminal, free of what could steer one."""
        lines = [f"{self.name}: {self.headline}", *self._facts()]
        return "\n".join(visible(line) for line in (*lines, *self.remarks))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        style = GOOD if self.is_reproduced else BAD
        style = WARN if self.outcome in _NO_ANSWER else style
        head = tag("div", tag("strong", self.name), " ", tag("span", self.headline, style=style))
        rest = (tag("div", line) for line in (*self._facts(), *self.remarks))
        return joined([Html('<div class="nbtrack-verdict">'), head, *rest, Html("</div>")])

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "run_id": self.run_id, "name": self.name, "outcome": str(self.outcome),
            "is_reproduced": self.is_reproduced, "new_run_id": self.new_run_id,
            "compared": self.compared, "cells": self.cells, "seconds": round(self.seconds, 3),
            "differences": [
                {"what": each.what, "recorded": each.recorded, "now": each.now,
                 "by": None if each.by is None or math.isnan(each.by) else each.by}
                for each in self.differences
            ],
            "why": self.why, "remarks": list(self.remarks),
        }  # fmt: skip

    def tags(self) -> dict[str, str]:
        """For the run."""
        found = {
            REPRODUCED_TAG: str(self.outcome),
            REPRODUCED_BY_TAG: self.new_run_id or "",
            REPRODUCED_AT_TAG: datetime.now(UTC).isoformat(timespec="seconds"),
            REPRODUCED_WHY_TAG: "" if self.is_reproduced else self.headline,
        }
        return {key: value[:5000] for key, value in found.items()}

    def _facts(self) -> list[str]:
        if self.new_run_id is None:
            return []
        cells = f"{self.cells} cell{'' if self.cells == 1 else 's'} in {self.seconds:.1f} s"
        return [f"{self.compared:,} values compared with run {self.new_run_id}, {cells}"]


def is_reproduced(tags: Mapping[str, str]) -> bool:
    """Of a run's tags."""
    return tags.get(REPRODUCED_TAG) in (Outcome.EXACT, Outcome.CLOSE)


def verdict_words(tags: Mapping[str, str]) -> str:
    """What a run's tags say of it, for a badge; "" where nobody tried."""
    if is_reproduced(tags):
        return "reproduced"
    return _UNLIKE.get(tags.get(REPRODUCED_TAG, ""), "")


def verdict_facts(tags: Mapping[str, str]) -> str:
    """The same in full: what came of it, when, and in which run."""
    if not verdict_words(tags):
        return ""
    told = tags.get(REPRODUCED_WHY_TAG) or f"reproduced {tags[REPRODUCED_TAG]}"
    when, new = tags.get(REPRODUCED_AT_TAG, ""), tags.get(REPRODUCED_BY_TAG, "")
    return ", ".join([told, *([f"run {new[:8]}"] if new else []), *([when] if when else [])])
