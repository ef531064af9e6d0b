"""A run as MLflow's store of plain files keeps it: a folder with files for everything.

See `sources.mlflow_files` for the layout, which is read back by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nbtrack.transfer.exports.project_records import LeavingRun, input_tags
from nbtrack.transfer.exports.written_files import copy_out, write_texts, write_whole
from nbtrack.transfer.imports.run_text import said_tags
from nbtrack.transfer.sources.mlflow_words import DATASET_FACTS, number_of_status
from nbtrack.transfer.sources.source_records import ModelLink, Points, SourceRun


def write_run(
    folder: Path, leaving: LeavingRun, *, uri: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Everything but its datasets; *uri* is where its artifacts will be. {path: sha256} of its
    files, and in words what could not be written."""
    run = leaving.run
    write_yaml(folder / "meta.yaml", _meta(run, uri))
    for name in ("params", "tags", "metrics", "artifacts"):  # without them, MLflow sees no run
        (folder / name).mkdir()
    refused = {
        f"{what} {key!r}": why
        for what, name, texts in (
            ("param", "params", run.params),
            ("tag", "tags", said_tags(run)),
            ("metric", "metrics", _point_lines(leaving.points)),
        )
        for key, why in write_texts(folder / name, texts).items()
    }
    for place, meta in [*_inputs(run), *map(_link, run.links)]:
        write_yaml(folder / place / "meta.yaml", meta)
    artifacts = leaving.artifacts()
    copied, missing = copy_out(artifacts, leaving.paths_in(artifacts), folder / "artifacts")
    return copied, refused | {f"file {path!r}": why for path, why in missing.items()}


def write_datasets(experiment: Path, run: SourceRun) -> None:
    for facts in run.inputs:
        file = experiment / "datasets" / _dataset_id(facts) / "meta.yaml"
        if not file.exists():
            meta: dict[str, Any] = {name: facts.get(name) for name in DATASET_FACTS}
            write_whole(file, yaml_text(meta))


def _meta(run: SourceRun, uri: str) -> dict[str, Any]:
    return {
        "artifact_uri": uri,
        "end_time": run.end,
        "entry_point_name": "",
        "experiment_id": run.experiment_id,
        "lifecycle_stage": "deleted" if run.is_deleted else "active",
        "run_id": run.run_id,
        "run_name": run.name,
        "run_uuid": run.run_id,
        "source_name": "",
        "source_type": 4,
        "source_version": "",
        "start_time": run.start,
        "status": number_of_status(run.status),
        "tags": [],
        "user_id": run.user,
    }


def _point_lines(points: Iterable[Points]) -> Mapping[str, str]:
    found: dict[str, list[str]] = {}
    for key, values, steps, times, _ in points:
        lines = (f"{t} {value!r} {step}\n" for value, step, t in zip(values, steps, times))
        found.setdefault(key, []).extend(lines)
    return {key: "".join(lines) for key, lines in found.items()}


def _inputs(run: SourceRun) -> Iterable[tuple[str, dict[str, Any]]]:
    for facts in run.inputs:
        dataset = _dataset_id(facts)
        yield (
            f"inputs/{_id_of(facts)}",
            {
                "destination_id": dataset,  # as MLflow's own
                "destination_type": "RUN",
                "source_id": dataset,
                "source_type": "DATASET",
                "tags": input_tags(facts),
            },
        )


def _link(link: ModelLink) -> tuple[str, dict[str, Any]]:
    is_output = link.role == "output"
    meta: dict[str, Any] = {
        "destination_id": link.model_id,
        "destination_type": "MODEL_OUTPUT" if is_output else "MODEL_INPUT",
        "source_id": link.model_id,
        "source_type": "RUN_OUTPUT" if is_output else "RUN_INPUT",
        "step": link.step,
        "tags": {},
    }
    return f"{link.role}s/{link.model_id}", meta


def _dataset_id(facts: Mapping[str, str]) -> str:
    return _id_of({name: facts.get(name) for name in DATASET_FACTS})


def _id_of(facts: Mapping[str, Any]) -> str:
    text = json.dumps(dict(facts), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def write_yaml(file: Path, facts: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml_text(facts), encoding="utf-8")


def yaml_text(facts: Mapping[str, Any]) -> str:
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # ten times as fast
    return str(yaml.dump(dict(facts), Dumper=dumper, allow_unicode=True))
