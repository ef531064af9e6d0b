"""Reading an `mlruns` folder, MLflow's store of plain files, of MLflow 1 to 3.

<experiment>/meta.yaml, tags/          .trash/<experiment>/ if it was deleted
<experiment>/<run>/meta.yaml, params/, tags/, metrics/, inputs/, outputs/, artifacts/
<experiment>/datasets/<id>/meta.yaml   <experiment>/models/<id>/ of MLflow 3
models/<name>/                         the registry, see `mlflow_files_registry`
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.recording.measured import is_model_id
from nbtrack.records.ids import is_run_id
from nbtrack.transfer.sources.meta_files import numbers_in, read_meta, texts_below
from nbtrack.transfer.sources.mlflow_files_registry import read_registered_models
from nbtrack.transfer.sources.mlflow_words import (
    DATASET_FACTS,
    input_facts,
    left_out_traces,
    model_status,
    run_status,
    settled_links,
)
from nbtrack.transfer.sources.source_files import MlflowReader
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    ModelLink,
    ModelPoint,
    Points,
    SourceExperiment,
    SourceModel,
    SourceRegisteredModel,
    SourceRun,
)

_TRASH, _REGISTRY = ".trash", "models"


class FilesReader(MlflowReader):
    def __init__(self, folder: Path) -> None:
        """Raises InvalidValue if *folder* holds no experiment."""
        self._root = folder
        self.title = str(folder)
        self._folder = str(folder.parent)
        self._experiments = dict(_experiment_folders(folder))
        if not self._experiments:
            raise InvalidValue(
                f"{str(folder)!r} is no store of MLflow: no folder in it has a meta.yaml. "
                "Name the folder mlruns itself."
            )

    def close(self) -> None:
        """Nothing stays open."""

    def _near(self, artifact_uri: str, owner: str) -> Iterable[str]:
        _ = artifact_uri  # it lies with the owner, wherever it was before
        home = self._runs.get(owner) or self._models.get(owner)
        return [] if home is None else [str(home / "artifacts")]

    # --- experiments and runs

    def experiments(self) -> Iterator[SourceExperiment | BrokenRecord]:
        for experiment_id, folder in self._experiments.items():
            try:
                yield self._experiment(experiment_id, folder)
            except BrokenRecord as exc:
                yield BrokenRecord(f"experiment {experiment_id!r}: {exc}")

    def _experiment(self, experiment_id: str, folder: Path) -> SourceExperiment:
        meta = read_meta(folder)
        if str(meta.get("experiment_id")) != experiment_id or not meta.get("name"):
            raise BrokenRecord("its meta.yaml is of another experiment, or cut")
        return SourceExperiment(
            experiment_id=experiment_id,
            name=str(meta["name"]),
            artifact_location=str(meta.get("artifact_location") or ""),
            is_deleted=folder.parent.name == _TRASH or meta.get("lifecycle_stage") == "deleted",
            created=_whole(meta.get("creation_time")),
            tags=texts_below(folder / "tags"),
        )

    @cached_property
    def _runs(self) -> dict[str, Path]:
        return {
            run.name: run for folder in self._experiments.values() for run in _run_folders(folder)
        }

    @cached_property
    def _models(self) -> dict[str, Path]:
        folders = (folder / "models" for folder in self._experiments.values())
        return {model.name: model for folder in folders for model in _subfolders(folder)}

    def run_ids(self) -> Sequence[str]:
        return list(self._runs)

    def run(self, run_id: str) -> SourceRun:
        folder = self._runs[run_id]
        meta = read_meta(folder)
        if run_id not in (meta.get("run_id"), meta.get("run_uuid")):
            raise BrokenRecord("its meta.yaml is of another run, or cut")
        if str(meta.get("experiment_id")) != folder.parent.name or "lifecycle_stage" not in meta:
            raise BrokenRecord("its meta.yaml is cut, or names another experiment")
        tags = texts_below(folder / "tags")
        return SourceRun(
            run_id=run_id,
            experiment_id=folder.parent.name,
            name=tags.get("mlflow.runName") or str(meta.get("run_name") or meta.get("name") or ""),
            status=run_status(meta.get("status")),
            user=tags.get("mlflow.user") or str(meta.get("user_id") or ""),
            start=_whole(meta.get("start_time")),
            end=_whole(meta.get("end_time")),
            is_deleted=meta["lifecycle_stage"] == "deleted",
            artifact_uri=str(meta.get("artifact_uri") or ""),
            params=texts_below(folder / "params"),
            tags=tags,
            inputs=list(self._inputs(folder)),
            links=settled_links(_links(folder)),
            model_points=self._model_points.get(run_id, ()),
        )

    def points(self, run_id: str) -> Iterator[Points]:
        for key, lines in sorted(numbers_in(self._runs[run_id] / "metrics")):
            values, steps, times = zip(*(_point(key, line) for line in lines))
            yield Points(key, values, steps, times)

    def _inputs(self, run: Path) -> Iterator[Mapping[str, str]]:
        for folder in _subfolders(run / "inputs"):
            meta = read_meta(folder)
            if meta.get("source_type") != "DATASET":
                continue
            data = read_meta(_within(run.parent / "datasets", str(meta.get("source_id"))))
            tags = meta.get("tags") or {}
            if not isinstance(tags, dict):
                raise BrokenRecord(f"the tags of an input are {str(tags)[:80]!r}")
            tags = {str(key): str(value) for key, value in tags.items()}
            yield input_facts([data.get(name) for name in DATASET_FACTS], tags)

    # --- models

    def logged_models(self) -> Iterator[SourceModel | BrokenRecord]:
        for model_id, folder in self._models.items():
            try:
                yield _model(model_id, folder)
            except BrokenRecord as exc:
                yield BrokenRecord(f"logged model {model_id!r}: {exc}")

    @cached_property
    def _model_points(self) -> dict[str, list[ModelPoint]]:
        """By run: MLflow keeps them with the model."""
        found: dict[str, list[ModelPoint]] = {}
        for model_id, folder in self._models.items():
            for key, lines in numbers_in(folder / "metrics"):
                for line in lines:
                    if len(line) not in (4, 6):
                        continue  # of no run; the model's run is said to be broken by its points
                    value, step, time = _point(key, line[:3])
                    point = ModelPoint(model_id, key, value, step, time, *line[4:])
                    found.setdefault(line[3], []).append(point)
        return found

    def leftovers(self) -> Mapping[str, str]:
        folders = (folder / "traces" for folder in self._experiments.values())
        return left_out_traces(sum(len(_subfolders(folder)) for folder in folders))

    def registered_models(self) -> Iterator[SourceRegisteredModel | BrokenRecord]:
        return read_registered_models(self._root / _REGISTRY)


def _model(model_id: str, folder: Path) -> SourceModel:
    meta = read_meta(folder)
    if meta.get("model_id") != model_id:
        raise BrokenRecord("its meta.yaml is of another model, or cut")
    return SourceModel(
        model_id=model_id,
        experiment_id=folder.parent.parent.name,
        name=str(meta.get("name") or "model"),
        artifact_uri=str(meta.get("artifact_location") or ""),
        status=model_status(meta.get("status")),
        is_deleted=meta.get("lifecycle_stage") == "deleted",
        model_type=meta.get("model_type"),
        source_run_id=meta.get("source_run_id"),
        params=texts_below(folder / "params"),
        tags=texts_below(folder / "tags"),
    )


def _links(run: Path) -> Iterator[ModelLink]:
    for role, place in (("input", run / "inputs"), ("output", run / "outputs")):
        for folder in _subfolders(place):
            meta = read_meta(folder)
            ids = (str(meta.get(name)) for name in ("source_id", "destination_id"))
            if meta.get("source_type") != "DATASET":
                yield ModelLink(
                    next(filter(is_model_id, ids), ""), role, _whole(meta.get("step")) or 0
                )


def _point(key: str, fields: Sequence[str]) -> tuple[float, int, int]:
    """MLflow 1.0 wrote no step. Raises BrokenRecord."""
    try:
        step = int(fields[2]) if len(fields) > 2 else 0
        return float(fields[1]), step, int(fields[0])
    except (ValueError, IndexError):
        raise BrokenRecord(f"the metric {key!r} has the line {' '.join(fields)!r:.80}") from None


def _experiment_folders(root: Path) -> Iterator[tuple[str, Path]]:
    for place in (root, root / _TRASH):
        for folder in _subfolders(place):
            if folder.name not in (_TRASH, _REGISTRY) and (folder / "meta.yaml").is_file():
                yield folder.name, folder


def _run_folders(experiment: Path) -> list[Path]:
    return [each for each in _subfolders(experiment) if is_run_id(each.name)]


def _subfolders(folder: Path) -> list[Path]:
    """Sorted, without links: they may lead anywhere."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / name for name in names]


def _within(folder: Path, name: str) -> Path:
    """Raises BrokenRecord for a *name* that leads out of it."""
    if not name or name in (".", "..") or "/" in name or "\\" in name or "\0" in name:
        raise BrokenRecord(f"it names {name!r:.80}, which is no id")
    return folder / name


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
