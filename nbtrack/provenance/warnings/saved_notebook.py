"""The cells of a notebook as it was saved last: their order, and digests of their sources."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from nbtrack.provenance.executions.recorder import digest_of
from nbtrack.records.executions import Execution

MOST_BYTES = 4 << 20  # about 30 ms


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedNotebook:
    """By id of the cell."""

    places: Mapping[str, int]
    sources: Mapping[str, str]
    saved_us: int

    def was_saved_after(self, execution: Execution) -> bool:
        seconds = execution.seconds or 0.0
        return self.saved_us > execution.started_us + seconds * 1e6


def saved_notebook(path: str | None) -> SavedNotebook | None:
    """None of what cannot be read, is very large, or has cells without ids."""
    if path is None or not os.path.isabs(path):
        return None
    try:
        known = os.stat(path)
        if known.st_size > MOST_BYTES:
            return None
        with open(path, encoding="utf-8") as file:
            cells = json.load(file)["cells"]
        sources = {str(cell["id"]): digest_of("".join(cell["source"])) for cell in cells}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    places = {cell_id: place for place, cell_id in enumerate(sources)}
    return SavedNotebook(places=places, sources=sources, saved_us=known.st_mtime_ns // 1000)
