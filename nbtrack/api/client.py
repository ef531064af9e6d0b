"""The by-id API: `MlflowClient`, with MLflow's names, arguments and defaults."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.api.client_logged_models import ClientLoggedModels
from nbtrack.api.client_logging import ClientLogging
from nbtrack.api.client_registry import ClientRegistry
from nbtrack.api.paging import page_of, page_start
from nbtrack.api.registry_place import check_registry_uri
from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.base import background
from nbtrack.base.absent_names import hint
from nbtrack.base.values import (
    as_microseconds,
    as_tuple,
    check_experiment_id,
    check_key,
    check_mapping,
    check_most,
    check_run_id,
    check_tags,
)
from nbtrack.errors import InvalidValue, NameTaken, NotFound
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording import experiments
from nbtrack.recording.acting import acting_user, identified_actor
from nbtrack.recording.experiments import LOOK_SECONDS, PATIENT_LOOK_SECONDS
from nbtrack.recording.given_times import later_than_equals
from nbtrack.recording.run_creation import find_run_to_log, new_run_info, one_name, run_header
from nbtrack.recording.run_writer import RunWriter
from nbtrack.recording.session import current_session
from nbtrack.recording.surroundings import default_run_name
from nbtrack.records.runs import (
    Experiment,
    FileInfo,
    LifecycleStage,
    Metric,
    PagedList,
    Run,
    RunData,
    RunQuery,
    RunStatus,
    ViewType,
)
from nbtrack.records.tags import PARENT_TAG, RUN_NAME_TAG
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    import pandas as pd

MOST_RESULTS = 1000
_VERIFIED_SECONDS = 2.0  # for so long a run that was seen alive is not looked up again


class MlflowClient(ClientLogging, ClientLoggedModels, ClientRegistry):
    """Runs, metrics, artifacts, experiments and models by id, in the store of *tracking_uri*.

    Runs made here have no owner process: they stay RUNNING until `set_terminated`.
    """

    _bound: Store | None = None  # see `client_of`

    def __init__(self, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        self._uri = tracking_uri
        if registry_uri:
            check_registry_uri(registry_uri, self._store)

    def __getattr__(self, name: str) -> Any:
        text = f"'MlflowClient' object has no attribute {name!r}.{hint(name, dir(type(self)))}"
        raise AttributeError(text)

    @property
    def tracking_uri(self) -> str:
        """The project folder as a `file:` URI."""
        return self._store.uri

    @property
    def _store(self) -> Store:
        if self._bound is not None:
            return self._bound
        session = current_session()
        return session.store if self._uri is None else session.store_for(self._uri)

    # --- experiments

    def create_experiment(
        self,
        name: str,
        artifact_location: str | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> str:
        """Raises NameTaken."""
        return experiments.create_experiment(
            self._store, name, artifact_location=artifact_location, tags=tags
        )

    def get_experiment(self, experiment_id: str) -> Experiment:
        """Raises ExperimentNotFound."""
        return self._store.get_experiment(check_experiment_id(experiment_id))

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """None if there is none of that name; a deleted one is found too."""
        experiments.check_experiment_name(name)
        return self._store.find_experiment(name)

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = MOST_RESULTS,
        filter_string: str | None = None,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """One page, and the token of the next. Raises InvalidFilter, InvalidValue."""
        found = self._store.search_experiments(
            view_type=ViewType(view_type), filter_string=filter_string, order_by=order_by or ()
        )
        return page_of(found, check_most(max_results), page_token)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Raises NameTaken; InvalidValue if the experiment is deleted."""
        experiments.check_experiment_name(new_name)
        experiments.check_is_active(self.get_experiment(experiment_id))
        if self._store.find_experiment(new_name) is not None:
            raise NameTaken(f"Experiment {new_name!r} exists; choose another name.")
        self._change_experiment(experiment_id, "", renamed=new_name)
        self._store.note_renamed(check_experiment_id(experiment_id), new_name)

    def delete_experiment(self, experiment_id: str) -> None:
        """Hide it, with its runs, until it is restored."""
        experiments.check_is_active(self.get_experiment(experiment_id))
        if check_experiment_id(experiment_id) == experiments.DEFAULT_ID:
            raise InvalidValue("The experiment Default (id 0) cannot be deleted.")
        self._move_experiment(experiment_id, LifecycleStage.DELETED)

    def restore_experiment(self, experiment_id: str) -> None:
        """Bring it back, with all its runs: also those deleted one by one, as in MLflow.

        Raises ExperimentNotFound; NotFound if it is not deleted.
        """
        found = self.get_experiment(experiment_id)
        if found.lifecycle_stage != LifecycleStage.DELETED:
            raise NotFound(f"Experiment {found.name!r} is not deleted: nothing is to be restored.")
        self._move_experiment(experiment_id, LifecycleStage.ACTIVE)

    def set_experiment_tag(self, experiment_id: str, key: str, value: Any) -> None:
        """Raises ExperimentNotFound; InvalidValue if the experiment is deleted."""
        self.set_experiment_tags(experiment_id, {key: value})

    def set_experiment_tags(self, experiment_id: str, tags: Mapping[str, Any]) -> None:
        """Raises ExperimentNotFound; InvalidValue if the experiment is deleted."""
        texts = check_tags(check_mapping("set_experiment_tags", tags))
        experiments.check_is_active(self.get_experiment(experiment_id))
        experiments.set_tags(self._store, str(experiment_id), texts)

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Raises ExperimentNotFound, TagNotFound; InvalidValue if the experiment is deleted."""
        experiments.delete_tag(self._store, check_experiment_id(experiment_id), key)

    def _move_experiment(self, experiment_id: str, stage: LifecycleStage) -> None:
        """To *stage*, and its runs with it, in one write."""
        t = now_us()
        view = ViewType.DELETED_ONLY if stage == LifecycleStage.ACTIVE else ViewType.ACTIVE_ONLY
        ids = (check_experiment_id(experiment_id),)
        found = self._store.search_run_columns(RunQuery(experiment_ids=ids, view_type=view))
        run_ids = [info.run_id for info in found.infos]
        moves = "".join(lines.run_line(run_id, t=t, lifecycle_stage=stage) for run_id in run_ids)
        self._change_experiment(experiment_id, moves, lifecycle_stage=stage)
        for run_id in run_ids:
            self._note_stage(run_id, stage)

    def _change_experiment(self, experiment_id: str, also: str, **facts: object) -> None:
        known = self.get_experiment(experiment_id)
        checked = known.experiment_id
        t = max(now_us(), ((known.last_update_time or 0) + 1) * 1000)  # whatever clock that was
        self._store.append(lines.experiment_line(checked, t=t, **facts) + also)
        if self._store is current_session().store:
            current_session().experiments.note(self.get_experiment(checked))

    # --- runs

    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: Mapping[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """A run without an owner process; *start_time* is milliseconds since 1970 UTC."""
        store, start_us = self._store, later_than_equals(start_time, "create_run")
        texts = check_tags(tags)
        experiment = experiments.experiment_of_new_run(store, experiment_id)
        name = one_name(run_name, texts) or default_run_name(None)
        user = identified_actor() or texts.get("mlflow.user") or acting_user()
        info = new_run_info(store, experiment, name=name, user=user, start_us=start_us)
        texts |= {RUN_NAME_TAG: name, "mlflow.user": user}
        store.append(run_header(store, info, experiment, tags=texts, start_us=start_us, owner=None))
        return Run(info=info, data=RunData(tags=texts))

    def get_run(self, run_id: str) -> Run:
        """Raises RunNotFound."""
        return self._store.get_run(check_run_id(run_id))

    def get_parent_run(self, run_id: str) -> Run | None:
        """The run that *run_id* is a child of, or None. Raises RunNotFound."""
        parent_id = self.get_run(run_id).data.tags.get(PARENT_TAG)
        return None if parent_id is None else self.get_run(parent_id)

    def search_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str = "",
        run_view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = MOST_RESULTS,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Run]:
        """One page, and the token of the next. Raises InvalidFilter, InvalidValue."""
        offset, most = page_start(page_token), check_most(max_results)
        if experiment_ids is None:
            raise InvalidValue("experiment_ids is None; give a list of ids, for none of them [].")
        found = self._store.search_runs(
            RunQuery(
                experiment_ids=tuple(map(check_experiment_id, as_tuple(experiment_ids))),
                filter_string=filter_string,
                order_by=as_tuple(order_by),
                view_type=ViewType(run_view_type),
                max_results=None if most is None else most + 1,
                offset=offset,
            )
        )
        if most is None or len(found) <= most:
            return PagedList(found)
        return PagedList(found[:most], str(offset + most))

    def update_run(self, run_id: str, status: str | None = None, name: str | None = None) -> None:
        """Another status, another name, or both. A run that ends here has an end time."""
        checked = None if status is None else RunStatus(status)
        writer = self.writer(run_id)
        if name is not None:
            writer.rename(name)
        if checked is not None:
            self._set_status(run_id, checked, end_us=now_us())

    def set_terminated(
        self, run_id: str, status: str | None = None, end_time: int | None = None
    ) -> None:
        """End the run; one that is open here stays the active one, until it is closed here too.

        *end_time* is milliseconds since 1970 UTC.
        """
        checked = RunStatus(status or "FINISHED")
        end_us = as_microseconds(end_time, default=now_us())
        self.writer(run_id)
        self._set_status(run_id, checked, end_us=end_us)

    def _set_status(self, run_id: str, status: RunStatus, *, end_us: int) -> None:
        facts = {"end_us": end_us} if status.is_terminal else {}
        t = self.writer(run_id).later_us()
        self._store.append(lines.run_line(run_id, t=t, status=status, **facts))
        self._store.flush()

    def delete_run(self, run_id: str) -> None:
        """Hide the run and close it to writing, until it is restored."""
        self._set_stage(run_id, LifecycleStage.DELETED)

    def restore_run(self, run_id: str) -> None:
        """Bring one run back, without its children. Raises RunNotFound."""
        self._set_stage(run_id, LifecycleStage.ACTIVE)

    def _set_stage(self, run_id: str, stage: LifecycleStage) -> None:
        found = self._store.look_up_run(check_run_id(run_id))
        t = max(now_us(), found.newest_us + 1)
        self._store.append(lines.run_line(run_id, t=t, lifecycle_stage=stage))
        self._note_stage(run_id, stage)

    def _note_stage(self, run_id: str, stage: LifecycleStage) -> None:
        current_session().verified.pop((self._store.uri, run_id), None)
        if (run := current_session().known_run(run_id)) is not None:
            run.set_stage(stage)

    # --- logging

    def writer(self, run_id: str) -> RunWriter:
        """The `log_*` verbs on *run_id*. Raises RunNotFound, RunDeleted."""
        if (run := current_session().known_run(check_run_id(run_id))) is not None:
            return run
        verified, place = current_session().verified, (self._store.uri, run_id)
        seen, writer = verified.get(place, (0.0, None))
        if writer is not None and time.monotonic() - seen < _VERIFIED_SECONDS:
            return writer
        patience = PATIENT_LOOK_SECONDS if writer is None else LOOK_SECONDS
        info, newest_us = find_run_to_log(self._store, run_id, timeout=patience)
        writer = RunWriter(self._store, run_id, artifact_uri=info.artifact_uri)
        writer.newest_us = newest_us
        verified[place] = (time.monotonic(), writer)
        return writer

    def get_metric_history(self, run_id: str, key: str) -> PagedList[Metric]:
        """Every point, by step. Raises RunNotFound; a metric never logged has no points."""
        return PagedList(self._store.read_metrics(check_run_id(run_id), check_key(key)))

    # --- artifacts

    def load_table(
        self,
        experiment_id: str,
        artifact_file: str,
        run_ids: Sequence[str] | None = None,
        extra_columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """The tables called *artifact_file* of these runs, or of all in the experiment."""
        from nbtrack.lookup.run_tables import load_tables

        if run_ids is None:
            ids = (check_experiment_id(experiment_id),)
            wanted: list[Run] = self._store.search_runs(RunQuery(experiment_ids=ids))
        else:
            wanted = [self.get_run(run_id) for run_id in as_tuple(run_ids)]
        return load_tables(wanted, artifact_file, extra_columns=extra_columns or ())

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        """One level of the run's artifacts. Raises RunNotFound, InvalidValue for a path outside."""
        return self.artifacts_of(run_id).list(path)

    def download_artifacts(self, run_id: str, path: str, dst_path: str | None = None) -> str:
        """A local path to the artifact; with *dst_path*, a copy there."""
        return str(self.artifacts_of(run_id).download(path or None, dst_path))

    def artifacts_of(self, run_id: str) -> ArtifactStore:
        """The run's files, with those that are still being made in the background."""
        from nbtrack.hooks.plot_drawing import finish_plots

        background.wait(run_id)
        info = self.get_run(run_id).info
        finish_plots(self._store, info)
        return open_artifacts(info.artifact_uri, run_id=run_id)


def client_of(store: Store) -> MlflowClient:
    """Of *store* itself, which may let somebody see less than what is at its address."""
    client = MlflowClient(store.uri)
    client._bound = store
    return client
