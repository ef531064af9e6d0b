"""A slice of one run with some of the code of another: what tells which change moved a number."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from nbtrack.lookup.table_difference import merged
from nbtrack.provenance.differences.matched_cells import CellPair, matched_cells
from nbtrack.provenance.differences.text_changes import is_same_code
from nbtrack.provenance.slices import cell_label
from nbtrack.provenance.upstream import Step, Upstream


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeEdit:
    """A cell, or a module of the project, as it is in one slice and in the other; None: it is not
    there."""

    words: str
    before: Step | str | None
    after: Step | str | None
    module: str = ""  # its path


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixtures:
    """*places* are the cells of both slices in the order of the first."""

    before: Upstream
    after: Upstream
    places: Sequence[tuple[Step | None, Step | None]]

    @property
    def edits(self) -> list[CodeEdit]:
        """The run's own cell first, then the nearest, then modules: as `difference` has it."""
        cells = [
            CodeEdit(words=_words(old, new, is_own=n == 0), before=old, after=new)
            for n, (old, new) in enumerate(reversed(self.places))
            if not (old and new and is_same_code(old.source, new.source))
        ]
        return [*cells, *_module_edits(self.before.modules, self.after.modules)]

    def with_edits(self, chosen: Collection[CodeEdit]) -> Upstream:
        """The first slice with these cells and modules as they are in the second."""
        taken = {id(step) for edit in chosen for step in (edit.before, edit.after) if step}
        steps = [
            new if (old and id(old) in taken) or (new and id(new) in taken) else old
            for old, new in self.places
        ]
        modules = {
            **self.before.modules,
            **{e.module: e.after for e in chosen if isinstance(e.after, str)},
        }
        kept = tuple(step for step in steps if step is not None)
        return replace(self.before, steps=kept, modules=modules)


def mixtures_of(before: Upstream, after: Upstream) -> Mixtures:
    return Mixtures(before=before, after=after, places=list(_places(before, after)))


def _places(before: Upstream, after: Upstream) -> Iterator[tuple[Step | None, Step | None]]:
    old = {step.execution.number: step for step in before.steps}
    new = {step.execution.number: step for step in after.steps}
    partner = {y.number: x.number for x, y in _pairs(before, after) if x and y}
    back = {x: y for y, x in partner.items()}
    own = (before.own.execution.number, after.own.execution.number)
    ordered = merged([(partner.get(n), n) for n in new], [(n, back.get(n)) for n in old])
    yield from (
        (None if x is None else old[x], None if y is None else new[y])
        for x, y in ordered
        if (x, y) != own
    )
    yield before.own, after.own  # whatever was needed stands before it


def _pairs(before: Upstream, after: Upstream) -> list[CellPair]:
    texts = {s.execution.source: s.source for each in (before, after) for s in each.steps}
    own = CellPair(before.own.execution, after.own.execution)
    return [*matched_cells(before.executions[:-1], after.executions[:-1], texts), own]


def _words(old: Step | None, new: Step | None, *, is_own: bool) -> str:
    if is_own:
        return "this cell's source"
    step = new or old
    assert step is not None
    how = "edited" if old and new else "added" if new else "removed"
    return f"{cell_label(step.execution)} {how}"


def _module_edits(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[CodeEdit]:
    for path, text in after.items():
        if before.get(path) != text:
            yield CodeEdit(words=f"module {path}", before=None, after=text, module=path)
