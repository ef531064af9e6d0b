"""The `%%track` line in tracebacks: as typed, behind a `#`, and not as the call it has become.

Tracebacks take their lines from `linecache`, where IPython has put the cell as Python sees it. A
comment keeps that Python: other libraries parse it too, to find out how they were called.
"""

from __future__ import annotations

import linecache
import sys
from types import FrameType

from nbtrack.cells.transform import CALL_START


def show_as_typed(typed: str) -> None:
    """For the cell that is running, whose frame is one of our callers."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        lines = _cached_lines(frame.f_code.co_filename)
        at = frame.f_lineno - 1
        if 0 <= at < len(lines) and lines[at].startswith(CALL_START):
            lines[at] = f"# {typed}\n"
            return
        frame = frame.f_back


def _cached_lines(file: str) -> list[str]:
    """Of a cell: it has no time of modification. Its list is changed in place."""
    entry = linecache.cache.get(file, ())
    return entry[2] if len(entry) == 4 and entry[1] is None else []
