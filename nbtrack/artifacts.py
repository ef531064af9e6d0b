"""Reading artifacts back, with the functions of `mlflow.artifacts`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.api.client import MlflowClient
from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.paths import folder_of
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.errors import InvalidValue, require
from nbtrack.recording.measured import is_model_id
from nbtrack.recording.session import current_session
from nbtrack.records.runs import FileInfo

if TYPE_CHECKING:
    import PIL.Image

    from nbtrack.panels.artifacts.panel import ArtifactPanel
    from nbtrack.panels.artifacts.view import ArtifactsView


def list_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    tracking_uri: str | None = None,
) -> list[FileInfo]:
    """One level of a run's artifacts, or of *artifact_uri*. Raises RunNotFound, InvalidValue.

    Paths are relative to the run's folder, or to the one that the folder *artifact_uri* is in.
    """
    store, path = _locate(artifact_uri, run_id, artifact_path, tracking_uri)
    found = store.list(path)
    if artifact_uri is None or path is None:
        return found
    above = len(path.rstrip("/").rpartition("/")[0])  # a URI's own folder is what paths begin with
    return [replace(file, path=file.path[above:].lstrip("/")) for file in found]


def download_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    dst_path: str | None = None,
    tracking_uri: str | None = None,
) -> str:
    """A local path to the artifact; with *dst_path*, a copy there. Raises ArtifactNotFound."""
    store, path = _locate(artifact_uri, run_id, artifact_path, tracking_uri)
    return str(store.download(path, dst_path))


def show(run: object) -> ArtifactsView | ArtifactPanel:
    """The artifacts of a run to look at: a tree with previews in a notebook, elsewhere a list.

    *run* is an id, the beginning of one, a name, or a run. Raises NotFound, InvalidValue.
    """
    from nbtrack.panels.artifacts.showing import show_artifacts

    return show_artifacts(run)


def load_text(artifact_uri: str) -> str:
    store, path = _locate(artifact_uri, None, None, None)
    return store.read(path or "").decode("utf-8")


def load_dict(artifact_uri: str) -> Any:
    """A JSON or YAML artifact, by its suffix. Raises ArtifactNotFound, InvalidValue."""
    text = load_text(artifact_uri)
    if Path(artifact_uri).suffix.lower() in (".yaml", ".yml"):
        return _from_yaml(text, artifact_uri)
    try:
        return json.loads(text)
    except ValueError as exc:
        raise InvalidValue(f"{artifact_uri!r} holds no JSON: {exc}. load_text reads it.") from exc


def _from_yaml(text: str, artifact_uri: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as exc:
        raise InvalidValue(f"{artifact_uri!r} holds no YAML: {exc}. load_text reads it.") from exc


def load_image(artifact_uri: str) -> PIL.Image.Image:
    """An image artifact, as PIL has it. Raises ArtifactNotFound, InvalidValue."""
    import io

    store, path = _locate(artifact_uri, None, None, None)
    pillow, data = require("PIL.Image", extra="images"), store.read(path or "")
    try:
        image = pillow.open(io.BytesIO(data))
        image.load()
    except OSError as exc:
        raise InvalidValue(f"{artifact_uri!r} holds no image: {exc}.") from exc
    return image  # type: ignore[no-any-return]


def _locate(
    uri: str | None, run_id: str | None, path: str | None, tracking_uri: str | None
) -> tuple[ArtifactStore, str | None]:
    if (uri is None) == (run_id is None):
        raise InvalidValue("Give artifact_uri= or run_id=, and not both.")
    if uri is not None and path is not None:
        raise InvalidValue("Give artifact_path= with run_id= only: artifact_uri= has a path.")
    if uri is not None and uri.startswith("runs:"):
        # As text: a file's name may hold what has a meaning in other URIs, such as # ? and %.
        run_id, _, path = uri.removeprefix("runs:").strip("/").partition("/")
        uri = None
    if uri is not None and uri.startswith("models:"):
        return _of_model(uri, path, tracking_uri)
    if uri is not None:
        return _outside(uri, path)
    return MlflowClient(tracking_uri).artifacts_of(str(run_id)), path or None


def _of_model(
    uri: str, path: str | None, tracking_uri: str | None
) -> tuple[ArtifactStore, str | None]:
    """A logged model, `models:/<model id>/<path>`, or the registry's own copy of a version.

    Raises ModelNotFound, InvalidValue.
    """
    from nbtrack.models.registered_places import place_of_registered
    from nbtrack.recording.logged_models import find_model

    session = current_session()
    store = session.store if tracking_uri is None else session.store_for(tracking_uri)
    name, _, below = uri.partition(":")[2].strip("/").partition("/")
    if is_model_id(name):
        return open_artifacts(find_model(store, name).model.artifact_location), path or below
    return open_artifacts(str(place_of_registered(uri, store=store).folder)), path


def _outside(uri: str, path: str | None) -> tuple[ArtifactStore, str | None]:
    """A path or file: URI is that of one of the artifacts of the folder it is in; with a slash at
    its end, of all that it holds."""
    folder = folder_of(uri)
    if path is not None or uri.endswith("/") or not folder.name:
        return open_artifacts(uri), path
    return open_artifacts(str(folder.parent)), folder.name
