"""The store that an artifact URI names."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from nbtrack.artifact_store.local import LocalArtifacts
from nbtrack.artifact_store.paths import folder_of, shown
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.errors import InvalidValue

Opener = Callable[[Path, str | None], ArtifactStore]

_openers: dict[Path, Opener] = {}


def open_artifacts(artifact_uri: str, *, run_id: str | None = None) -> ArtifactStore:
    """The store behind *artifact_uri*: a folder path or a `file:` URI. Raises InvalidValue for
    one that begins below a folder that is opened otherwise, and leaves it.

    *run_id* is for error messages; by default it is the last part of the URI.
    """
    folder = folder_of(artifact_uri)
    for root, opener in _openers.items():
        if root in folder.parents:
            return opener(_still_below(root, folder), run_id)
    return open_local(artifact_uri, run_id=run_id)


def _still_below(root: Path, folder: Path) -> Path:
    """Without its "..": a server may have said it."""
    found = Path(os.path.normpath(folder))
    if root not in found.parents:
        raise InvalidValue(f"Artifact location {shown(str(folder))} leads out of {root}.")
    return found


def open_local(artifact_uri: str, *, run_id: str | None = None) -> LocalArtifacts:
    """The same, of which all that there is is here: nobody else has written to it."""
    return LocalArtifacts(folder_of(artifact_uri), run_id=run_id)


def open_otherwise(root: Path, opener: Opener) -> None:
    """From now on, what is below the folder *root*: files that may be elsewhere, too."""
    _openers[root] = opener
