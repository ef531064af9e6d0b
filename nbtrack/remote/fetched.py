"""Which files were fetched, and what they then were: those that were logged here are this machine's
own, and nothing of a server takes their place."""

from __future__ import annotations

import json
from pathlib import Path

FETCHED = "fetched"  # the folder of all notes, beside that of artifacts


class Fetched:
    """Of one *folder* of files; a note for each is in the folder *notes*."""

    def __init__(self, folder: Path, notes: Path) -> None:
        self._folder, self._notes = folder, notes

    def note(self, path: str, sha256: str | None) -> None:
        note = self._notes / f"{path}.json"
        note.parent.mkdir(parents=True, exist_ok=True)
        temporary = note.with_suffix(".new")
        temporary.write_text(json.dumps([sha256, *self._state(path)]))
        temporary.replace(note)

    def sha256(self, path: str) -> str | None:
        """What was fetched; None if it was not, or was written here since."""
        try:
            sha256, *state = json.loads((self._notes / f"{path}.json").read_text())
            return str(sha256) if state == self._state(path) else None
        except (OSError, ValueError):
            return None

    def _state(self, path: str) -> list[int]:
        found = (self._folder / path).stat()
        return [found.st_mtime_ns, found.st_size, found.st_ino]
