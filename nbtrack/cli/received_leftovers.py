"""What a server keeps of runs and models beside their files: rows that machines have sent for
tables, and which contents are still to come."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

_KINDS = ("tables", "unproved")  # see `server.nbtrack_protocol.tables`, `server.buckets.unproved`
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


def remove_received(folder: Path, owners: Iterable[str]) -> None:
    """Of the project in *folder*; *owners* are the ids of runs and logged models that are gone."""
    for owner in filter(_ID.fullmatch, owners):
        for kind in _KINDS:
            place = folder / "received" / kind / owner
            if not place.is_symlink():
                shutil.rmtree(place, ignore_errors=True)
