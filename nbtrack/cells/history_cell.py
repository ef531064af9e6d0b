"""The cell that ran before nbtrack was loaded, as far as IPython's history knows it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from nbtrack.cells.cell_source import RunningCell
from nbtrack.cells.cells import EndedCell
from nbtrack.cells.outcome import Outcome
from nbtrack.cells.own_lines import is_about_tracking
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import RunStatus


def cell_from_history(shell: Any) -> EndedCell | None:
    """The newest cell that is not about tracking; when it ran nobody knows any more."""
    typed = list(getattr(shell.history_manager, "input_hist_raw", ()))
    # The last entry is the cell that asks, the first one is none.
    for count in range(len(typed) - 2, 0, -1):
        if typed[count].strip() and not is_about_tracking(typed[count]):
            return _ended(shell, typed[count], count)
    return None


def _ended(shell: Any, typed: str, count: int) -> EndedCell:
    info = SimpleNamespace(raw_cell=typed, cell_id=None, transformed_cell=None)
    cell = RunningCell(shell=shell, info=info)
    cell.count = count
    failed = count in getattr(shell.history_manager, "exceptions", {})
    status = RunStatus.FAILED if failed else RunStatus.FINISHED
    return EndedCell(cell=cell, outcome=Outcome(status=status), ended_us=now_us(), run=None)
