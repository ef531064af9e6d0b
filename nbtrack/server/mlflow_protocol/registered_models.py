"""The model registry: /mlflow/registered-models/… and /mlflow/model-versions/…"""

from __future__ import annotations

import re

from nbtrack.models.model_uris import locate
from nbtrack.server.artifact_places import model_source, version_place
from nbtrack.server.asked import Asked
from nbtrack.server.mlflow_protocol import wire
from nbtrack.server.mlflow_protocol.wire import Json
from nbtrack.server.own_folders import check_is_served
from nbtrack.server.served import Served
from nbtrack.server.version_origin import check_run_of

_NO_PROMPTS = re.compile(r"(\s+AND\s+)?tags?\.`mlflow\.prompt\.is_prompt` != 'true'")
USUAL_MODELS, MOST_MODELS = 100, 1000
USUAL_VERSIONS, MOST_VERSIONS = 10_000, 200_000


# --- models


def create(served: Served, asked: Asked) -> Json:
    name, tags = asked.needed("name"), asked.pairs("tags")
    made = served.client.create_registered_model(name, tags, asked.text("description") or None)
    return {"registered_model": wire.registered_model(made)}


def get(served: Served, asked: Asked) -> Json:
    return _told(served, asked.needed("name"))


def search(served: Served, asked: Asked) -> Json:
    found = served.client.search_registered_models(
        _without_prompts(asked.text("filter")),
        asked.most(usual=USUAL_MODELS, limit=MOST_MODELS),
        asked.texts("order_by"),
        asked.text("page_token") or None,
    )
    return wire.page("registered_models", found, map(wire.registered_model, found))


def rename(served: Served, asked: Asked) -> Json:
    renamed = served.client.rename_registered_model(asked.needed("name"), asked.needed("new_name"))
    return {"registered_model": wire.registered_model(renamed)}


def update(served: Served, asked: Asked) -> Json:
    name = asked.needed("name")
    served.client.update_registered_model(name, asked.text("description") or "")
    return _told(served, name)


def delete(served: Served, asked: Asked) -> Json:
    served.client.delete_registered_model(asked.needed("name"))
    return {}


def set_tag(served: Served, asked: Asked) -> Json:
    name, key = asked.needed("name"), asked.needed("key")
    served.client.set_registered_model_tag(name, key, asked.text("value") or "")
    return {}


def delete_tag(served: Served, asked: Asked) -> Json:
    served.client.delete_registered_model_tag(asked.needed("name"), asked.needed("key"))
    return {}


def latest_versions(served: Served, asked: Asked) -> Json:
    stages = asked.texts("stages") or None
    found = served.client.get_latest_versions(asked.needed("name"), stages)
    return {"model_versions": list(map(wire.model_version, found))}


def set_alias(served: Served, asked: Asked) -> Json:
    name, alias = asked.needed("name"), asked.needed("alias")
    served.client.set_registered_model_alias(name, alias, asked.needed("version"))
    return {}


def delete_alias(served: Served, asked: Asked) -> Json:
    served.client.delete_registered_model_alias(asked.needed("name"), asked.needed("alias"))
    return {}


def get_by_alias(served: Served, asked: Asked) -> Json:
    name, alias = asked.needed("name"), asked.needed("alias")
    found = served.client.get_model_version_by_alias(name, alias)
    return {"model_version": wire.model_version(found)}


def _without_prompts(filter_string: str | None) -> str | None:
    """MLflow's clients leave out prompts, which it keeps as models; here are none."""
    return _NO_PROMPTS.sub("", filter_string or "") or None


def _told(served: Served, name: str) -> Json:
    found = served.client.get_registered_model(name)
    return {"registered_model": wire.registered_model(found)}


# --- versions


def create_version(served: Served, asked: Asked) -> Json:
    source = model_source(asked.needed("source"))
    place = locate(source, store=served.store)
    check_is_served(served.store, place.folder)
    check_run_of(served.store, place, asked.text("run_id") or None)
    made = served.client.create_model_version(
        asked.needed("name"),
        source,
        run_id=asked.text("run_id") or None,
        tags=asked.pairs("tags"),
        run_link=asked.text("run_link") or None,
        description=asked.text("description") or None,
        model_id=asked.text("model_id") or None,
    )
    return {"model_version": wire.model_version(made)}


def get_version(served: Served, asked: Asked) -> Json:
    found = served.client.get_model_version(asked.needed("name"), asked.needed("version"))
    return {"model_version": wire.model_version(found)}


def search_versions(served: Served, asked: Asked) -> Json:
    found = served.client.search_model_versions(
        _without_prompts(asked.text("filter")),
        asked.most(usual=USUAL_VERSIONS, limit=MOST_VERSIONS),
        asked.texts("order_by"),
        asked.text("page_token") or None,
    )
    return wire.page("model_versions", found, map(wire.model_version, found))


def update_version(served: Served, asked: Asked) -> Json:
    name, version = asked.needed("name"), asked.needed("version")
    found = served.client.update_model_version(name, version, asked.text("description") or "")
    return {"model_version": wire.model_version(found)}


def transition(served: Served, asked: Asked) -> Json:
    """Raises GateFailed, as it does for whoever is in the project itself."""
    moved = served.client.transition_model_version_stage(
        asked.needed("name"),
        asked.needed("version"),
        asked.needed("stage"),
        archive_existing_versions=asked.flag("archive_existing_versions"),
    )
    return {"model_version": wire.model_version(moved)}


def delete_version(served: Served, asked: Asked) -> Json:
    served.client.delete_model_version(asked.needed("name"), asked.needed("version"))
    return {}


def download_uri(served: Served, asked: Asked) -> Json:
    found = served.client.get_model_version(asked.needed("name"), asked.needed("version"))
    return {"artifact_uri": version_place(found.name, found.version)}


def set_version_tag(served: Served, asked: Asked) -> Json:
    name, version = asked.needed("name"), asked.needed("version")
    key, value = asked.needed("key"), asked.text("value") or ""
    served.client.set_model_version_tag(name, version, key, value)
    return {}


def delete_version_tag(served: Served, asked: Asked) -> Json:
    name, version = asked.needed("name"), asked.needed("version")
    served.client.delete_model_version_tag(name, version, asked.needed("key"))
    return {}


ANSWERS = {
    "POST registered-models/create": create,
    "GET registered-models/get": get,
    "GET registered-models/search": search,
    "POST registered-models/rename": rename,
    "PATCH registered-models/update": update,
    "DELETE registered-models/delete": delete,
    "POST registered-models/set-tag": set_tag,
    "DELETE registered-models/delete-tag": delete_tag,
    "GET registered-models/get-latest-versions": latest_versions,
    "POST registered-models/get-latest-versions": latest_versions,
    "POST registered-models/alias": set_alias,
    "DELETE registered-models/alias": delete_alias,
    "GET registered-models/alias": get_by_alias,
    "POST model-versions/create": create_version,
    "GET model-versions/get": get_version,
    "GET model-versions/search": search_versions,
    "PATCH model-versions/update": update_version,
    "POST model-versions/transition-stage": transition,
    "DELETE model-versions/delete": delete_version,
    "GET model-versions/get-download-uri": download_uri,
    "POST model-versions/set-tag": set_version_tag,
    "DELETE model-versions/delete-tag": delete_version_tag,
}
