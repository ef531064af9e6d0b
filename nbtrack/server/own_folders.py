"""The folders of the project whose files are served: those that it makes itself."""

from __future__ import annotations

from pathlib import Path

from nbtrack.artifact_store.paths import artifact_parts, stays_within
from nbtrack.models.registered_places import copies_folder
from nbtrack.recording.experiments import default_artifact_root
from nbtrack.recording.own_folders import (
    folder_of_model,
    folder_of_run,
    folder_within,
    kept_elsewhere,
)
from nbtrack.stores.store import Store

__all__ = ["check_is_served", "folder_of_copy", "folder_of_model", "folder_of_run"]


def folder_of_copy(store: Store, place: str) -> Path:
    """Of a registered version. Raises InvalidValue."""
    copies = copies_folder(store)
    return folder_within(copies, copies.joinpath(*artifact_parts(place)))


def check_is_served(store: Store, folder: Path) -> None:
    """Raises InvalidValue for what is neither in a run or model, nor a version's."""
    roots = (Path(default_artifact_root(store)), copies_folder(store))
    if not any(stays_within(folder, root) and folder != root for root in roots):
        raise kept_elsewhere()
