"""Logged and registered models on an MLflow server, and how many traces it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property

from nbtrack.records.logged_models import LoggedModelStatus
from nbtrack.remote.mlflow_server.records import number, point, texts
from nbtrack.remote.mlflow_server.rest import Json
from nbtrack.transfer.sources.mlflow_requests import SourceRest
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    ModelPoint,
    SourceModel,
    SourceRegisteredModel,
    SourceVersion,
)

_MODELS_OF_PAGE = 50
_EXPERIMENTS_AT_ONCE = 100
_PAGE = "200"
_PROMPTS = "tags.`mlflow.prompt.is_prompt` = 'true'"


class HttpModels:
    def __init__(self, rest: SourceRest, experiment_ids: Callable[[], Sequence[str]]) -> None:
        self._rest, self._experiment_ids = rest, experiment_ids

    # --- logged models

    def logged_models(self) -> Iterator[SourceModel | BrokenRecord]:
        for said in self._logged_models():
            info, data = said["info"], said.get("data", {})
            yield SourceModel(
                model_id=str(info["model_id"]),
                experiment_id=str(info["experiment_id"]),
                name=str(info.get("name", "")),
                artifact_uri=str(info.get("artifact_uri", "")),
                status=_status(str(info.get("status", ""))),
                is_deleted=False,
                model_type=info.get("model_type"),
                source_run_id=info.get("source_run_id") or None,
                params=texts(data, "params"),
                tags=texts(info, "tags"),
            )

    def points_of(self, run_id: str) -> Sequence[ModelPoint]:
        """Which points of a run measure a model: the model says it, not the run."""
        return self._points.get(run_id, ())

    @cached_property
    def _points(self) -> dict[str, list[ModelPoint]]:
        found: dict[str, list[ModelPoint]] = {}
        for model in self._logged_models():
            for said in model.get("data", {}).get("metrics", ()):
                metric = point(said)
                found.setdefault(str(said.get("run_id", "")), []).append(
                    ModelPoint(
                        str(model["info"]["model_id"]), metric.key, metric.value, metric.step,
                        metric.timestamp, said.get("dataset_name"), said.get("dataset_digest"),
                    )
                )  # fmt: skip
        return {run_id: sorted(points, key=_place) for run_id, points in found.items()}

    def _logged_models(self) -> Iterator[Json]:
        """None, of a server that has no such thing: MLflow 1 and 2."""
        ids = self._experiment_ids()
        for start in range(0, len(ids), _EXPERIMENTS_AT_ONCE):
            some = ids[start : start + _EXPERIMENTS_AT_ONCE]
            asked = {"experiment_ids": some, "max_results": _MODELS_OF_PAGE}
            if not self._has_logged_models:
                return
            yield from self._rest.pages("logged-models/search", "models", asked)

    @cached_property
    def _has_logged_models(self) -> bool:
        return int(self._rest.version.partition(".")[0]) >= 3

    # --- the registry

    def registered_models(self) -> Iterator[SourceRegisteredModel | BrokenRecord]:
        for said in self._registered_models():
            try:
                yield self._registered_model(said)
            except (BrokenRecord, ValueError, KeyError) as exc:
                yield BrokenRecord(f"registered model {said.get('name')!r}: {exc}")

    def _registered_models(self) -> Iterator[Json]:
        """Prompts too, of which MLflow 3 says nothing unless it is asked for them."""
        asked = {"max_results": _PAGE}
        seen = set()
        for said in self._rest.got_pages("registered-models/search", "registered_models", **asked):
            seen.add(said.get("name"))
            yield said
        with suppress(BrokenRecord):  # a server that knows none of them, nor the question
            asked["filter"] = _PROMPTS
            for said in self._rest.got_pages(
                "registered-models/search", "registered_models", **asked
            ):
                if said.get("name") not in seen:
                    yield said

    def _registered_model(self, said: Json) -> SourceRegisteredModel:
        name = str(said["name"])
        return SourceRegisteredModel(
            name=name,
            created=number(said, "creation_timestamp"),
            description=said.get("description"),
            tags=texts(said, "tags"),
            aliases={str(each["alias"]): int(each["version"]) for each in said.get("aliases", ())},
            versions=sorted(self._versions(name), key=lambda version: version.version),
        )

    def _versions(self, name: str) -> Iterator[SourceVersion]:
        quote = '"' if "'" in name else "'"
        asked = {"filter": f"name={quote}{name}{quote}", "max_results": _PAGE}
        for said in self._rest.got_pages("model-versions/search", "model_versions", **asked):
            yield SourceVersion(
                version=int(said["version"]),
                stage=said.get("current_stage") or "None",
                sources=list(self._sources(name, said)),
                run_id=said.get("run_id") or None,
                run_link=said.get("run_link") or None,
                user=said.get("user_id"),
                created=number(said, "creation_timestamp"),
                description=said.get("description"),
                tags=texts(said, "tags"),
            )

    def _sources(self, name: str, said: Json) -> Iterator[str]:
        """What it was made of, and where its files lie."""
        if said.get("source"):
            yield str(said["source"])
        asked = {"name": name, "version": str(said["version"])}
        with suppress(BrokenRecord):
            place = self._rest.get("model-versions/get-download-uri", **asked).get("artifact_uri")
            if place and place != said.get("source"):
                yield str(place)

    # --- what has no place here

    def leftovers(self) -> Mapping[str, str]:
        for experiment_id in self._experiment_ids():
            with suppress(BrokenRecord):
                asked = {"experiment_ids": experiment_id, "max_results": "1"}
                if self._rest.get("traces", **asked).get("traces"):
                    return {"traces": "there are some, and nbtrack keeps none"}
        return {}


def _status(word: str) -> str:
    """LOGGED_MODEL_READY, as it says; one that is being made, or says nothing, is PENDING."""
    name = word.removeprefix("LOGGED_MODEL_").removeprefix("UPLOAD_")
    return name if name in LoggedModelStatus.__members__ and name != "UNSPECIFIED" else "PENDING"


def _place(found: ModelPoint) -> tuple[str, str, int, int]:
    return found.model_id, found.key, found.step, found.time
