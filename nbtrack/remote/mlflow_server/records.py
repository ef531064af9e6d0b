"""What MLflow's API says, as records of ours: its `service.proto` and `model_registry.proto`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from nbtrack.records.registry import ModelVersion, RegisteredModel
from nbtrack.records.runs import Metric
from nbtrack.remote.mlflow_server.rest import Json

T = TypeVar("T")
Place = tuple[str, str, int, int]


def texts(said: Json, name: str) -> dict[str, str]:
    return {str(each["key"]): str(each.get("value", "")) for each in said.get(name, ())}


def point(said: Json) -> Metric:
    """A number that is not finite is a text there."""
    value, time = float(said.get("value", 0.0)), int(said.get("timestamp", 0))
    return Metric(str(said["key"]), value, time, int(said.get("step", 0)))


def place_of(found: Metric) -> Place:
    """By which two points are one; NaN equals itself."""
    return found.key, repr(found.value), found.step, found.timestamp


def lacking(wanted: Iterable[T], there: Iterable[Metric], metric: Callable[[T], Metric]) -> list[T]:
    """Those that are not *there*, or not as often; *metric* says which point each is."""
    found, lacks = Counter(map(place_of, there)), []
    for each in wanted:
        place = place_of(metric(each))
        if found[place] > 0:
            found[place] -= 1
        else:
            lacks.append(each)
    return lacks


def points(data: Json) -> dict[str, Metric]:
    return {found.key: found for found in map(point, data.get("metrics", ()))}


def number(said: Json, name: str) -> int | None:
    return int(said[name]) if said.get(name) is not None else None


def model_version(said: Json) -> ModelVersion:
    names = (
        "description", "user_id", "current_stage", "source", "run_id", "status", "status_message",
        "run_link", "model_id",
    )  # fmt: skip
    facts: dict[str, Any] = {name: said[name] for name in names if said.get(name)}
    return ModelVersion(
        name=said["name"],
        version=str(said["version"]),
        creation_timestamp=number(said, "creation_timestamp") or 0,
        last_updated_timestamp=number(said, "last_updated_timestamp"),
        tags=texts(said, "tags"),
        aliases=[str(alias) for alias in said.get("aliases", ())],
        **facts,
    )


def registered_model(said: Json) -> RegisteredModel:
    latest = [model_version(each) for each in said.get("latest_versions", ())]
    aliases: Mapping[str, str] = {
        str(each["alias"]): str(each["version"]) for each in said.get("aliases", ())
    }
    return RegisteredModel(
        name=said["name"],
        creation_timestamp=number(said, "creation_timestamp") or 0,
        last_updated_timestamp=number(said, "last_updated_timestamp"),
        description=said.get("description") or None,
        latest_versions=latest,
        tags=texts(said, "tags"),
        aliases=aliases,
        last_version=max((int(each.version) for each in latest), default=0),
    )
