"""Runs as a folder `mlruns`, which MLflow opens with nothing but its path.

What is there and still the same is left as it is; so an export that was killed goes on, and one
that is repeated writes what is new. At the end all runs are read back, and compared.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from nbtrack.records.runs import Experiment
from nbtrack.stores.store import Store
from nbtrack.transfer.exports.choosing import Choice
from nbtrack.transfer.exports.mlflow_models import ModelFolders
from nbtrack.transfer.exports.mlflow_registry import write_registry
from nbtrack.transfer.exports.mlflow_run import write_datasets, write_run, write_yaml
from nbtrack.transfer.exports.outcome import Exported
from nbtrack.transfer.exports.project_records import LeavingRun, experiments_of, leaving_runs
from nbtrack.transfer.exports.written_files import (
    ExportFolder,
    export_folder,
    note,
    noted,
    write_texts,
)
from nbtrack.transfer.imports.checking import count_read
from nbtrack.transfer.imports.digests import RunPointsDigest, files_digest
from nbtrack.transfer.imports.kept_here import files_here
from nbtrack.transfer.imports.marks import without_mark
from nbtrack.transfer.sources.mlflow_files import FilesReader

Progress = Callable[[int, int, str], None]
_TRASH = ".trash"


def export_mlflow_folder(
    store: Store, choice: Choice, folder: Path, *, progress: Progress
) -> Exported:
    """Raises InvalidValue if *folder* has something else in it, StoreBusy."""
    folder = folder.expanduser().absolute()
    with export_folder(folder) as place:
        return _Export(store, choice, place, progress).all()


class _Export:
    def __init__(
        self, store: Store, choice: Choice, place: ExportFolder, progress: Progress
    ) -> None:
        self._store, self._choice, self._place, self._progress = store, choice, place, progress
        self._outcome = Exported(place=str(place.folder))
        self._homes: dict[str, Path] = {}  # of experiments, by id
        self._files: dict[str, dict[str, str]] = {}  # of runs: {path: sha256}

    def all(self) -> Exported:
        experiments = experiments_of(self._store)
        if self._choice.is_all:
            for each in experiments.values():
                self._write_experiment(each)
        total = len(self._choice.run_ids)
        for number, leaving in enumerate(
            leaving_runs(self._store, self._choice, self._outcome.here)
        ):
            self._progress(number, total, "runs")
            self._write_experiment(experiments[leaving.run.experiment_id])
            self._write_run(leaving)
        self._progress(total, total, "models")
        models = ModelFolders(self._store, self._place, self._homes, self._outcome)
        models.write(self._choice)
        write_registry(self._store, self._choice, self._place, models, self._outcome)
        self._progress(total, total, "comparing")
        self._read_back()
        return self._outcome

    def _write_experiment(self, experiment: Experiment) -> None:
        if experiment.experiment_id in self._homes:
            return
        is_deleted = experiment.lifecycle_stage == "deleted"
        root, id_ = self._place.folder, experiment.experiment_id
        home, other = root / id_, root / _TRASH / id_
        if is_deleted:
            home, other = other, home
        if other.exists():  # deleted since the last export, or restored
            home.parent.mkdir(exist_ok=True)
            os.rename(other, home)
        made = self._place.new_folder()
        write_yaml(made / "meta.yaml", _experiment_meta(experiment, (root / id_).as_uri()))
        write_texts(made / "tags", without_mark(experiment.tags))
        (made / "tags").mkdir(exist_ok=True)
        home.mkdir(parents=True, exist_ok=True)
        self._place.put(made / "tags", home / "tags")
        os.replace(made / "meta.yaml", home / "meta.yaml")
        self._homes[id_] = home

    def _write_run(self, leaving: LeavingRun) -> None:
        run = leaving.run
        home = self._homes[run.experiment_id]
        target = home / run.run_id
        before = noted(target)
        write_datasets(home, run)
        if before.get("digest") == leaving.digest:
            self._outcome.same += 1
            refused, self._files[run.run_id] = before["refused"], before["files"]
        else:
            made = self._place.new_folder()
            uri = (self._place.folder / run.experiment_id / run.run_id / "artifacts").as_uri()
            self._files[run.run_id], refused = write_run(made, leaving, uri=uri)
            facts = {"files": self._files[run.run_id], "refused": refused}
            note(made, digest=leaving.digest, **facts)
            self._outcome.renewed += bool(before)
            self._outcome.new += not before
            self._place.put(made, target)
        self._outcome.left_out |= {
            f"{what} of run {run.run_id}": why for what, why in refused.items()
        }

    def _read_back(self) -> None:
        there = self._outcome.there = type(self._outcome.here)()
        if not self._homes:
            return
        reader = FilesReader(self._place.folder)
        logged = files_here(self._choice.records, self._choice.run_ids)
        for run_id in self._choice.run_ids:
            digest = RunPointsDigest()
            for points in reader.points(run_id):
                digest.add(points.key, points.values, points.steps, points.times)
            # What somebody put beside those that were logged is not compared.
            files = {p: s for p, s in self._files[run_id].items() if p in logged.get(run_id, ())}
            count_read(
                there, reader.run(run_id), points=(digest.hexdigest(), digest.count),
                files=(files_digest(files), len(files)),
            )  # fmt: skip


def _experiment_meta(experiment: Experiment, uri: str) -> dict[str, object]:
    return {
        "artifact_location": uri,
        "creation_time": experiment.creation_time,
        "experiment_id": experiment.experiment_id,
        "last_update_time": experiment.last_update_time or experiment.creation_time,
        "lifecycle_stage": str(experiment.lifecycle_stage),
        "name": experiment.name,
    }
