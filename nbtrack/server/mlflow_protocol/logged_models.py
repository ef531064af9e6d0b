"""Logged models: /mlflow/logged-models/…"""

from __future__ import annotations

from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.remote.protocol import MODELS
from nbtrack.server.artifact_places import Place, as_seen, model_place
from nbtrack.server.asked import Asked
from nbtrack.server.mlflow_protocol import wire
from nbtrack.server.mlflow_protocol.wire import MODEL_STATUS_OF, Json
from nbtrack.server.served import Served

USUAL_RESULTS, MOST_RESULTS = 100, 50_000


def create(served: Served, asked: Asked) -> Json:
    made = served.client.create_logged_model(
        asked.needed("experiment_id"),
        name=asked.text("name") or None,
        source_run_id=asked.text("source_run_id") or None,
        tags=asked.pairs("tags"),
        params=asked.pairs("params"),
        model_type=asked.text("model_type") or None,
    )
    return {"model": wire.logged_model(made)}


def get(served: Served, asked: Asked) -> Json:
    return _told(served, asked)


def finalize(served: Served, asked: Asked) -> Json:
    name = asked.needed("status")
    if name not in MODEL_STATUS_OF:
        raise InvalidValue(f"status is {name!r:.80}; it is one of {', '.join(MODEL_STATUS_OF)}.")
    served.client.finalize_logged_model(asked.needed("model_id"), MODEL_STATUS_OF[name])
    return _told(served, asked)


def delete(served: Served, asked: Asked) -> Json:
    served.client.delete_logged_model(asked.needed("model_id"))
    return {}


def search(served: Served, asked: Asked) -> Json:
    found = served.client.search_logged_models(
        asked.texts("experiment_ids"),
        filter_string=asked.text("filter") or None,
        datasets=[_fields(each, _DATASET) for each in asked.records("datasets")],
        max_results=asked.most(usual=USUAL_RESULTS, limit=MOST_RESULTS),
        order_by=[_order(each) for each in asked.records("order_by")],
        page_token=asked.text("page_token") or None,
    )
    return wire.page("models", found, map(wire.logged_model, found))


def set_tags(served: Served, asked: Asked) -> Json:
    served.client.set_logged_model_tags(asked.needed("model_id"), asked.pairs("tags"))
    return _told(served, asked)


def delete_tag(served: Served, asked: Asked) -> Json:
    served.client.delete_logged_model_tag(asked.needed("model_id"), asked.needed("tag_key"))
    return {}


def log_params(served: Served, asked: Asked) -> Json:
    served.client.log_model_params(asked.needed("model_id"), asked.pairs("params"))
    return {}


def list_files(served: Served, asked: Asked) -> Json:
    model = served.client.get_logged_model(asked.needed("model_id"))
    path = asked.text("artifact_directory_path") or None
    files = served.files(Place(MODELS, model.model_id, "")).list(path)
    place = as_seen(model.artifact_location, model_place(model.model_id))
    return {"root_uri": place, "files": list(map(wire.file, files))}


_DATASET = ("dataset_name", "dataset_digest")


def _order(asked: Asked) -> dict[str, Any]:
    ascending = asked.flag("ascending") if asked.has("ascending") else True
    return {"field_name": asked.needed("field_name"), "ascending": ascending,
            **_fields(asked, _DATASET)}  # fmt: skip


def _fields(asked: Asked, names: tuple[str, ...]) -> dict[str, str]:
    return {name: text for name in names if (text := asked.text(name))}


def _told(served: Served, asked: Asked) -> Json:
    return {"model": wire.logged_model(served.client.get_logged_model(asked.needed("model_id")))}


ANSWERS = {
    "POST logged-models": create,
    "POST logged-models/search": search,
    "GET logged-models/{model_id}": get,
    "PATCH logged-models/{model_id}": finalize,
    "DELETE logged-models/{model_id}": delete,
    "PATCH logged-models/{model_id}/tags": set_tags,
    "DELETE logged-models/{model_id}/tags/{tag_key}": delete_tag,
    "POST logged-models/{model_id}/params": log_params,
    "GET logged-models/{model_id}/artifacts/directories": list_files,
}
