"""Which artifacts a run has: what was recorded of them, joined with what is in its folder now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nbtrack.api.client import client_of
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.display.number_format import format_size
from nbtrack.errors import ArtifactNotFound
from nbtrack.records.runs import FileInfo
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_FILES = 2000

State = Literal["", "missing", "changed", "not recorded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactFile:
    """*state* is what is wrong with it: the file is gone, or has another size than was recorded,
    or nothing was recorded of it."""

    path: str
    size: int | None  # bytes
    words: str  # the size for people
    sha256: str
    state: State = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunArtifacts:
    run_id: str
    folder: str  # where they are, or will be
    files: Sequence[ArtifactFile]  # by path
    more: int = 0  # past the first 2,000


def artifacts_of_run(store: Store, run_id: str) -> RunArtifacts:
    """Waits for those that are still being made. Raises RunNotFound."""
    artifacts = client_of(store).artifacts_of(run_id)
    recorded = {file.path: file for file in store.list_artifact_records(run_id)}
    there = {file.path: file for file in artifacts.walk()}
    paths = sorted({*recorded, *there}, key=lambda path: path.split("/"))
    return RunArtifacts(
        run_id=run_id,
        folder=_folder(store, run_id, artifacts),
        files=[_joined(path, recorded.get(path), there.get(path)) for path in paths[:MOST_FILES]],
        more=max(0, len(paths) - MOST_FILES),
    )


def _folder(store: Store, run_id: str, artifacts: ArtifactStore) -> str:
    try:
        return str(artifacts.download())
    except ArtifactNotFound:  # nothing was ever written
        return store.look_up_run(run_id).info.artifact_uri


def _joined(path: str, recorded: FileInfo | None, there: FileInfo | None) -> ArtifactFile:
    found = there or recorded
    size = None if found is None else found.file_size
    return ArtifactFile(
        path=path,
        size=size,
        words=format_size(size),
        sha256="" if recorded is None else recorded.sha256 or "",
        state=_state(recorded, there),
    )


def _state(recorded: FileInfo | None, there: FileInfo | None) -> State:
    if there is None:
        return "missing"
    if recorded is None:
        return "not recorded"
    return "" if recorded.file_size in (None, there.file_size) else "changed"
