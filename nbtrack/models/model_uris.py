"""Where a model is: `runs:/<run id>/<path>`, `models:/…`, a `file:` URI or a plain path."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.paths import folder_of
from nbtrack.base.values import check_run_id
from nbtrack.errors import InvalidValue, ModelChanged, ModelNotFound
from nbtrack.models.model_place import ModelPlace
from nbtrack.models.registered_places import place_of_registered
from nbtrack.recording.session import current_session
from nbtrack.records.runs import FileInfo
from nbtrack.stores.store import Store

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters or more: C: is a drive
_RUN_ID = re.compile(r"[0-9a-f]{32}")


def locate(model_uri: str | Path, *, store: Store | None = None) -> ModelPlace:
    """The folder that *model_uri* names. Run ids are looked up in *store*, by default the active.

    Raises InvalidValue, ModelNotFound, RunNotFound.
    """
    uri = str(model_uri)
    found = _SCHEME.match(uri)
    scheme = found[1].lower() if found else None
    if scheme == "runs":
        return _of_run(uri, store or current_session().store)
    if scheme == "models":
        return place_of_registered(uri, store=store or current_session().store)
    if scheme not in (None, "file"):
        raise InvalidValue(
            f"Models cannot be read from a {scheme}: location. There are runs:/<run id>/<path>, "
            "models:/<name>/<version>, file: URIs and plain paths."
        )
    return _of_path(folder_of(uri).expanduser().absolute())


def path_of_artifact(uri: str | Path) -> Path:
    """The file or folder that a plain path, a `file:` or a `runs:` URI names, of any content."""
    if str(uri).startswith("runs:"):
        run_id, path = _parts_of_run_uri(str(uri))
        info = current_session().store.get_run(check_run_id(run_id)).info
        return open_artifacts(info.artifact_uri, run_id=run_id).download(path)
    place = folder_of(str(uri)).expanduser().absolute()
    if not place.exists():
        raise InvalidValue(f"There is no file or folder {str(place)!r}.")
    return place


def _of_run(uri: str, store: Store) -> ModelPlace:
    run_id, path = _parts_of_run_uri(uri)
    info = store.get_run(check_run_id(run_id)).info
    artifacts = open_artifacts(info.artifact_uri, run_id=run_id)
    records = store.list_artifact_records(run_id)
    if not artifacts.list(path):
        if any(record.path == f"{path}/MLmodel" for record in records):
            raise ModelChanged(
                f"The files of the model {path!r} of run {run_id} are gone from "
                f"{info.artifact_uri!r}: somebody removed them by hand. Put them back, or log the "
                "model again; versions that were registered from it have a copy of their own."
            )
        raise ModelNotFound(f"Run {run_id} has no model {path!r}. {_models_of(records)}")
    return _recorded(artifacts.download(path), path, run_id, records)


def _parts_of_run_uri(uri: str) -> tuple[str, str]:
    run_id, _, path = unquote(uri[len("runs:") :]).strip("/").partition("/")
    if not run_id or not path:
        raise InvalidValue(f"{uri!r} names nothing in a run; write runs:/<run id>/<path>.")
    return run_id, path


def _models_of(records: list[FileInfo]) -> str:
    suffix = "/MLmodel"
    paths = [r.path.removesuffix(suffix) for r in records if r.path.endswith(suffix)]
    if not paths:
        return "It has none; nbtrack.sklearn.log_model(model, name='model') logs one."
    return f"It has {', '.join(map(repr, paths))}."


def _recorded(folder: Path, path: str, run_id: str, records: list[FileInfo]) -> ModelPlace:
    prefix = path.rstrip("/") + "/"
    recorded = {
        r.path[len(prefix) :]: r.sha256 for r in records if r.path.startswith(prefix) and r.sha256
    }
    if not recorded:
        raise ModelChanged(
            f"Nothing is recorded of the files in {str(folder)!r}: the process that logged "
            f"{path!r} to run {run_id} was stopped before it had finished, or somebody else put "
            "them there. Log the model again; if you trust the files, load a copy of the folder."
        )
    return ModelPlace(folder=folder, recorded=recorded, run_id=run_id)


def _of_path(folder: Path) -> ModelPlace:
    """A model in the artifact folder of a run is checked as one named by its run."""
    folder = folder.resolve()
    for level in folder.parents:
        if _RUN_ID.fullmatch(level.name) and _is_project(project := level.parent.parent):
            records = _store_in(project).list_artifact_records(level.name)
            return _recorded(folder, folder.relative_to(level).as_posix(), level.name, records)
    return ModelPlace(folder=folder)


def _is_project(folder: Path) -> bool:
    return (folder / "artifacts").is_dir() and (
        (folder / "journal").is_dir() or (folder / "nbtrack.duckdb").is_file()
    )


def _store_in(project: Path) -> Store:
    return current_session().store_for(project.as_uri())
