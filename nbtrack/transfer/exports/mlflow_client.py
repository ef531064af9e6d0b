"""Runs, written by MLflow's own client into a server or a database of MLflow.

It gives each run an id of its own; a tag says which it has here, so that the same again finds it,
and adds what is missing: an export that was killed goes on.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from nbtrack.errors import InvalidValue, require
from nbtrack.records.runs import Experiment
from nbtrack.records.tags import PARENT_TAG
from nbtrack.stores.opening import without_password
from nbtrack.stores.store import Store
from nbtrack.transfer.exports.choosing import Choice
from nbtrack.transfer.exports.mlflow_client_models import ModelsThere
from nbtrack.transfer.exports.outcome import Exported
from nbtrack.transfer.exports.project_records import (
    LeavingRun,
    experiments_of,
    in_parts,
    input_tags,
    leaving_runs,
)
from nbtrack.transfer.exports.written_files import copy_out
from nbtrack.transfer.imports.marks import without_mark
from nbtrack.transfer.imports.run_text import comparable, said_tags
from nbtrack.transfer.sources.mlflow_words import DATASET_FACTS

Progress = Callable[[int, int, str], None]
OWN_ID = "nbtrack.run_id"  # tags of runs there: which run it is,
WHOLE = "nbtrack.exported"  # and the digest of it when all of it was there
_POINTS_AT_ONCE = 1000  # MLflow's own limits of a batch
_TEXTS_AT_ONCE = 100


def export_to_mlflow(store: Store, choice: Choice, uri: str, *, progress: Progress) -> Exported:
    """Raises InvalidValue for an address that MLflow does not know, and after `nbtrack.takeover()`;
    MissingExtra without MLflow."""
    require("mlflow", extra="mlflow")
    from mlflow import MlflowClient

    if MlflowClient.__module__.partition(".")[0] != "mlflow":  # it would write into this project
        raise InvalidValue(
            "nbtrack has taken over, and MLflow itself has to write into "
            f"{without_password(uri)}. Call nbtrack.takeover(False) before; in a script of "
            "--as-mlflow, export when it has ended."
        )
    from mlflow.exceptions import MlflowException

    try:
        with _mlflow_at(uri):
            client = MlflowClient(uri, uri)
            return _Export(store, choice, client, uri, progress).all()
    except MlflowException as exc:
        raise InvalidValue(f"MLflow refuses {without_password(uri)}: {exc}") from exc


@contextmanager
def _mlflow_at(uri: str) -> Iterator[None]:
    """Its registry looks a logged model up where MLflow as a whole is, not where its client is."""
    import mlflow

    before, variable = mlflow.get_tracking_uri(), os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        if variable is not None:
            os.environ["MLFLOW_TRACKING_URI"] = variable


class _Export:
    def __init__(
        self, store: Store, choice: Choice, client: Any, uri: str, progress: Progress
    ) -> None:
        self._store, self._choice, self._client = store, choice, client
        self._uri, self._progress = uri, progress
        self._outcome = Exported(place=without_password(uri))
        self._experiments = experiments_of(store)
        self._homes: dict[str, str] = {}  # ids there, by ids here
        self._there: dict[str, Any] = {}  # runs there, by ids here

    def all(self) -> Exported:
        total = len(self._choice.run_ids)
        models = ModelsThere(self._store, self._client, self._outcome)
        models.check()
        for number, leaving in enumerate(
            leaving_runs(self._store, self._choice, self._outcome.here)
        ):
            self._progress(number, total, "runs")
            self._home_of(leaving.run.experiment_id)
            self._bring(leaving)
        self._progress(total, total, "models")
        runs = {run_id: run.info.run_id for run_id, run in self._there.items()}
        models.bring(self._choice, self._homes, runs)
        return self._outcome

    # --- experiments

    def _home_of(self, experiment_id: str) -> str:
        if experiment_id not in self._homes:
            experiment = self._experiments[experiment_id]
            self._homes[experiment_id] = self._made(experiment)
            self._there |= self._runs_of(self._homes[experiment_id])
        return self._homes[experiment_id]

    def _made(self, experiment: Experiment) -> str:
        found = self._client.get_experiment_by_name(experiment.name)
        if found is None:
            location = self._artifacts_beside(experiment.experiment_id)
            tags = without_mark(experiment.tags)
            return str(self._client.create_experiment(experiment.name, location, tags))
        for key, value in without_mark(experiment.tags).items():
            self._client.set_experiment_tag(found.experiment_id, key, value)
        return str(found.experiment_id)

    def _artifacts_beside(self, experiment_id: str) -> str | None:
        """Of a database in a file: beside it, not in whatever folder this runs in."""
        scheme, _, place = self._uri.partition(":///")
        if not scheme.startswith("sqlite"):
            return None
        folder = Path(os.path.abspath(unquote(place))).parent
        return (folder / "mlruns" / experiment_id).as_uri()

    def _runs_of(self, experiment_id: str) -> dict[str, Any]:
        from mlflow.entities import ViewType

        found: dict[str, Any] = {}
        token = None
        while True:
            page = self._client.search_runs(
                [experiment_id], f"tags.`{OWN_ID}` != ''", run_view_type=ViewType.ALL,
                max_results=1000, page_token=token,
            )  # fmt: skip
            found |= {run.data.tags[OWN_ID]: run for run in page}
            if (token := page.token) is None:
                return found

    # --- a run

    def _bring(self, leaving: LeavingRun) -> None:
        run, there = leaving.run, self._there.get(leaving.run.run_id)
        if there is not None and there.data.tags.get(WHOLE) == leaving.digest:
            self._outcome.same += 1
            return
        self._outcome.new += there is None
        self._outcome.renewed += there is not None
        if there is None:
            there = self._client.create_run(
                self._homes[run.experiment_id], start_time=run.start,
                tags={OWN_ID: run.run_id, "mlflow.user": run.user}, run_name=run.name or None,
            )  # fmt: skip
            self._there[run.run_id] = there
        elif there.info.lifecycle_stage == "deleted":
            self._client.restore_run(there.info.run_id)
        self._fill(there, leaving)
        self._client.set_tag(there.info.run_id, WHOLE, leaving.digest)
        if run.is_deleted:
            self._client.delete_run(there.info.run_id)

    def _fill(self, there: Any, leaving: LeavingRun) -> None:
        run, run_id = leaving.run, there.info.run_id
        self._log_texts(there, leaving)
        for some in in_parts(self._new_points(there, leaving), _POINTS_AT_ONCE):
            self._client.log_batch(run_id, metrics=some)
        if inputs := list(_inputs(run.inputs)):
            self._client.log_inputs(run_id, inputs)
        self._upload(run_id, leaving)
        if run.status in ("RUNNING", "SCHEDULED"):
            self._client.update_run(run_id, run.status)
        else:
            self._client.set_terminated(run_id, run.status, run.end)

    def _log_texts(self, there: Any, leaving: LeavingRun) -> None:
        from mlflow.entities import Param, RunTag

        run, tags = leaving.run, said_tags(leaving.run)
        if (parent := self._there.get(tags.get(PARENT_TAG, ""))) is not None:
            tags[PARENT_TAG] = parent.info.run_id
        params = []
        for key, text in run.params.items():
            if (before := there.data.params.get(key)) is None:
                params.append(Param(key, text))
            elif before != text:
                what = f"param {key!r} of run {run.run_id}"
                self._outcome.left_out[what] = f"it is {before!r:.80} there, and MLflow keeps that"
        for some in in_parts(params, _TEXTS_AT_ONCE):
            self._client.log_batch(there.info.run_id, params=some)
        for texts in in_parts([RunTag(k, v) for k, v in tags.items()], _TEXTS_AT_ONCE):
            self._client.log_batch(there.info.run_id, tags=texts)

    def _new_points(self, there: Any, leaving: LeavingRun) -> list[Any]:
        """Those that are not there yet; MLflow itself drops one that it has."""
        from mlflow.entities import Metric

        known: dict[str, set[Any]] = {}
        for key in there.data.metrics:
            past = self._client.get_metric_history(there.info.run_id, key)
            known[key] = {comparable(p.value, p.step, p.timestamp) for p in past}
        return [
            Metric(key, value, t, step)
            for key, values, steps, times, _ in leaving.points
            for value, step, t in zip(values, steps, times)
            if comparable(value, step, t) not in known.get(key, ())
        ]

    def _upload(self, run_id: str, leaving: LeavingRun) -> None:
        artifacts = leaving.artifacts()
        paths = leaving.paths_in(artifacts)
        if not paths:
            return
        with tempfile.TemporaryDirectory() as name:
            _, missing = copy_out(artifacts, paths, Path(name))
            self._client.log_artifacts(run_id, name)
        about = f"of run {leaving.run.run_id}"
        self._outcome.left_out |= {f"file {path!r} {about}": why for path, why in missing.items()}


def _inputs(inputs: Iterable[Mapping[str, str]]) -> Iterator[Any]:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    for facts in inputs:
        dataset = Dataset(**{name: facts.get(name) for name in DATASET_FACTS})  # type: ignore[arg-type]  # it takes None, too
        yield DatasetInput(dataset, [InputTag(*pair) for pair in input_tags(facts).items()])
