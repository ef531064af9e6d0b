"""Logged and registered models, written by MLflow's own client.

A logged model has the id that it has here as a tag there; a registered version that is there is
left as it is. MLflow finds no deleted model again, so its experiment there has a tag for each.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.errors import InvalidValue, NbtrackError
from nbtrack.models.model_uris import place_of_logged
from nbtrack.models.registered_places import place_of_version
from nbtrack.recording.experiments import DEFAULT_ID
from nbtrack.records.ids import MODEL_ID
from nbtrack.records.logged_models import LoggedModel
from nbtrack.records.registry import NO_STAGE, ModelVersion, RegisteredModel, RegistryQuery
from nbtrack.records.runs import LifecycleStage
from nbtrack.stores.store import Store
from nbtrack.transfer.exports.choosing import Choice
from nbtrack.transfer.exports.mlflow_models import leaving_models
from nbtrack.transfer.exports.mlflow_registry import leaving_versions
from nbtrack.transfer.exports.outcome import Exported
from nbtrack.transfer.exports.project_records import paths_on_disk
from nbtrack.transfer.exports.written_files import copy_out
from nbtrack.transfer.imports.marks import DELETED_MODEL, without_mark

OWN_ID = "nbtrack.model_id"
OWN_VERSION = "nbtrack.version"
_NO_ADDRESS = "ENDPOINT_NOT_FOUND"  # in MLflow's client: a 404 that no server of its own explains
_OF_MODEL = re.compile(rf"models:/+({MODEL_ID})/?")


class ModelsThere:
    def __init__(self, store: Store, client: Any, outcome: Exported) -> None:
        self._store, self._client, self._outcome = store, client, outcome
        self._ids: dict[str, str] = {}  # of logged models there that are not deleted, by ids here
        self._known: dict[str, Any] = {}  # by the ids that they have here

    def check(self) -> None:
        """Raises InvalidValue if the server has no such thing as logged models: before a run is
        written."""
        from mlflow.exceptions import MlflowException

        try:
            self._client.search_logged_models([DEFAULT_ID], max_results=1)
        except MlflowException as exc:
            if exc.error_code != _NO_ADDRESS:
                raise
            raise InvalidValue(
                f"{self._outcome.place} has no logged models, as before MLflow 3: exports go to "
                "MLflow 3. nbtrack export --mlflow FOLDER makes a folder that MLflow opens."
            ) from exc

    def bring(self, choice: Choice, homes: Mapping[str, str], runs: Mapping[str, str]) -> None:
        """*homes* and *runs* are ids there, by ids here."""
        self._known = known = self._models_there({*homes.values(), DEFAULT_ID})
        gone = self._deleted_there(homes.values())
        for model in leaving_models(self._store, choice, list(homes)):
            self._outcome.models += 1
            there = known.get(model.model_id)
            if there is None and model.model_id in gone:
                continue
            if there is None or there.status != model.status:
                there = self._bring_model(model, homes, runs, there)
            if model.lifecycle_stage == LifecycleStage.DELETED:
                self._delete(model.model_id, there)
            else:
                self._ids[model.model_id] = there.model_id
        versions = leaving_versions(self._store, choice)
        for registered in self._store.search_registered_models(RegistryQuery()):
            if choice.is_all or registered.name in versions:
                self._bring_registered(registered, versions.get(registered.name, []), runs)

    def _models_there(self, homes: Iterable[str]) -> dict[str, Any]:
        """Those that are not deleted."""
        found: dict[str, Any] = {}
        for home in homes:
            token = None
            while True:
                page = self._client.search_logged_models([home], max_results=1000, page_token=token)
                found |= {own: model for model in page if (own := model.tags.get(OWN_ID))}
                if (token := page.token) is None:
                    break
        return found

    def _deleted_there(self, homes: Iterable[str]) -> set[str]:
        """By their ids here."""
        tags = (key for home in homes for key in self._client.get_experiment(home).tags)
        return {k.removeprefix(DELETED_MODEL) for k in tags if k.startswith(DELETED_MODEL)}

    def _delete(self, own_id: str, there: Any) -> None:
        tag = f"{DELETED_MODEL}{own_id}"
        self._client.set_experiment_tag(there.experiment_id, tag, there.model_id)
        self._client.delete_logged_model(there.model_id)

    def _bring_model(
        self, model: LoggedModel, homes: Mapping[str, str], runs: Mapping[str, str], there: Any
    ) -> Any:
        """Its status comes last: one that is not READY is filled again the next time."""
        from mlflow.entities import LoggedModelOutput

        run_id = runs.get(model.source_run_id or "")
        if there is None:
            there = self._client.create_logged_model(
                homes[model.experiment_id], name=model.name, source_run_id=run_id,
                tags={**without_mark(model.tags), OWN_ID: model.model_id}, params=model.params,
                model_type=model.model_type,
            )  # fmt: skip
        artifacts = open_artifacts(model.artifact_location, run_id=model.model_id)
        with tempfile.TemporaryDirectory() as name:
            copy_out(artifacts, paths_on_disk(artifacts), Path(name))
            self._client.log_model_artifacts(there.model_id, name)
        if run_id is not None:
            self._client.log_outputs(run_id, [LoggedModelOutput(there.model_id, step=0)])
        if model.status in ("READY", "FAILED"):
            there = self._client.finalize_logged_model(there.model_id, str(model.status))
        return there

    def _bring_registered(
        self, model: RegisteredModel, versions: list[ModelVersion], runs: Mapping[str, str]
    ) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.get_registered_model(model.name)
        except MlflowException:
            tags = without_mark(model.tags)
            self._client.create_registered_model(model.name, tags, model.description)
        found = self._client.search_model_versions(f"name = '{model.name}'")
        numbers = {v.tags.get(OWN_VERSION): v.version for v in found}
        for version in versions:
            if version.version not in numbers:
                number = self._bring_version(version, runs)
                numbers[version.version] = number
            self._outcome.versions += numbers[version.version] is not None
        for alias, version_here in model.aliases.items():
            if (number := numbers.get(str(version_here))) is not None:
                self._client.set_registered_model_alias(model.name, alias, number)

    def _bring_version(self, version: ModelVersion, runs: Mapping[str, str]) -> str | None:
        """Its number there, which may be another one: MLflow counts them itself."""
        what = f"version {version.version} of {version.name!r}"
        try:
            source = self._source(version)
        except NbtrackError as exc:
            self._outcome.left_out[what] = str(exc)
            return None
        made = self._client.create_model_version(
            version.name, source, run_id=runs.get(version.run_id or ""),
            model_id=source.removeprefix("models:/"),  # a server of later MLflow 3 compares them
            tags={**version.tags, OWN_VERSION: version.version}, description=version.description,
        )  # fmt: skip
        if version.current_stage != NO_STAGE:
            with catch_warnings():
                simplefilter("ignore")  # that stages are going out
                self._client.transition_model_version_stage(
                    version.name, made.version, version.current_stage
                )
        if str(made.version) != version.version:
            self._outcome.left_out[f"the number of {what}"] = f"it is {made.version} there"
        return str(made.version)

    def _source(self, version: ModelVersion) -> str:
        """The address of a logged model there."""
        found = _OF_MODEL.fullmatch(version.source or "")
        own = place_of_version(self._store, version)
        if found and found[1] in self._ids and self._is_same(found[1], own.digest):
            return f"models:/{self._ids[found[1]]}"
        return self._copied(version, own.folder)

    def _is_same(self, model_id: str, digest: str | None) -> bool:
        model = self._store.look_up_model(model_id).model
        return place_of_logged(self._store, model).digest == digest

    def _copied(self, version: ModelVersion, folder: Path) -> str:
        """The registry's own copy, as a logged model there."""
        own_id = f"{version.name}/{version.version}"
        if (there := self._known.get(own_id)) is None:
            there = self._client.create_logged_model(
                DEFAULT_ID, name="registered", tags={OWN_ID: own_id}
            )
        self._client.log_model_artifacts(there.model_id, str(folder))
        self._client.finalize_logged_model(there.model_id, "READY")
        return f"models:/{there.model_id}"
