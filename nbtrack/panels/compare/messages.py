"""What goes between a comparison of runs and the page."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbtrack.panels.shared.questions import Nothing, Question


class CompareStart(TypedDict):
    runs: list[str]
    baseline: str | None


class CompareAsked(TypedDict):
    """`stamp` is that of the answer the page has, or ""."""

    runs: list[str]
    baseline: str
    stamp: str


class Unchanged(TypedDict):
    """The page has it already."""

    stamp: str


class RunHead(TypedDict):
    """A run over its column."""

    run_id: str
    label: str
    status: str
    age: str
    duration: str
    experiment: str
    colour: str
    is_hollow: bool
    is_deleted: bool


CellValue = tuple[str, str, str, bool]  # text, change, verdict, differs


class SectionLine(TypedDict):
    key: str
    values: list[CellValue]
    differs: bool


class Section(TypedDict):
    """`more` lines are past what is shown at all; one that is folded waits to be opened."""

    name: str
    title: str
    lines: list[SectionLine]
    more: int
    isFolded: bool


class Comparison(TypedDict):
    """`baseline` is a place among `runs`; a short one need not leave out what is equal."""

    stamp: str
    runs: list[RunHead]
    baseline: int
    isShort: bool
    sections: list[Section]


Sign = Literal["=", "~", "-", "+"]


SignedLine = tuple[Sign, str | None, str | None]  # and the line before and after


class CausesAsked(TypedDict):
    before: str
    after: str


class CauseChange(TypedDict):
    """`lines` of a text that changed; of a very long one the first."""

    sign: Sign
    key: str
    before: str
    after: str
    note: str
    lines: list[SignedLine]
    isCut: bool


class Cause(TypedDict):
    """A part of where the runs came from; `more` changes are past what is shown."""

    part: str
    title: str
    changes: list[CauseChange]
    more: int


class Causes(TypedDict):
    """The likeliest cause first; `harmless` cannot have moved a number, `doubts` say what was not
    proven to be the same, `gaps` what was not captured, `same` what is."""

    causes: list[Cause]
    harmless: list[Cause]
    doubts: list[str]
    gaps: list[str]
    same: list[str]


class FilesAsked(TypedDict):
    runs: list[str]


class SharedFile(TypedDict):
    """A path, and the runs that have a file there; `isSame` in all of them."""

    path: str
    kind: Literal["picture", "text"]
    runs: list[str]
    isSame: bool


class FileAsked(TypedDict):
    path: str
    before: str
    after: str


class ChangedColumn(TypedDict):
    name: str
    sign: Sign
    isNumber: bool


class ChangedRow(TypedDict):
    """`number` counts from 1 in the table that has the row; cells are [text, what it was]."""

    sign: Sign
    number: int
    cells: list[tuple[str, str | None]]


class TableChanges(TypedDict):
    """Only rows that differ, `more` of them past what is shown; columns of the key stand first."""

    kind: Literal["table"]
    words: str
    key: list[str]
    columns: list[ChangedColumn]
    rows: list[ChangedRow]
    more: int


class TextChanges(TypedDict):
    kind: Literal["text"]
    words: str
    lines: list[SignedLine]


class NoChanges(TypedDict):
    """Why there is nothing to see."""

    kind: Literal["none"]
    words: str


FileChanges = TableChanges | TextChanges | NoChanges


QUESTIONS = {
    "start": Question(Nothing, CompareStart),
    "compare": Question(CompareAsked, Comparison | Unchanged),
    "compare_causes": Question(CausesAsked, Causes),
    "compare_files": Question(FilesAsked, list[SharedFile]),
    "compare_file": Question(FileAsked, FileChanges),
}
PUSHES = {"comparison": Comparison}
