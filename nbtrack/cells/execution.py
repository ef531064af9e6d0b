"""One execution of a cell: what runs, which run it has, what comes of it."""

from __future__ import annotations

from typing import Any

from nbtrack.cells.cell_source import RunningCell
from nbtrack.cells.outcome import Outcome
from nbtrack.cells.tracked_cell import TrackedCell
from nbtrack.recording.here import CellLine, Here
from nbtrack.recording.run_stack import RunStack


class Execution(CellLine):
    """Of a cell, or of an inner one that is tracked for itself.

    Whoever the cell started may hold on to it for long: of what it needed while it ran, nothing is
    kept.
    """

    def __init__(self, cell: RunningCell, stack: RunStack) -> None:
        super().__init__()
        self.cell: RunningCell | None = cell
        self.tracked: TrackedCell | None = None
        self.track_frame: Any = None  # the frame in which the cell was tracked
        self.outcome: Outcome | None = None
        self.measures = False  # the gauges are its own
        self._before: Here | None = stack.enter_cell(self)

    def is_of(self, frame: Any) -> bool:
        """Whether *frame* runs this cell: as a whole, or as `%%capture` and its like run the rest
        of it."""
        if self.cell is None or frame is None:
            return False
        typed = self.cell.typed
        repeats = typed.startswith("%%") and typed.rstrip().endswith(str(frame.raw_cell).rstrip())
        return frame is self.cell.info or repeats

    def leave(self, stack: RunStack) -> None:
        """It is over; the code around it, if there is any, goes on."""
        stack.leave_cell(self, self._before)
        self.cell = self.tracked = self.track_frame = self.outcome = self._before = None
