"""Who changed what of a project through its server: a line each, to which is only added.

What is logged to a run is not in it: that is in the run. Nor is what requests said, only where to.
Of who was not let in (401, 429) it has the name that was given.
"""

from __future__ import annotations

import json
import logging
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from nbtrack.recording.acting import acting_user
from nbtrack.server.users import FOLDER

MOST_PATH = 500
_LOGS = re.compile(
    r"/(ajax-)?api/2\.0/mlflow/runs/(log-[a-z]+|outputs)|/api/nbtrack/\d+/(journal|writers)/.*"
)
_JOURNAL = re.compile(r"/api/nbtrack/\d+/journal/([0-9a-f]{32})-\d+\.jsonl")
_MOST_WRITERS = 10_000  # remembered
_log = logging.getLogger(__name__)


class AuditLog:
    """Of the project in *folder*."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FOLDER / "audit.jsonl"
        self._writers: set[tuple[str, str]] = set()

    def is_worth_a_line(self, who: str, path: str, status: int) -> bool:
        """Not what was logged; but once, who sends the journal of which writer: its runs do not
        say so."""
        if status >= 400 or _LOGS.fullmatch(path) is None:
            return True
        journal = _JOURNAL.fullmatch(path)
        return journal is not None and self._is_first(who, journal[1])

    def _is_first(self, who: str, writer: str) -> bool:
        if (who, writer) in self._writers:
            return False
        if len(self._writers) >= _MOST_WRITERS:
            self._writers.clear()
        self._writers.add((who, writer))
        return True

    def note_command(self, words: str) -> None:
        """What somebody has done on the machine itself."""
        self.note(who=acting_user(), address="", method="COMMAND", path=words, status=0)

    def note(self, *, who: str, address: str, method: str, path: str, status: int) -> None:
        """In one write: lines of several servers do not mix."""
        line = json.dumps({
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "who": who[:MOST_PATH], "address": address, "method": method, "path": path[:MOST_PATH],
            "status": status,
        })  # fmt: skip
        try:
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, line.encode() + b"\n")
            finally:
                os.close(descriptor)
        except OSError:  # what it tells of is done, and its answer sent
            _log.exception("The audit log does not take: %s", line)
