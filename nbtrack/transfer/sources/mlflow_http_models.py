"""Registered models on an MLflow server, and whether it has traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from nbtrack.remote.mlflow_server.records import number, texts
from nbtrack.remote.mlflow_server.rest import Json
from nbtrack.transfer.sources.mlflow_requests import SourceRest
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    SourceRegisteredModel,
    SourceVersion,
)

_PAGE = "200"
_PROMPTS = "tags.`mlflow.prompt.is_prompt` = 'true'"


class HttpModels:
    def __init__(self, rest: SourceRest, experiment_ids: Callable[[], Sequence[str]]) -> None:
        self._rest, self._experiment_ids = rest, experiment_ids

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
