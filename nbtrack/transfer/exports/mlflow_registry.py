"""Registered models in a folder `mlruns`: `models/<name>/`, with a folder for each version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbtrack.errors import NbtrackError
from nbtrack.models.model_uris import locate
from nbtrack.models.registered_places import place_of_version
from nbtrack.recording.experiments import DEFAULT_ID
from nbtrack.records.ids import MODEL_ID, RUN_ID
from nbtrack.records.registry import ModelVersion, RegisteredModel, RegistryQuery
from nbtrack.stores.store import Store
from nbtrack.transfer.exports.choosing import Choice
from nbtrack.transfer.exports.mlflow_models import ModelFolders
from nbtrack.transfer.exports.mlflow_run import write_yaml
from nbtrack.transfer.exports.outcome import Exported
from nbtrack.transfer.exports.written_files import ExportFolder, write_texts
from nbtrack.transfer.imports.marks import without_mark

_OF_RUN = re.compile(rf"runs:/+({RUN_ID})/(.+)")
_OF_MODEL = re.compile(rf"models:/+({MODEL_ID})/?")


def leaving_versions(store: Store, choice: Choice) -> dict[str, list[ModelVersion]]:
    """Of each registered model, those that came from the chosen runs; if all leave, all."""
    runs = set(choice.run_ids)
    found: dict[str, list[ModelVersion]] = {}
    for version in store.search_model_versions(RegistryQuery()):
        if choice.is_all or version.run_id in runs:
            found.setdefault(version.name, []).append(version)
    return {name: sorted(some, key=lambda v: int(v.version)) for name, some in found.items()}


def digest_at(store: Store, source: str) -> str | None:
    """Of the model that is at the URI *source* now; None if there is none."""
    try:
        return locate(source, store=store).digest
    except (NbtrackError, OSError):
        return None


def owner_of(source: str) -> str:
    """The id of the run or logged model that the URI *source* names, or ""."""
    found = _OF_MODEL.fullmatch(source) or _OF_RUN.fullmatch(source)
    return found[1] if found else ""


def write_registry(
    store: Store, choice: Choice, place: ExportFolder, models: ModelFolders, outcome: Exported
) -> None:
    versions = leaving_versions(store, choice)
    for model in store.search_registered_models(RegistryQuery()):
        if choice.is_all or model.name in versions:
            writer = _Writer(store, set(choice.run_ids), place, models, outcome)
            writer.write(model, versions.get(model.name, []))


class _Writer:
    def __init__(
        self, store: Store, runs: set[str], place: ExportFolder, models: ModelFolders,
        outcome: Exported,
    ) -> None:  # fmt: skip
        self._store, self._runs, self._place = store, runs, place
        self._models, self._outcome = models, outcome

    def write(self, model: RegisteredModel, versions: Sequence[ModelVersion]) -> None:
        made = self._place.new_folder()
        write_yaml(made / "meta.yaml", _model_meta(model))
        there = {str(each.version) for each in versions}
        aliases = {alias: str(v) for alias, v in model.aliases.items() if str(v) in there}
        write_texts(made / "tags", without_mark(model.tags))
        write_texts(made / "aliases", aliases)
        for version in versions:
            self._write_version(made / f"version-{version.version}", version)
        self._place.put(made, self._place.folder / "models" / model.name)

    def _write_version(self, folder: Path, version: ModelVersion) -> None:
        try:
            source, storage = self._source(version)
        except NbtrackError as exc:
            self._outcome.left_out[f"version {version.version} of {version.name!r}"] = str(exc)
            return
        write_yaml(folder / "meta.yaml", _version_meta(version, source, storage))
        write_texts(folder / "tags", version.tags)
        self._outcome.versions += 1

    def _source(self, version: ModelVersion) -> tuple[str, str]:
        """Where its files come from, and where they are: in what was exported of its run or
        logged model, if they are the same there, else in a folder of their own."""
        own, source = place_of_version(self._store, version), version.source or ""
        if own.digest == digest_at(self._store, source):
            if (found := _OF_MODEL.fullmatch(source)) and found[1] in self._models.places:
                return source, self._models.places[found[1]].as_uri()
            if (found := _OF_RUN.fullmatch(source)) and found[1] in self._runs:
                return source, source
        home = self._home_of(version)
        model_id = self._models.write_version(version.name, own, home)
        return f"models:/{model_id}", self._models.places[model_id].as_uri()

    def _home_of(self, version: ModelVersion) -> str:
        if version.run_id in self._runs:
            return self._store.get_run(str(version.run_id)).info.experiment_id
        return DEFAULT_ID


def _model_meta(model: RegisteredModel) -> dict[str, Any]:
    return {
        "creation_timestamp": model.creation_timestamp,
        "description": model.description,
        "last_updated_timestamp": model.last_updated_timestamp or model.creation_timestamp,
        "name": model.name,
    }


def _version_meta(version: ModelVersion, source: str, storage: str) -> dict[str, Any]:
    return {
        "creation_timestamp": version.creation_timestamp,
        "current_stage": version.current_stage,
        "description": version.description,
        "last_updated_timestamp": version.last_updated_timestamp or version.creation_timestamp,
        "model_id": version.model_id,
        "name": version.name,
        "run_id": version.run_id,
        "run_link": version.run_link,
        "source": source,
        "status": "READY",
        "status_message": None,
        "storage_location": storage,
        "user_id": version.user_id,
        "version": int(version.version),
    }
