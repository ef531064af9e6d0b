"""Whether bytes are those that they should be, on their way and where they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.errors import ArtifactNotFound, InvalidValue, OtherBytes


def checked_bytes(pieces: Iterable[bytes], sha256: str) -> Iterator[bytes]:
    """Raises OtherBytes at their end, before whoever writes them puts the file in its place."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        yield piece
    if digest.hexdigest() != sha256:
        raise OtherBytes


def digests_of(files: ArtifactStore, paths: Iterable[str]) -> dict[str, str | None]:
    """Of what the files hold now, whatever was recorded; None for one that is not there."""
    return {path: _digest_of(files, path) for path in paths}


def _digest_of(files: ArtifactStore, path: str) -> str | None:
    try:
        return files.sha256(path)
    except (ArtifactNotFound, InvalidValue, OSError):
        return None
