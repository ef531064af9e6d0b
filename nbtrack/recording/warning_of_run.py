"""A warning becomes a tag of the run, and stands in the card of the cell that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.warned import TAG, Warned, silenced_kinds

if TYPE_CHECKING:
    from nbtrack.recording.here import CellLine
    from nbtrack.recording.session import Session


def is_wanted(kind: str, session: Session, cell: CellLine | None) -> bool:
    """Whether neither the settings nor the cell keep warnings of *kind* quiet."""
    silenced = silenced_kinds(session.settings.no_warn)
    return kind not in silenced and (cell is None or kind not in cell.silenced)


def warn_of(run: RunWriter, warned: Warned, session: Session, cell: CellLine | None) -> None:
    """Once for each kind and run; *cell* is where it came up, if in one."""
    if run.is_deleted or not is_wanted(warned.kind, session, cell):
        return
    run.set_tag(TAG + warned.kind, warned.sentence)
    if cell is not None and warned not in cell.warned:
        cell.warned.append(warned)
