"""What a comparison of the origins of two runs finds: a finding for each part of an origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from nbtrack.lookup.line_difference import Sign, SignedLine


class Part(StrEnum):
    """Of where a run came from, the likeliest cause of a difference first: see `difference`."""

    SOURCE = "source"
    UPSTREAM = "upstream"
    PARAMS = "params"
    DATA = "data"
    FILES = "files"
    MODULES = "modules"
    PACKAGES = "packages"
    PYTHON = "python"
    COMMIT = "commit"
    SEEDS = "seeds"
    HARDWARE = "hardware"

    @property
    def heading(self) -> str:
        return _HEADINGS[self]


_HEADINGS = {
    Part.SOURCE: "This cell's source",
    Part.UPSTREAM: "Upstream cells",
    Part.PARAMS: "Params",
    Part.DATA: "Data",
    Part.FILES: "Files read",
    Part.MODULES: "Modules of the project",
    Part.PACKAGES: "Packages",
    Part.PYTHON: "Python",
    Part.COMMIT: "Commit",
    Part.SEEDS: "Random numbers",
    Part.HARDWARE: "Hardware",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """*before* and *after* in words; *lines* of a text that changed, all of them."""

    sign: Sign  # never =
    key: str
    before: str = ""
    after: str = ""
    lines: Sequence[SignedLine] = ()
    note: str = ""
    is_harmless: bool = False  # it cannot have moved a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """*doubts* say what may differ although it was recorded alike, *gaps* what was not captured at
    all: a sentence each. *same* names what was found to be the same, such as "212 packages"."""

    part: Part
    changes: Sequence[Change] = ()
    doubts: Sequence[str] = ()
    gaps: Sequence[str] = ()
    same: str = ""

    @property
    def is_harmless(self) -> bool:
        return all(change.is_harmless for change in self.changes)


def not_captured(part: Part, in_before: object, in_after: object, *, why: str = "") -> Finding:
    """For one of the runs or both, that which is empty; the runs are called A and B."""
    return Finding(part=part, gaps=[absence(in_before, in_after, why)])


def absence(in_before: object, in_after: object, what: str = "") -> str:
    where = "in either run" if not (in_before or in_after) else "in B" if in_before else "in A"
    return f"not captured {where}: {what}" if what else f"not captured {where}"
