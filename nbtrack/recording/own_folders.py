"""The folders in which a project itself keeps files of runs and models.

Records come from other machines, too, who may say in one that a run keeps its files anywhere: for
them, a folder is never taken from a record, which only must name the same one.
"""

from __future__ import annotations

from pathlib import Path

from nbtrack.artifact_store.paths import artifact_parts, folder_of, stays_within
from nbtrack.errors import InvalidValue
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


def folder_within(root: Path, folder: Path) -> Path:
    """*folder* itself. Raises InvalidValue if it is not below *root*."""
    if not stays_within(folder, root):
        raise kept_elsewhere()
    return folder


def kept_elsewhere() -> InvalidValue:
    return InvalidValue(
        "These files are not in the project's own folder of artifacts, but where somebody has said "
        "(as the artifact_location of an experiment): other machines neither read nor write there."
    )


def _below_artifacts(store: Store, id_: str, path: str = "") -> Path:
    root = Path(default_artifact_root(store))
    if artifact_parts(id_) != (id_,):
        raise InvalidValue(f"{id_!r:.80} is no id.")
    folder = folder_within(root, root / id_)
    return folder_within(folder, folder.joinpath(*artifact_parts(path))) if path else folder


def _same(recorded: str, folder: Path) -> Path:
    if folder_of(recorded).resolve() != folder.resolve():
        raise kept_elsewhere()
    return folder
