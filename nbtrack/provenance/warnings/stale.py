"""*stale*: what a run used was made by code that is not there any more, or not in that order.

Told by the executions of its kernel and, where the front end names cells by id, by the notebook as
it was saved after they ran. Without ids of cells nothing is said: two cells may read alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from nbtrack.provenance.warnings.adding_up import added_up
from nbtrack.provenance.warnings.saved_notebook import SavedNotebook
from nbtrack.records.executions import Execution

_CURE = "Run All would not give this. Restart the kernel and run all cells to see what it gives."


def stale(
    needed: Sequence[Execution],
    executions: Iterable[Execution],
    saved: SavedNotebook | None,
    code_of: Callable[[str], str | None],
) -> str | None:
    """*needed* is the slice of a run, whose own execution is the last of it; *code_of* gives what
    a cell said, without its line of %%track, by the digest of its source."""
    *before, target = needed
    numbers = {each.number for each in needed}
    newest = _newest(executions, up_to=target.number)
    for each in before:
        if each.cell_id is None or target.cell_id is None:
            continue
        later = newest.get(each.cell_id)
        found = _of_executions(each, target, later, code_of, numbers) or (
            None if saved is None else _of_notebook(each, target, saved)
        )
        if found is not None:
            return f"{_what(each, needed)} comes from {_place(each)}, which {found}: {_CURE}"
    return None


def _newest(executions: Iterable[Execution], *, up_to: int) -> dict[str, Execution]:
    """By cell."""
    ordered = sorted(executions, key=lambda each: each.number)
    return {each.cell_id: each for each in ordered if each.cell_id and each.number <= up_to}


def _of_executions(
    each: Execution,
    target: Execution,
    later: Execution | None,
    code_of: Callable[[str], str | None],
    numbers: set[int],
) -> str | None:
    if later is None or later.number <= each.number:
        return None
    is_edited = not _says_the_same(each, later, code_of)
    adds_up = not is_edited and later.number in numbers and _adds_up(each, later, code_of)
    if each.cell_id == target.cell_id:
        # What it fits or changes in place it mostly begins anew; what it counts up it does not.
        is_read = not set(each.binds).isdisjoint(target.reads)
        return "is an earlier run of the same cell" if is_read and (is_edited or adds_up) else None
    as_what = "" if later.execution_count is None else f" as [{later.execution_count}]"
    if is_edited:
        return f"was edited and ran again{as_what} since"
    return f"ran again{as_what} since, on top of that" if adds_up else None


def _says_the_same(each: Execution, later: Execution, code_of: Callable[[str], str | None]) -> bool:
    if later.source == each.source:
        return True
    code = code_of(each.source)
    return code is not None and code == code_of(later.source)


def _adds_up(each: Execution, later: Execution, code_of: Callable[[str], str | None]) -> bool:
    """Both times it took what was there, and made it something else."""
    both = [set(it.reads) & {*it.binds, *it.changes} for it in (each, later)]
    return bool(added_up(code_of(later.source)) & both[0] & both[1])


def _of_notebook(each: Execution, target: Execution, saved: SavedNotebook) -> str | None:
    """Only what was saved after the cell ran: before that the file does not know it."""
    cell_id = str(each.cell_id)
    if not saved.was_saved_after(each) or target.cell_id not in saved.places:
        return None
    if cell_id not in saved.places:
        return "was deleted since"
    if saved.sources[cell_id] != each.source and not each.gaps:
        return "was edited since"
    if saved.places[cell_id] > saved.places[str(target.cell_id)]:
        return "stands below this cell"
    return None


def _what(each: Execution, needed: Sequence[Execution]) -> str:
    """A name that a later one of them read, if it is known which."""
    made = {*each.binds, *each.changes}
    for later in needed:
        if later.number > each.number and (names := sorted(made & set(later.reads))):
            return names[0][:60]
    return "Something that it used"


def _place(each: Execution) -> str:
    count = each.execution_count
    return "a cell" if count is None else f"cell [{count}]"
