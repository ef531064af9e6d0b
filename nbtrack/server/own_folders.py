"""The folders of the project whose files are served: those that it makes itself.

Records come from clients, who may say in one that a run keeps its files anywhere: a folder is never
taken from a record, which only must name the same one.
"""

from __future__ import annotations

from pathlib import Path

from nbtrack.artifact_store.paths import artifact_parts, folder_of, stays_within
from nbtrack.errors import InvalidValue
from nbtrack.models.registered_places import copies_folder
from nbtrack.recording.experiments import default_artifact_root
from nbtrack.records.logged_models import LoggedModel
from nbtrack.stores.store import Store


def folder_of_run(store: Store, run_id: str, recorded: str) -> Path:
    """Raises InvalidValue if its record names another one."""
    return _same(recorded, _below_artifacts(store, run_id))


def folder_of_model(store: Store, model: LoggedModel) -> Path:
    """Its own, or the one in its run. Raises InvalidValue if its record names another one."""
    if not model.path:
        return _same(model.artifact_location, _below_artifacts(store, model.model_id))
    folder = _below_artifacts(store, str(model.source_run_id), model.path)
    return _same(model.artifact_location, folder)


def folder_of_copy(store: Store, place: str) -> Path:
    """Of a registered version. Raises InvalidValue."""
    copies = copies_folder(store)
    return _within(copies, copies.joinpath(*artifact_parts(place)))


def check_is_served(store: Store, folder: Path) -> None:
    """Raises InvalidValue for what is neither in a run or model, nor a version's."""
    roots = (Path(default_artifact_root(store)), copies_folder(store))
    if not any(stays_within(folder, root) and folder != root for root in roots):
        raise _not_served()


def _below_artifacts(store: Store, id_: str, path: str = "") -> Path:
    root = Path(default_artifact_root(store))
    if artifact_parts(id_) != (id_,):
        raise InvalidValue(f"{id_!r:.80} is no id.")
    folder = _within(root, root / id_)
    return _within(folder, folder.joinpath(*artifact_parts(path))) if path else folder


def _within(root: Path, folder: Path) -> Path:
    if not stays_within(folder, root):
        raise _not_served()
    return folder


def _same(recorded: str, folder: Path) -> Path:
    if folder_of(recorded).resolve() != folder.resolve():
        raise _not_served()
    return folder


def _not_served() -> InvalidValue:
    return InvalidValue(
        "These files are not in the project's own folder of artifacts, but where somebody has said "
        "(as the artifact_location of an experiment): this server does not serve them."
    )
