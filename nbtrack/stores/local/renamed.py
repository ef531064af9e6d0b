"""Which experiments were renamed, for a process that cannot look into the database now.

An experiment's id is made from its first name, so that nobody need look to know it; of a renamed
one it cannot be. The file has a line per renaming, and the last one of an id counts.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from nbtrack.base.locks import share_as

NAME = "renamed.jsonl"


def note_renamed(folder: Path, experiment_id: str, name: str) -> None:
    """A disk that takes nothing is no error: it is asked only while the database is busy."""
    line = json.dumps({"id": experiment_id, "name": name}) + "\n"
    with suppress(OSError):
        descriptor = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            share_as(descriptor, folder)
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)


def renamed_experiments(folder: Path) -> dict[str, str]:
    """Names by id; empty if nothing was renamed."""
    try:
        text = (folder / NAME).read_text("utf-8")
    except (OSError, ValueError):
        return {}
    names = {}
    for line in text.split("\n"):
        with suppress(ValueError, KeyError, TypeError):  # a torn line
            entry = json.loads(line)
            names[entry["id"]] = entry["name"]
    return names
