"""Files below a project's `artifacts/` that no record mentions."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nbtrack.records.ids import is_run_id
from nbtrack.stores.local.inventory import RecordedFile

# An artifact is written first and recorded then: a younger file may be about to be recorded.
SETTLED_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """*path* is relative to the run's folder, which is `root / run_id`."""

    run_id: str
    path: str
    size: int
    age_seconds: float


def stored_files(root: Path) -> list[StoredFile]:
    """Every file in the run folders of *root*. Symlinks are left out, wherever they lead, and so
    is what nbtrack did not make: anything in *root* that is not named like a run."""
    return [file for folder in run_folders(root) for file in _files(folder)]


def run_folders(root: Path) -> list[Path]:
    """The folders in *root* that are named like a run; none if *root* is not there."""
    try:
        with os.scandir(root) as entries:
            return sorted(
                Path(entry.path)
                for entry in entries
                if is_run_id(entry.name) and entry.is_dir(follow_symlinks=False)
            )
    except FileNotFoundError:
        return []


def unrecorded(
    files: Iterable[StoredFile], recorded: Iterable[RecordedFile], *, but: Collection[str] = ()
) -> list[StoredFile]:
    """Settled files that no record mentions, save those of the runs *but*.

    Ask for the *files* before the records: a file that is recorded in between is known then.
    """
    known = {(file.run_id, file.path) for file in recorded}
    return [
        file
        for file in files
        if (file.run_id, file.path) not in known
        and file.run_id not in but
        and file.age_seconds > SETTLED_SECONDS
    ]


def _files(folder: Path) -> Iterator[StoredFile]:
    now = time.time()
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if path.is_symlink():
                continue
            facts = path.stat()
            yield StoredFile(
                run_id=folder.name,
                path=path.relative_to(folder).as_posix(),
                size=facts.st_size,
                age_seconds=now - facts.st_mtime,
            )
