"""Where a model is: `runs:/<run id>/<path>`, `models:/<name>/…`, `models:/<model id>`, a `file:`
URI or a plain path."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.paths import folder_of
from nbtrack.base.values import check_run_id
from nbtrack.errors import InvalidValue, LoggedModelNotFound, ModelChanged, ModelNotFound
from nbtrack.models.model_place import ModelPlace
from nbtrack.models.registered_places import place_of_registered
from nbtrack.recording.logged_models import find_model
from nbtrack.recording.measured import is_model_id
from nbtrack.recording.session import current_session
from nbtrack.records.ids import is_run_id
from nbtrack.records.logged_models import LoggedModel
from nbtrack.records.runs import FileInfo
from nbtrack.stores.store import Store

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters or more: C: is a drive


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
        return _of_models_uri(uri, store or current_session().store)
    if scheme not in (None, "file"):
        raise InvalidValue(
            f"Models cannot be read from a {scheme}: location. There are runs:/<run id>/<path>, "
            "models:/<name>/<version>, file: URIs and plain paths."
        )
    return _of_path(folder_of(uri).expanduser().absolute())


def logged_model_in(uri: str) -> str | None:
    """The id in `models:/<id of a logged model>`; None: it names a version that is registered."""
    name = uri.partition(":")[2].strip("/")
    return name if is_model_id(name) else None


def _of_models_uri(uri: str, store: Store) -> ModelPlace:
    if (model_id := logged_model_in(uri)) is None:
        return place_of_registered(uri, store=store)
    return place_of_logged(store, find_model(store, model_id).model)


def place_of_logged(store: Store, model: LoggedModel) -> ModelPlace:
    """Where its files are, with what was recorded of them. Raises ModelNotFound, ModelChanged."""
    if model.path:
        return _of_run(f"runs:/{model.source_run_id}/{model.path}", store)
    files = open_artifacts(model.artifact_location, run_id=model.model_id)
    recorded = store.list_model_files(model.model_id)
    if not recorded:
        raise ModelNotFound(
            f"Nothing was logged into the model {model.name!r} ({model.model_id}) yet; "
            "log_model(…, model_id=…) does it."
        )
    return ModelPlace(
        folder=files.download(),
        recorded=recorded,
        run_id=model.source_run_id,
        model_id=model.model_id,
    )


def path_of_artifact(uri: str | Path) -> Path:
    """The file or folder that a plain path, a `file:` or a `runs:` URI names, of any content; or
    the model that a `models:` URI names."""
    if str(uri).startswith("models:"):
        return locate(uri).folder
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
    info = store.look_up_run(check_run_id(run_id)).info
    artifacts = open_artifacts(info.artifact_uri, run_id=run_id)
    records = store.list_artifact_records(run_id)
    if not artifacts.list(path):
        if (made := _made_by_run(store, run_id, path)) is not None:
            return place_of_logged(store, made)
        if any(record.path == f"{path}/MLmodel" for record in records):
            raise ModelChanged(
                f"The files of the model {path!r} of run {run_id} are gone from "
                f"{info.artifact_uri!r}: somebody removed them by hand. Put them back, or log the "
                "model again; versions that were registered from it have a copy of their own."
            )
        raise ModelNotFound(f"Run {run_id} has no model {path!r}. {_models_of(records)}")
    return _recorded(artifacts.download(path), path, run_id, records)


def _made_by_run(store: Store, run_id: str, name: str) -> LoggedModel | None:
    """The newest of its logged models that is called *name* and has a folder of its own."""
    for output in reversed(store.get_run(run_id).outputs.model_outputs):
        with suppress(LoggedModelNotFound):
            model = find_model(store, output.model_id).model
            if model.name == name and not model.path:
                return model
    return None


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
        if is_model_id(folder.name) and _is_project(level.parent):
            files = _store_in(level.parent).list_model_files(folder.name)
            return ModelPlace(folder=folder, recorded=files or None, model_id=folder.name)
        if is_run_id(level.name) and _is_project(project := level.parent.parent):
            records = _store_in(project).list_artifact_records(level.name)
            return _recorded(folder, folder.relative_to(level).as_posix(), level.name, records)
    return ModelPlace(folder=folder)


def _is_project(folder: Path) -> bool:
    return (folder / "artifacts").is_dir() and (
        (folder / "journal").is_dir() or (folder / "nbtrack.duckdb").is_file()
    )


def _store_in(project: Path) -> Store:
    return current_session().store_for(project.as_uri())
