"""What files hold, whatever was recorded of them."""

from __future__ import annotations

from collections.abc import Iterable

from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.errors import ArtifactNotFound, InvalidValue


def digests_of(files: ArtifactStore, paths: Iterable[str]) -> dict[str, str | None]:
    """Of what the files hold now, whatever was recorded; None for one that is not there."""
    return {path: _digest_of(files, path) for path in dict.fromkeys(paths)}


def _digest_of(files: ArtifactStore, path: str) -> str | None:
    try:
        # Asked first: to say that a file is missing, all others are looked through.
        return files.sha256(path) if files.has(path) else None
    except (ArtifactNotFound, InvalidValue, OSError):
        return None
