"""Where the registry keeps the version that a URI names: models:/<name>/<version>, …/<stage>,
…/latest, or models:/<name>@<alias>.

Names are taken as they are: "%20" is no space in them, as in MLflow.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.paths import folder_of
from nbtrack.errors import InvalidValue, ModelChanged
from nbtrack.lookup.registered_models import (
    creation_event,
    get_model,
    get_version,
    get_version_by_alias,
    newest_version,
)
from nbtrack.lookup.registry_names import check_stage
from nbtrack.models.model_place import ModelPlace
from nbtrack.records.registry import ModelVersion
from nbtrack.stores.store import Store


def place_of_registered(uri: str, *, store: Store) -> ModelPlace:
    """The copy that the registry keeps of the version that *uri* names.

    Raises ModelNotFound, InvalidValue.
    """
    return place_of_version(store, version_of_uri(store, uri))


def version_of_uri(store: Store, uri: str) -> ModelVersion:
    name, slash, which = uri.partition(":")[2].lstrip("/").partition("/")
    if slash and which:
        return _version_called(store, name, which)
    name, at, alias = name.rpartition("@")
    if slash or not (at and name and alias):
        raise InvalidValue(
            f"{uri!r} names no version; write models:/<name>/<version>, models:/<name>/<stage>, "
            "models:/<name>/latest or models:/<name>@<alias>."
        )
    return get_version_by_alias(store, name, alias)


def _version_called(store: Store, name: str, which: str) -> ModelVersion:
    if which.isdecimal():
        return get_version(store, name, which)
    model = get_model(store, name)
    if which.lower() == "latest":
        return newest_version(store, model)
    return newest_version(store, model, check_stage(which, model.stages, model=model.name))


def place_of_version(store: Store, version: ModelVersion) -> ModelPlace:
    """Where its copy is, with what was recorded of it. Raises ModelChanged if it is gone."""
    details: dict[str, Any] = json.loads(creation_event(store, version).details)
    folder = copies_folder(store).joinpath(*str(details["place"]).split("/"))
    files = open_artifacts(str(folder))
    if not files.list():
        raise ModelChanged(
            f"The files of version {version.version} of {version.name!r} are gone: there is no "
            f"folder {str(folder)!r}. Somebody removed it by hand; put it back, or register the "
            "model again."
        )
    return ModelPlace(
        folder=files.download(),
        recorded=details["files"],
        run_id=version.run_id,
        evidence=details.get("evidence"),
    )


def copies_folder(store: Store) -> Path:
    return folder_of(store.models_uri)
