"""Records as MLflow's protocol writes them: its `service.proto` and `model_registry.proto`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from nbtrack.records.logged_models import LoggedModel, LoggedModelStatus
from nbtrack.records.registry import ModelVersion, RegisteredModel
from nbtrack.records.runs import Experiment, FileInfo, Metric, PagedList, Run, RunInfo
from nbtrack.server.artifact_places import as_seen, model_place, run_place, version_place

Json = dict[str, Any]
_MODEL_STATUS = {
    LoggedModelStatus.UNSPECIFIED: "LOGGED_MODEL_STATUS_UNSPECIFIED",
    LoggedModelStatus.PENDING: "LOGGED_MODEL_PENDING",
    LoggedModelStatus.READY: "LOGGED_MODEL_READY",
    LoggedModelStatus.FAILED: "LOGGED_MODEL_UPLOAD_FAILED",
}
MODEL_STATUS_OF = {name: status for status, name in _MODEL_STATUS.items()}


def said(**fields: Any) -> Json:
    """Without those that have no value: the protocol leaves them out."""
    return {name: value for name, value in fields.items() if value is not None}


def page(name: str, found: PagedList[Any], records: Iterable[Json]) -> Json:
    return said(**{name: list(records), "next_page_token": found.token})


def pairs(values: Mapping[str, str]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in values.items()]


def number(value: float) -> float | str:
    """JSON has no NaN and no infinities."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def experiment(found: Experiment) -> Json:
    return said(
        experiment_id=found.experiment_id,
        name=found.name,
        artifact_location=as_seen(
            found.artifact_location, f"mlflow-artifacts:/experiments/{found.experiment_id}"
        ),
        lifecycle_stage=str(found.lifecycle_stage),
        creation_time=found.creation_time,
        last_update_time=found.last_update_time,
        tags=pairs(found.tags),
    )


def run_info(info: RunInfo) -> Json:
    return said(
        run_id=info.run_id,
        run_uuid=info.run_id,
        run_name=info.run_name,
        experiment_id=info.experiment_id,
        user_id=info.user_id,
        status=str(info.status),
        start_time=info.start_time,
        end_time=info.end_time,
        artifact_uri=as_seen(info.artifact_uri, run_place(info.run_id)),
        lifecycle_stage=str(info.lifecycle_stage),
    )


def metric(point: Metric) -> Json:
    about = said(
        model_id=point.model_id,
        dataset_name=point.dataset_name,
        dataset_digest=point.dataset_digest,
        run_id=point.run_id,
    )
    value = number(point.value)
    return {
        "key": point.key,
        "value": value,
        "timestamp": point.timestamp,
        "step": point.step,
    } | about


def run(found: Run, latest: Mapping[str, Metric] | None = None) -> Json:
    """*latest* are the points of its metrics; without them, only their values are told."""
    points = latest or {}
    return {
        "info": run_info(found.info),
        "data": {
            "metrics": [
                metric(points[key]) if key in points else {"key": key, "value": number(value)}
                for key, value in found.data.metrics.items()
            ],
            "params": pairs(found.data.params),
            "tags": pairs(found.data.tags),
        },
        "inputs": {
            "dataset_inputs": [_dataset_input(each) for each in found.inputs.dataset_inputs],
            "model_inputs": [{"model_id": e.model_id} for e in found.inputs.model_inputs],
        },
        "outputs": {
            "model_outputs": [
                {"model_id": each.model_id, "step": each.step}
                for each in found.outputs.model_outputs
            ]
        },
    }


def _dataset_input(found: Any) -> Json:
    dataset = said(**found.dataset.to_dictionary())
    tags = [{"key": tag.key, "value": tag.value} for tag in found.tags]
    return {"dataset": dataset, "tags": tags}


def file(found: FileInfo) -> Json:
    return said(path=found.path, is_dir=found.is_dir, file_size=found.file_size)


def logged_model(found: LoggedModel) -> Json:
    place = as_seen(found.artifact_location, model_place(found.model_id))
    info = said(
        model_id=found.model_id,
        experiment_id=found.experiment_id,
        name=found.name,
        creation_timestamp_ms=found.creation_timestamp,
        last_updated_timestamp_ms=found.last_updated_timestamp,
        artifact_uri=place,
        status=_MODEL_STATUS[found.status],
        model_type=found.model_type,
        source_run_id=found.source_run_id,
        status_message=found.status_message,
        tags=pairs(found.tags),
    )
    metrics = [metric(point) for point in found.metrics or ()]
    return {"info": info, "data": {"params": pairs(found.params), "metrics": metrics}}


def model_version(found: ModelVersion) -> Json:
    return said(
        name=found.name,
        version=found.version,
        creation_timestamp=found.creation_timestamp,
        last_updated_timestamp=found.last_updated_timestamp,
        user_id=found.user_id,
        current_stage=found.current_stage,
        description=found.description,
        source=_source(found),
        run_id=found.run_id,
        status=found.status,
        status_message=found.status_message,
        tags=pairs(found.tags),
        run_link=found.run_link,
        aliases=list(found.aliases),
        model_id=found.model_id,
    )


def _source(found: ModelVersion) -> str | None:
    """A version of a folder of the server is read from its own copy."""
    if found.source is None or found.source.startswith(("runs:/", "models:/")):
        return found.source
    return as_seen(found.source, version_place(found.name, found.version))


def registered_model(found: RegisteredModel) -> Json:
    return said(
        name=found.name,
        creation_timestamp=found.creation_timestamp,
        last_updated_timestamp=found.last_updated_timestamp,
        description=found.description,
        latest_versions=[model_version(each) for each in found.latest_versions],
        tags=pairs(found.tags),
        aliases=[{"alias": a, "version": version} for a, version in found.aliases.items()],
    )
