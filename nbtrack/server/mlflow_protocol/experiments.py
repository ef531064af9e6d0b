"""Experiments: /mlflow/experiments/…"""

from __future__ import annotations

from nbtrack.errors import ExperimentNotFound
from nbtrack.records.runs import ViewType
from nbtrack.server.artifact_places import new_location
from nbtrack.server.asked import Asked
from nbtrack.server.mlflow_protocol import wire
from nbtrack.server.mlflow_protocol.wire import Json
from nbtrack.server.served import Served

USUAL_RESULTS, MOST_RESULTS = 1000, 50_000
MOST_EXPERIMENTS = 20  # whose datasets are asked for at once


def create(served: Served, asked: Asked) -> Json:
    location = new_location(asked.text("artifact_location"))
    name, tags = asked.needed("name"), asked.pairs("tags")
    return {"experiment_id": served.client.create_experiment(name, location, tags)}


def get(served: Served, asked: Asked) -> Json:
    return _told(served, asked.needed("experiment_id"))


def get_by_name(served: Served, asked: Asked) -> Json:
    name = asked.needed("experiment_name")
    found = served.client.get_experiment_by_name(name)
    if found is None:
        raise ExperimentNotFound(name, "this server")
    return {"experiment": wire.experiment(found)}


def search(served: Served, asked: Asked) -> Json:
    found = served.client.search_experiments(
        view_type=view_type(asked, "view_type"),
        max_results=asked.most(usual=USUAL_RESULTS, limit=MOST_RESULTS),
        filter_string=asked.text("filter"),
        order_by=asked.texts("order_by"),
        page_token=asked.text("page_token"),
    )
    return wire.page("experiments", found, map(wire.experiment, found))


def delete(served: Served, asked: Asked) -> Json:
    served.client.delete_experiment(asked.needed("experiment_id"))
    return {}


def restore(served: Served, asked: Asked) -> Json:
    served.client.restore_experiment(asked.needed("experiment_id"))
    return {}


def update(served: Served, asked: Asked) -> Json:
    if asked.has("new_name"):
        served.client.rename_experiment(asked.needed("experiment_id"), asked.needed("new_name"))
    return {}


def set_tag(served: Served, asked: Asked) -> Json:
    key, value = asked.needed("key"), asked.text("value") or ""
    served.client.set_experiment_tag(asked.needed("experiment_id"), key, value)
    return {}


def delete_tag(served: Served, asked: Asked) -> Json:
    served.client.delete_experiment_tag(asked.needed("experiment_id"), asked.needed("key"))
    return {}


def search_datasets(served: Served, asked: Asked) -> Json:
    """Those that runs have read, by what for."""
    names = ("experiment_id", "name", "digest", "context")
    found = served.store.read_datasets(asked.needed_texts("experiment_ids", limit=MOST_EXPERIMENTS))
    return {"dataset_summaries": [wire.said(**dict(zip(names, each))) for each in found]}


def view_type(asked: Asked, name: str) -> ViewType:
    """Raises InvalidValue."""
    word = asked.text(name) or "ACTIVE_ONLY"
    return ViewType(int(word)) if word.isdecimal() else ViewType.from_string(word.lower())


def _told(served: Served, experiment_id: str) -> Json:
    return {"experiment": wire.experiment(served.client.get_experiment(experiment_id))}


ANSWERS = {
    "POST experiments/create": create,
    "GET experiments/get": get,
    "GET experiments/get-by-name": get_by_name,
    "GET experiments/search": search,
    "POST experiments/search": search,
    "POST experiments/delete": delete,
    "POST experiments/restore": restore,
    "POST experiments/update": update,
    "POST experiments/search-datasets": search_datasets,
    "POST experiments/set-experiment-tag": set_tag,
    "POST experiments/delete-experiment-tag": delete_tag,
}
