"""Reading artifacts back, with the functions of `mlflow.artifacts`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from nbtrack.artifact_store import ArtifactStore, open_artifacts
from nbtrack.errors import InvalidValue
from nbtrack.fluent import get_run
from nbtrack.records import FileInfo


def list_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    tracking_uri: str | None = None,
) -> list[FileInfo]:
    """One level of a run's artifacts, or of *artifact_uri*. Raises RunNotFound, InvalidValue."""
    store, path = _locate(artifact_uri, run_id, artifact_path, tracking_uri)
    return store.list(path)


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


def load_text(artifact_uri: str) -> str:
    store, path = _locate(artifact_uri, None, None, None)
    return store.read(path or "").decode("utf-8")


def load_dict(artifact_uri: str) -> Any:
    """A JSON or YAML artifact, by its suffix."""
    text = load_text(artifact_uri)
    if Path(urlparse(artifact_uri).path).suffix.lower() in (".yaml", ".yml"):
        import yaml

        return yaml.safe_load(text)
    return json.loads(text)


def _locate(
    uri: str | None, run_id: str | None, path: str | None, tracking_uri: str | None
) -> tuple[ArtifactStore, str | None]:
    if (uri is None) == (run_id is None):
        raise InvalidValue("Give artifact_uri= or run_id=, and not both.")
    if uri is not None and uri.startswith("runs:"):
        run_id, _, path = unquote(urlparse(uri).path).strip("/").partition("/")
        uri = None
    if uri is not None:
        return _outside(uri, path)
    if tracking_uri is not None:
        from nbtrack.client import MlflowClient

        run = MlflowClient(tracking_uri).get_run(str(run_id))
    else:
        run = get_run(str(run_id))
    return open_artifacts(run.info.artifact_uri, run_id=run_id), path or None


def _outside(uri: str, path: str | None) -> tuple[ArtifactStore, str | None]:
    """A path or file: URI: a folder is a store, a file is one of its folder's artifacts."""
    parsed = urlparse(uri)
    place = Path(unquote(parsed.path) if parsed.scheme == "file" else uri)
    if path is None and place.is_file():
        return open_artifacts(str(place.parent)), place.name
    return open_artifacts(uri), path
