"""The store that an artifact URI names."""

from __future__ import annotations

from nbtrack.artifact_store.local import LocalArtifacts
from nbtrack.artifact_store.paths import folder_of
from nbtrack.artifact_store.store import ArtifactStore


def open_artifacts(artifact_uri: str, *, run_id: str | None = None) -> ArtifactStore:
    """The store behind *artifact_uri*: a folder path or a `file:` URI.

    *run_id* is for error messages; by default it is the last part of the URI.
    """
    return LocalArtifacts(folder_of(artifact_uri), run_id=run_id)
