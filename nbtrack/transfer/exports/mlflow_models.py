"""Logged models as MLflow 3 keeps them: each in a folder of its own, below its experiment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.models.model_place import ModelPlace
from nbtrack.records.logged_models import LoggedModel, LoggedModelQuery, LoggedModelStatus
from nbtrack.records.runs import Metric, ViewType
from nbtrack.stores.store import Store
from nbtrack.transfer.exports.choosing import Choice
from nbtrack.transfer.exports.mlflow_run import write_yaml
from nbtrack.transfer.exports.outcome import Exported
from nbtrack.transfer.exports.project_records import paths_on_disk
from nbtrack.transfer.exports.written_files import (
    ExportFolder,
    copy_out,
    note,
    noted,
    write_texts,
)
from nbtrack.transfer.imports.digests import texts_digest
from nbtrack.transfer.imports.marks import without_mark


def leaving_models(
    store: Store, choice: Choice, experiments: Sequence[str]
) -> Iterator[LoggedModel]:
    """Those of the chosen runs; if all leave, also those of no run. Deleted ones, too."""
    runs = set(choice.run_ids)
    query = LoggedModelQuery(experiment_ids=tuple(experiments), view_type=ViewType.ALL)
    for model in store.search_logged_models(query) if experiments else []:
        if model.source_run_id in runs or (choice.is_all and not model.source_run_id):
            yield model


class ModelFolders:
    """*places* are the folders of artifacts of the models that are there, by id."""

    def __init__(
        self, store: Store, place: ExportFolder, homes: Mapping[str, Path], outcome: Exported
    ) -> None:
        self._store, self._place, self._homes, self._outcome = store, place, homes, outcome
        self.places: dict[str, Path] = {}

    def write(self, choice: Choice) -> None:
        for model in leaving_models(self._store, choice, list(self._homes)):
            self._write(model)
            self._outcome.models += 1

    def _write(self, model: LoggedModel) -> None:
        target = self._homes[model.experiment_id] / "models" / model.model_id
        known = self._known_files(model)
        digest = texts_digest(_meta(model, ""), model.params, model.tags, model.metrics, known)
        self.places[model.model_id] = target / "artifacts"
        if (before := noted(target)).get("digest") == digest:
            refused = before["refused"]
        else:
            made = self._place.new_folder()
            refused = self._fill(made, model, known, target)
            note(made, digest=digest, refused=refused)
            self._place.put(made, target)
        about = f"of logged model {model.model_id}"
        self._outcome.left_out |= {f"{what} {about}": why for what, why in refused.items()}

    def _known_files(self, model: LoggedModel) -> Mapping[str, str]:
        if not model.path:
            return self._store.list_model_files(model.model_id)
        records = self._store.list_artifact_records(str(model.source_run_id))
        start = f"{model.path}/"
        return {f.path[len(start) :]: str(f.sha256) for f in records if f.path.startswith(start)}

    def _fill(
        self, made: Path, model: LoggedModel, known: Mapping[str, str], target: Path
    ) -> dict[str, str]:
        write_yaml(made / "meta.yaml", _meta(model, (target / "artifacts").as_uri()))
        (made / "artifacts").mkdir()
        refused: dict[str, str] = {}
        for what, texts in (
            ("params", model.params),
            ("tags", without_mark(model.tags)),
            ("metrics", _point_lines(model.metrics or ())),
        ):
            refused |= write_texts(made / what, texts)
        artifacts = open_artifacts(model.artifact_location, run_id=model.model_id)
        paths = dict.fromkeys([*known, *paths_on_disk(artifacts)])
        _, missing = copy_out(artifacts, paths, made / "artifacts", link_from=self._in_run(model))
        return refused | missing

    def _in_run(self, model: LoggedModel) -> Path | None:
        """Where the same files are in what was exported of its run."""
        if not model.path:
            return None
        run = self._homes[model.experiment_id] / str(model.source_run_id)
        return run.joinpath("artifacts", *model.path.split("/"))

    def write_version(self, name: str, place: ModelPlace, home: str) -> str:
        """A registered version whose files are nowhere else any more, as a logged model of the
        experiment *home*: its id, by its content."""
        model_id = f"m-{texts_digest(name, place.recorded)[:32]}"
        target = self._homes[home] / "models" / model_id
        if model_id not in self.places and not noted(target):
            made = self._place.new_folder()
            model = LoggedModel(
                experiment_id=home, model_id=model_id, name=name, artifact_location="",
                creation_timestamp=0, last_updated_timestamp=0,
            )  # fmt: skip
            write_yaml(made / "meta.yaml", _meta(model, (target / "artifacts").as_uri()))
            artifacts = open_artifacts(str(place.folder))
            _, missing = copy_out(artifacts, paths_on_disk(artifacts), made / "artifacts")
            note(made, refused=missing)
            self._place.put(made, target)
        self.places[model_id] = target / "artifacts"
        return model_id


def _meta(model: LoggedModel, uri: str) -> dict[str, Any]:
    facts = {
        "artifact_location": uri,
        "creation_timestamp": model.creation_timestamp,
        "experiment_id": model.experiment_id,
        "last_updated_timestamp": model.last_updated_timestamp,
        "model_id": model.model_id,
        "model_type": model.model_type,
        "name": model.name,
        "source_run_id": model.source_run_id,
        "status": list(LoggedModelStatus).index(model.status),
        "status_message": model.status_message,
    }
    return facts | ({"lifecycle_stage": "deleted"} if model.lifecycle_stage == "deleted" else {})


def _point_lines(points: Sequence[Metric]) -> dict[str, str]:
    found: dict[str, str] = {}
    for point in points:
        words = [point.timestamp, repr(point.value), point.step, point.run_id]
        data = [point.dataset_name, point.dataset_digest]
        if all(each and not any(c.isspace() for c in each) for each in data):
            words += data  # a name with a space would be two words of the line
        found[point.key] = found.get(point.key, "") + " ".join(map(str, words)) + "\n"
    return found
