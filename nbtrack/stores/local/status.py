"""Facts about the store for `nbtrack doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbtrack.base.locks import is_held
from nbtrack.errors import StoreError
from nbtrack.journal import reading
from nbtrack.stores.local.attachment import Attachment
from nbtrack.stores.local.fold import folded_offsets


def store_status(folder: Path, attachment: Attachment, *, own_writer: str) -> dict[str, Any]:
    """Keys: folder, database_bytes, problem, waiting_bytes, writers, folding, bad_lines."""
    journal = folder / "journal"
    sizes = reading.segment_sizes(journal)
    dead = set(reading.dead_writers(journal, own=own_writer))
    facts: dict[str, Any] = {
        "folder": str(folder),
        "database_bytes": attachment.file.stat().st_size if attachment.file.exists() else 0,
        "problem": None,
        "waiting_bytes": sum(sizes.values()),
        "is_folding": is_held(folder / "fold.lock"),
        "bad_lines": 0,
        "writers": [
            {**reading.owner(journal, writer), "writer": writer, "is_alive": writer not in dead}
            for writer in reading.known_writers(journal)
        ],
    }
    try:
        with attachment.open(read_only=True, timeout=1.0) as connection:
            offsets = folded_offsets(connection)
            facts["waiting_bytes"] = sum(n - offsets.get(name, 0) for name, n in sizes.items())
            bad = connection.execute("select count(*) from project.stored.bad_lines").fetchone()
            facts["bad_lines"] = bad[0] if bad else 0
    except StoreError as exc:
        facts["problem"] = str(exc)
    return facts
