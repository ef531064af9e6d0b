"""Runs, and what is logged to them: /mlflow/runs/…, /mlflow/artifacts/list."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.records.runs import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    Run,
    RunTag,
)
from nbtrack.records.tags import RUN_NAME_TAG
from nbtrack.remote.protocol import RUNS
from nbtrack.server.artifact_places import Place, as_seen, run_place
from nbtrack.server.asked import Asked
from nbtrack.server.mlflow_protocol import wire
from nbtrack.server.mlflow_protocol.experiments import view_type
from nbtrack.server.mlflow_protocol.wire import Json
from nbtrack.server.served import Served

USUAL_RESULTS, MOST_RESULTS = 1000, 50_000
_SOURCE_TAG = "mlflow.source.name"
_HISTORY_TAG = "mlflow.log-model.history"  # where clients before 3.0 look for models of a run


def create(served: Served, asked: Asked) -> Json:
    tags = asked.pairs("tags")
    if user := asked.text("user_id"):
        tags.setdefault("mlflow.user", user)
    run = served.client.create_run(
        asked.text("experiment_id") or "0",
        start_time=asked.whole("start_time"),
        tags=tags,
        run_name=asked.text("run_name") or tags.get(RUN_NAME_TAG) or _name_of_source(tags),
    )
    return {"run": wire.run(run)}


def get(served: Served, asked: Asked) -> Json:
    found = served.client.get_run(_run_id(asked))
    return {"run": _runs(served, [found])[0]}


def search(served: Served, asked: Asked) -> Json:
    found = served.client.search_runs(
        asked.texts("experiment_ids"),
        filter_string=asked.text("filter") or "",
        run_view_type=view_type(asked, "run_view_type"),
        max_results=asked.most(usual=USUAL_RESULTS, limit=MOST_RESULTS),
        order_by=asked.texts("order_by"),
        page_token=asked.text("page_token"),
    )
    return wire.page("runs", found, _runs(served, found))


def update(served: Served, asked: Asked) -> Json:
    run_id, status = _run_id(asked), asked.text("status")
    if name := asked.text("run_name"):
        served.client.update_run(run_id, name=name)
    if status:
        served.client.set_terminated(run_id, status, asked.whole("end_time"))
    return {"run_info": wire.run_info(served.client.get_run(run_id).info)}


def delete(served: Served, asked: Asked) -> Json:
    served.client.delete_run(_run_id(asked))
    return {}


def restore(served: Served, asked: Asked) -> Json:
    served.client.restore_run(_run_id(asked))
    return {}


def log_metric(served: Served, asked: Asked) -> Json:
    served.client.log_batch(_run_id(asked), metrics=[_point(asked)])
    return {}


def log_param(served: Served, asked: Asked) -> Json:
    served.client.log_param(_run_id(asked), asked.needed("key"), asked.text("value") or "")
    return {}


def log_batch(served: Served, asked: Asked) -> Json:
    served.client.log_batch(
        _run_id(asked),
        metrics=[_point(each) for each in asked.records("metrics")],
        params=[Param(key, value) for key, value in asked.pairs("params").items()],
        tags=[RunTag(key, value) for key, value in asked.pairs("tags").items()],
    )
    return {}


def set_tag(served: Served, asked: Asked) -> Json:
    served.client.set_tag(_run_id(asked), asked.needed("key"), asked.text("value") or "")
    return {}


def delete_tag(served: Served, asked: Asked) -> Json:
    served.client.delete_tag(_run_id(asked), asked.needed("key"))
    return {}


def log_inputs(served: Served, asked: Asked) -> Json:
    datasets = [_dataset_input(each) for each in asked.records("datasets")]
    models = [LoggedModelInput(each.needed("model_id")) for each in asked.records("models")]
    served.client.log_inputs(_run_id(asked), datasets, models)
    return {}


def log_outputs(served: Served, asked: Asked) -> Json:
    models = [
        LoggedModelOutput(each.needed("model_id"), each.whole("step") or 0)
        for each in asked.records("models")
    ]
    served.client.log_outputs(_run_id(asked), models)
    return {}


def log_model(served: Served, asked: Asked) -> Json:
    """What clients before 3.0 say of a model whose files they have logged."""
    run_id = _run_id(asked)
    try:
        told = json.loads(asked.needed("model_json"))
    except ValueError:
        raise InvalidValue("model_json is no JSON.") from None
    before = json.loads(served.client.get_run(run_id).data.tags.get(_HISTORY_TAG, "[]"))
    served.client.set_tag(run_id, _HISTORY_TAG, json.dumps([*before, told]))
    return {}


def list_files(served: Served, asked: Asked) -> Json:
    run_id = _run_id(asked)
    info = served.client.get_run(run_id).info
    files = served.files(Place(RUNS, run_id, "")).list(asked.text("path") or None)
    place = as_seen(info.artifact_uri, run_place(run_id))
    return {"root_uri": place, "files": list(map(wire.file, files))}


def _runs(served: Served, found: Sequence[Run]) -> list[Json]:
    points = served.store.read_latest_points([run.info.run_id for run in found if run.data.metrics])
    return [wire.run(run, points.get(run.info.run_id)) for run in found]


def _name_of_source(tags: Mapping[str, str]) -> str:
    """What runs without a name are called: the script or notebook that logs to them."""
    return PurePath(tags.get(_SOURCE_TAG, "")).name or "run"


def _run_id(asked: Asked) -> str:
    return asked.needed("run_id", "run_uuid")


def _point(asked: Asked) -> Metric:
    return Metric(
        asked.needed("key"),
        asked.number("value"),
        asked.needed_whole("timestamp"),
        asked.whole("step") or 0,
        model_id=asked.text("model_id") or None,
        dataset_name=asked.text("dataset_name") or None,
        dataset_digest=asked.text("dataset_digest") or None,
    )


def _dataset_input(asked: Asked) -> DatasetInput:
    told = asked.record("dataset")
    facts: dict[str, Any] = {name: told.text(name) for name in ("schema", "profile")}
    names = ("name", "digest", "source_type", "source")
    dataset = Dataset(**{name: told.needed(name) for name in names}, **facts)
    return DatasetInput(dataset, [InputTag(k, v) for k, v in asked.pairs("tags").items()])


ANSWERS = {
    "POST runs/create": create,
    "GET runs/get": get,
    "POST runs/search": search,
    "POST runs/update": update,
    "POST runs/delete": delete,
    "POST runs/restore": restore,
    "POST runs/log-metric": log_metric,
    "POST runs/log-parameter": log_param,
    "POST runs/log-batch": log_batch,
    "POST runs/set-tag": set_tag,
    "POST runs/delete-tag": delete_tag,
    "POST runs/log-inputs": log_inputs,
    "POST runs/outputs": log_outputs,
    "POST runs/log-model": log_model,
    "GET artifacts/list": list_files,
}
