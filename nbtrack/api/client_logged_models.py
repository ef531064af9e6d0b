"""What `MlflowClient` does with logged models, by their ids."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nbtrack.api.paging import page_start
from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.base.values import as_tuple, check_experiment_id, check_most
from nbtrack.errors import InvalidValue
from nbtrack.recording import logged_models
from nbtrack.recording.experiments import experiment_of_new_run
from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.logged_models import LoggedModel, LoggedModelQuery, LoggedModelStatus
from nbtrack.records.runs import FileInfo, PagedList
from nbtrack.stores.store import Store

MOST_MODELS = 100  # of a page, as in MLflow


class ClientLoggedModels(ABC):
    """Every verb raises LoggedModelNotFound, and InvalidValue for what cannot be stored."""

    @property
    @abstractmethod
    def _store(self) -> Store: ...

    @abstractmethod
    def writer(self, run_id: str) -> RunWriter:
        """The verbs on one run. Raises RunNotFound, RunDeleted."""

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """A PENDING one without files. Raises ExperimentNotFound."""
        return logged_models.create_model(
            self._store,
            experiment_of_new_run(self._store, experiment_id),
            name=name,
            source_run_id=source_run_id,
            params=params,
            tags=tags,
            model_type=model_type,
        )

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """With all that was measured of it."""
        return logged_models.find_model(self._store, model_id).model

    def finalize_logged_model(self, model_id: str, status: str) -> LoggedModel:
        """*status* is "READY" or "FAILED"."""
        checked = LoggedModelStatus(status)
        logged_models.change_model(self._store, model_id, status=checked)
        return self.get_logged_model(model_id)

    def delete_logged_model(self, model_id: str) -> None:
        """Hide it; `nbtrack gc` removes it, with files that are in no run."""
        logged_models.delete_model(self._store, model_id)

    def log_model_params(self, model_id: str, params: Mapping[str, Any]) -> None:
        """All or none; logged again, the latest stands."""
        logged_models.log_params(self._store, model_id, params)

    def set_logged_model_tags(self, model_id: str, tags: Mapping[str, Any]) -> None:
        """All or none."""
        logged_models.set_tags(self._store, model_id, tags)

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Raises TagNotFound."""
        logged_models.delete_tag(self._store, model_id, key)

    def search_logged_models(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        datasets: Sequence[Mapping[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: Sequence[Mapping[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """One page, and the token of the next; the newest come first.

        The filter is about attributes, `params.`, `tags.` and `metrics.` (any point), those of
        *datasets* ({"dataset_name": …, "dataset_digest": …}) if there are some. *order_by* has
        dicts of field_name, ascending, and, for a metric, dataset_name and dataset_digest.
        Raises InvalidFilter, InvalidValue.
        """
        offset, most = page_start(page_token), check_most(max_results) or MOST_MODELS
        found = self._store.search_logged_models(
            LoggedModelQuery(
                experiment_ids=tuple(map(check_experiment_id, as_tuple(experiment_ids))),
                filter_string=filter_string,
                datasets=_checked_datasets(datasets),
                order_by=tuple(order_by or ()),
                max_results=most + 1,
                offset=offset,
            )
        )
        return PagedList(found[:most], str(offset + most) if len(found) > most else None)

    def log_model_artifact(
        self, model_id: str, local_path: str | Path, artifact_path: str | None = None
    ) -> None:
        """Copy a file, or a folder with its name, to *artifact_path* in the model's folder."""
        self._log_files(model_id, local_path, artifact_path, is_all=False)

    def log_model_artifacts(
        self, model_id: str, local_dir: str | Path, artifact_path: str | None = None
    ) -> None:
        """Copy what *local_dir* holds, all of it or nothing."""
        self._log_files(model_id, local_dir, artifact_path, is_all=True)

    def _log_files(
        self, model_id: str, source: str | Path, artifact_path: str | None, *, is_all: bool
    ) -> None:
        model = self.get_logged_model(model_id)
        if not model.path:
            logged_models.log_files(self._store, model, source, artifact_path, is_all=is_all)
            return
        run = self.writer(str(model.source_run_id))  # in whose artifacts its folder is
        place = "/".join(filter(None, (model.path, artifact_path)))
        log = run.log_artifacts if is_all else run.log_artifact
        log(source, place)

    def list_logged_model_artifacts(self, model_id: str, path: str | None = None) -> list[FileInfo]:
        """One level of the model's files."""
        model = self.get_logged_model(model_id)
        return open_artifacts(model.artifact_location, run_id=model_id).list(path)


def _checked_datasets(
    datasets: Sequence[Mapping[str, Any]] | None,
) -> tuple[Mapping[str, Any], ...]:
    given = tuple(datasets or ())
    if not all(isinstance(each, Mapping) and each.get("dataset_name") for each in given):
        raise InvalidValue(
            "datasets are dicts with a dataset_name, such as [{'dataset_name': 'test'}]."
        )
    return given
