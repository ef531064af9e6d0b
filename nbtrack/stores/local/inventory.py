"""All runs and all recorded files at once, for commands that compare them with the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nbtrack.stores.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRun:
    """*writer* is the process that opened the run; empty for runs made by id."""

    run_id: str
    name: str
    is_deleted: bool
    writer: str
    artifact_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFile:
    run_id: str
    artifact_uri: str  # of the run
    path: str
    sha256: str
    size: int


RUNS = """
    select run_id, coalesce(run_name, '') as name, lifecycle_stage = 'deleted' as is_deleted,
        coalesce(writer, '') as writer, artifact_uri
    from current.runs order by start_us, run_id
"""
FILES = """
    select run_id, artifact_uri, path, sha256, coalesce(size, 0)::bigint as size
    from artifacts join runs using (run_id) order by run_id, path
"""


def known_runs(store: Store) -> list[KnownRun]:
    """Every run, deleted ones too. Raises StoreError."""
    return [KnownRun(**row) for row in _rows(store, RUNS)]


def recorded_files(store: Store) -> list[RecordedFile]:
    """Every artifact that is recorded, of deleted runs too. Raises StoreError."""
    return [RecordedFile(**row) for row in _rows(store, FILES)]


def _rows(store: Store, query: str) -> list[dict[str, Any]]:
    frame = store.query(query)
    return [dict(zip(frame.columns, row)) for row in frame.itertuples(index=False)]
