"""Reading what an MLflow server has, through its REST API: of MLflow 1.28 and later.

Of logged models that were deleted, it tells those that a run names, and those that `nbtrack export`
has deleted there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from nbtrack.remote.mlflow_server.records import number, texts
from nbtrack.remote.mlflow_server.rest import PAGE, Json
from nbtrack.transfer.sources.mlflow_histories import Histories
from nbtrack.transfer.sources.mlflow_http_logged import HttpLoggedModels
from nbtrack.transfer.sources.mlflow_http_models import HttpModels
from nbtrack.transfer.sources.mlflow_requests import SourceRest
from nbtrack.transfer.sources.mlflow_run_pages import RunPages
from nbtrack.transfer.sources.mlflow_served_files import ServedFiles
from nbtrack.transfer.sources.mlflow_words import DATASET_FACTS, input_facts, settled_links
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    FoundFiles,
    ModelLink,
    Points,
    SourceExperiment,
    SourceModel,
    SourceRegisteredModel,
    SourceRun,
)


class HttpReader:
    kind = "mlflow"

    def __init__(self, uri: str) -> None:
        """Raises as `SourceRest`."""
        self._rest = SourceRest(uri)
        self.title = self._rest.title
        self._logged = HttpLoggedModels(self._rest, self._experiments)
        self._models = HttpModels(self._rest, self._experiment_ids)
        self._files = ServedFiles(self._rest)
        self._histories = Histories(self._rest)
        self._pages = RunPages(self._rest)
        self._page: dict[str, Json] = {}  # the runs of one page
        self._keys: dict[str, frozenset[str]] = {}  # and what they have points of

    def close(self) -> None:
        """Connections are closed with the process."""

    def notes(self) -> Sequence[str]:
        return ()

    def leftovers(self) -> Mapping[str, str]:
        return {**self._logged.leftovers(), **self._models.leftovers()}

    # --- experiments and runs

    def experiments(self) -> Iterator[SourceExperiment | BrokenRecord]:
        for said in self._experiments():
            yield SourceExperiment(
                experiment_id=str(said["experiment_id"]),
                name=str(said.get("name", "")),
                artifact_location=str(said.get("artifact_location", "")),
                is_deleted=said.get("lifecycle_stage") == "deleted",
                created=number(said, "creation_time"),
                tags=texts(said, "tags"),
            )

    def _experiments(self) -> Iterator[Json]:
        asked = {"view_type": "ALL", "max_results": PAGE}
        yield from self._rest.pages("experiments/search", "experiments", asked)

    def _experiment_ids(self) -> list[str]:
        return [str(said["experiment_id"]) for said in self._experiments()]

    def run_ids(self) -> Sequence[str]:
        """All are asked for page by page, and again when it is their turn: what all of them say
        would be too much to hold."""
        return self._pages.find(self._experiment_ids())

    def run(self, run_id: str) -> SourceRun:
        said = self._said(run_id)
        info, data = said["info"], said.get("data", {})
        inputs, tags = said.get("inputs", {}), texts(data, "tags")
        links = [
            *(ModelLink(str(each["model_id"]), "input") for each in inputs.get("model_inputs", ())),
            *(
                ModelLink(str(each["model_id"]), "output", int(each.get("step", 0)))
                for each in said.get("outputs", {}).get("model_outputs", ())
            ),
        ]
        return SourceRun(
            run_id=run_id,
            experiment_id=str(info["experiment_id"]),
            name=tags.get("mlflow.runName") or str(info.get("run_name", "")),
            status=str(info.get("status", "")),
            user=tags.get("mlflow.user") or str(info.get("user_id", "")),
            start=number(info, "start_time"),
            end=number(info, "end_time"),
            is_deleted=info.get("lifecycle_stage") == "deleted",
            artifact_uri=str(info.get("artifact_uri", "")),
            params=texts(data, "params"),
            tags=tags,
            inputs=[_input(each) for each in inputs.get("dataset_inputs", ())],
            links=settled_links(links),
            model_points=self._logged.points_of(run_id, [link.model_id for link in links]),
        )

    def _said(self, run_id: str) -> Json:
        if (why := self._pages.broken.get(run_id)) is not None:
            raise BrokenRecord(why)
        if run_id not in self._page:
            self._page = self._pages.around(run_id)
            self._keys = {each: _keys(said) for each, said in self._page.items()}
        if run_id not in self._page:  # runs were taken out, and the pages moved
            said: Json = self._rest.get("runs/get", run_id=run_id)["run"]
            self._page[run_id], self._keys[run_id] = said, _keys(said)
        return self._page[run_id]

    def points(self, run_id: str) -> Iterator[Points]:
        self._said(run_id)
        return self._histories.points(run_id, self._keys)

    # --- files and models

    def files(self, artifact_uri: str, owner: str) -> FoundFiles:
        """By the owner's id, if it goes by that: the address is one that the server goes to, not
        we."""
        if owner not in self._pages:
            if self._logged.is_deleted(owner):
                return self._files.of_deleted_model(artifact_uri)
            return self._files.of_model(owner)
        info = self._said(owner)["info"]
        # Files are written until it ends; one that was begun again ends again.
        return self._files.of_run(owner, until=[info.get("status"), info.get("end_time")])

    def logged_models(self) -> Iterator[SourceModel | BrokenRecord]:
        return self._logged.all()

    def registered_models(self) -> Iterator[SourceRegisteredModel | BrokenRecord]:
        return self._models.registered_models()


def _input(said: Json) -> Mapping[str, str]:
    return input_facts([said["dataset"].get(name) for name in DATASET_FACTS], texts(said, "tags"))


def _keys(said: Json) -> frozenset[str]:
    return frozenset(str(each["key"]) for each in said.get("data", {}).get("metrics", ()))
