"""Experiments, logged models and the registry as rows of tables, and the models' files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.errors import NbtrackError
from nbtrack.models.registered_places import place_of_version
from nbtrack.recording.experiments import DEFAULT_ID
from nbtrack.records.logged_models import LoggedModel
from nbtrack.records.registry import ModelVersion, RegistryQuery
from nbtrack.stores.store import Store
from nbtrack.transfer.exports.choosing import Choice
from nbtrack.transfer.exports.mlflow_models import leaving_models
from nbtrack.transfer.exports.mlflow_registry import digest_at, leaving_versions, owner_of
from nbtrack.transfer.exports.outcome import Exported
from nbtrack.transfer.exports.project_records import experiments_of
from nbtrack.transfer.exports.table_columns import OF_OTHERS
from nbtrack.transfer.imports.digests import texts_digest
from nbtrack.transfer.imports.marks import without_mark

Row = Sequence[str | None]
# Puts the files of a model, {path: sha256 or None} and what else is in its place, into the export.
CopyModel = Callable[[str, ArtifactStore, Mapping[str, str | None]], None]


class ModelTables:
    """*rows* of each table of OF_OTHERS, once `collect` was called."""

    def __init__(self, store: Store, choice: Choice, copy: CopyModel, outcome: Exported) -> None:
        self._store, self._choice, self._copy, self._outcome = store, choice, copy, outcome
        self._models: set[str] = set()
        self.rows: dict[str, list[Row]] = {name: [] for name in OF_OTHERS}

    def collect(self) -> None:
        experiments = experiments_of(self._store)
        for each in experiments.values():
            self._add("experiments", each)
            self._add_texts("experiment_tags", [each.experiment_id], each.tags)
        for model in leaving_models(self._store, self._choice, list(experiments)):
            self._add_model(model)
        self._outcome.models = len(self._models)
        self._collect_registry()

    def _add_model(self, model: LoggedModel) -> None:
        self._add("models", model)
        self._add_texts("model_params", [model.model_id], model.params)
        self._add_texts("model_tags", [model.model_id], model.tags)
        self._models.add(model.model_id)
        if not model.path:
            known = self._store.list_model_files(model.model_id)
            place = open_artifacts(model.artifact_location, run_id=model.model_id)
            self._copy(model.model_id, place, known)

    def _collect_registry(self) -> None:
        versions = leaving_versions(self._store, self._choice)
        for model in self._store.search_registered_models(RegistryQuery()):
            if self._choice.is_all or model.name in versions:
                self._add("registered_models", model)
                self._add_texts("registered_model_tags", [model.name], model.tags)
        for each in (version for some in versions.values() for version in some):
            try:
                self._add("versions", each, files=self._files_of(each))
            except NbtrackError as exc:
                what = f"version {each.version} of {each.name!r}"
                self._outcome.left_out[what] = str(exc)
                continue
            self._add_texts("version_tags", [each.name, str(each.version)], each.tags)
            self._outcome.versions += 1

    def _files_of(self, version: ModelVersion) -> str:
        """The URI of what has them here: where they came from, if they are the same there still,
        else a model of their own, as MLflow's folder has it too."""
        own, source = place_of_version(self._store, version), version.source or ""
        is_leaving = owner_of(source) in {*self._choice.run_ids, *self._models}
        if is_leaving and own.digest == digest_at(self._store, source):
            return source
        model_id = f"m-{texts_digest(version.name, own.recorded)[:32]}"
        if model_id not in self._models:
            self._models.add(model_id)
            self.rows["models"].append(
                [model_id, version.name, self._home_of(version), None, "READY", None, "", "active"]
            )
            self._copy(model_id, open_artifacts(str(own.folder)), dict(own.recorded or {}))
        return f"models:/{model_id}"

    def _home_of(self, version: ModelVersion) -> str:
        if version.run_id in set(self._choice.run_ids):
            return self._store.get_run(str(version.run_id)).info.experiment_id
        return DEFAULT_ID

    def _add(self, table: str, record: object, **more: str) -> None:
        row = [more[c] if c in more else _text_of(record, c) for c in OF_OTHERS[table]]
        self.rows[table].append(row)

    def _add_texts(self, table: str, owner: Row, texts: Mapping[str, str]) -> None:
        self.rows[table] += _rows_of(owner, without_mark(texts))


def _rows_of(owner: Row, texts: Mapping[str, str]) -> Iterator[Row]:
    return ([*owner, key, value] for key, value in texts.items())


def _text_of(record: object, name: str) -> str | None:
    value = getattr(record, name)
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return None if value is None else str(value)
