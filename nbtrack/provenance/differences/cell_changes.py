"""What changed in the code: in the cell of a run, and in the cells that made what it used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from nbtrack.lookup.line_difference import Sign, signed_lines
from nbtrack.provenance.differences.findings import Change, Finding, Part, not_captured
from nbtrack.provenance.differences.matched_cells import CellPair, matched_cells
from nbtrack.provenance.differences.run_record import RunRecord
from nbtrack.provenance.differences.text_changes import line_words, text_change
from nbtrack.provenance.slices import cell_label
from nbtrack.records.executions import Execution, ExecutionStatus

_MOST_IN_ORDER = 12  # cells of which the order is told
_MOST_GAPS = 20


def source_finding(before: RunRecord, after: RunRecord) -> Finding:
    old, new = before.source, after.source
    if old is None or new is None:
        has = old is not None, new is not None
        return not_captured(Part.SOURCE, *has, why="no tracked cell made it")
    if old == new:
        return Finding(part=Part.SOURCE, same="this cell's source")
    return Finding(part=Part.SOURCE, changes=[text_change("", old, new)])


def upstream_finding(before: RunRecord, after: RunRecord) -> Finding:
    """The cells nearest to the run's own first."""
    if not (before.executions and after.executions):
        return not_captured(Part.UPSTREAM, before.executions, after.executions)
    texts = {**before.texts, **after.texts}
    pairs = matched_cells(before.upstream, after.upstream, texts)
    count = len(after.upstream)
    return Finding(
        part=Part.UPSTREAM,
        changes=[
            *_edits(pairs[::-1], texts),
            *_one_sided(pairs[::-1], after.executions[-1], texts),
            *_order(pairs),
        ],
        gaps=_gaps(before, after)[:_MOST_GAPS],
        same=f"{count:,} upstream cell{'' if count == 1 else 's'}",
    )


def _edits(pairs: Iterable[CellPair], texts: Mapping[str, str]) -> Iterator[Change]:
    for old, new in pairs:
        if old and new and (change := _edit(old, new, texts)):
            yield change


def _edit(old: Execution, new: Execution, texts: Mapping[str, str]) -> Change | None:
    key = cell_label(new)
    if old.source == new.source:
        return _ended_otherwise(key, old, new)
    if old.source not in texts or new.source not in texts:
        return Change(sign="~", key=key, note="edited; its text was not kept")
    return text_change(key, texts[old.source], texts[new.source])


def _ended_otherwise(key: str, old: Execution, new: Execution) -> Change | None:
    """A cell that failed has done but a part of what it says."""
    if ExecutionStatus.ERROR not in (old.status, new.status) or old.status == new.status:
        return None
    words = [str(each.status) for each in (old, new)]
    return Change(sign="~", key=key, before=words[0], after=words[1], note="how it ended")


def _one_sided(
    pairs: Sequence[CellPair], own: Execution, texts: Mapping[str, str]
) -> Iterator[Change]:
    """What one slice has alone; that a cell of both ran more often in it comes last."""
    known = {_name(new) for old, new in pairs if old and new} | {_name(own)}
    single = [pair for pair in pairs if not (pair.before and pair.after)]
    for old, new in sorted(single, key=lambda pair: _name(_present(pair)) in known):
        each = _present(CellPair(old, new))
        yield _ran_again(each, new) if _name(each) in known else _came_or_went(each, new, texts)


def _present(pair: CellPair) -> Execution:
    found = pair.after or pair.before
    assert found is not None
    return found


def _name(execution: Execution) -> str:
    return execution.cell_id or execution.source


def _ran_again(each: Execution, new: Execution | None) -> Change:
    note = f"an earlier run of a cell, needed in {'B' if new else 'A'} only"
    return Change(sign=_sign(new), key=cell_label(each), note=note)


def _came_or_went(each: Execution, new: Execution | None, texts: Mapping[str, str]) -> Change:
    key, text = cell_label(each), texts.get(each.source)
    if text is None:
        return Change(sign=_sign(new), key=key, note="its text was not kept")
    lines = signed_lines(*(("", text) if new else (text, "")))
    return Change(sign=_sign(new), key=key, lines=lines, note=line_words(lines))


def _sign(new: Execution | None) -> Sign:
    return "+" if new else "-"


def _order(pairs: Iterable[CellPair]) -> list[Change]:
    """Cells of both that ran in another order."""
    both = [(old, new) for old, new in pairs if old and new]
    was = sorted(both, key=lambda pair: pair[0].number)
    if was == both:
        return []
    words = [_in_order(new for _, new in each) for each in (was, both)]
    return [Change(sign="~", key="order of the cells", before=words[0], after=words[1])]


def _in_order(cells: Iterable[Execution]) -> str:
    """By the labels that they have in B."""
    labels = [cell_label(each).removeprefix("cell ") for each in cells]
    more = " …" if len(labels) > _MOST_IN_ORDER else ""
    return " ".join(labels[:_MOST_IN_ORDER]) + more


def _gaps(before: RunRecord, after: RunRecord) -> list[str]:
    told = [list(_told_gaps(record)) for record in (before, after)]
    shared = [gap for gap in told[0] if gap in told[1]]
    return shared + [
        f"in {name}, {gap}" for name, gaps in zip("AB", told) for gap in gaps if gap not in shared
    ]


def _told_gaps(record: RunRecord) -> Iterator[str]:
    known = {each.number for each in record.executions}
    if lost := {number for each in record.executions for number in each.needs} - known:
        yield f"{len(lost):,} of the cells it needs were not recorded"
    for each in record.executions:
        yield from (f"{cell_label(each)}: {gap}" for gap in each.gaps)
