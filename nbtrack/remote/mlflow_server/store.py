"""`MlflowStore`: a project on a real MLflow server, as every other room sees it.

All is in a local project of this machine: what is logged here, at once, and what others have on the
server, when somebody looks (`mirror`). So each question has its usual answer, while the server is
away, too. What MLflow has no place for, such as cells, is known of this machine's runs alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar

from nbtrack.artifact_store.opening import open_otherwise
from nbtrack.errors import (
    NotAllowed,
    NotFound,
    NotIdentified,
    ServerAway,
    StoreBusy,
    StoreError,
)
from nbtrack.records.registry import ModelVersion, RegisteredModel, RegistryQuery
from nbtrack.records.runs import Experiment, FileInfo, Metric, RunQuery
from nbtrack.records.views import Axis, MetricSeries
from nbtrack.remote.line import PATIENT_SECONDS, READ_SECONDS
from nbtrack.remote.mlflow_server.files import MlflowArtifacts
from nbtrack.remote.mlflow_server.ids import Ids
from nbtrack.remote.mlflow_server.mirror import Mirror
from nbtrack.remote.mlflow_server.records import model_version, registered_model
from nbtrack.remote.mlflow_server.rest import Json, Rest
from nbtrack.remote.mlflow_server.shipping import MlflowShipping
from nbtrack.remote.outbox import Outbox
from nbtrack.remote.protocol import RUNS
from nbtrack.remote.shipped import ShippedStore
from nbtrack.stores.local.duckdb import DuckDBStore

P = ParamSpec("P")
R = TypeVar("R")

LOOK_SECONDS = 2.0  # a look at all runs is no older, or ten times as old as it takes


def looked_for(local: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """The method of `Store`, answered here after a look at the server; the first argument may say
    which experiments are meant. Whoever is in a hurry has what is here."""

    def answered(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        query = args[0] if args else None
        ids = query.experiment_ids if isinstance(query, RunQuery) else None
        timeout: Any = kwargs.get("timeout", READ_SECONDS)
        if timeout >= PATIENT_SECONDS:
            self._look(ids)
        return local(self, *args, **kwargs)

    return answered


def looked_up(local: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """The same of one run, which is the first argument."""

    def answered(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        timeout: Any = kwargs.get("timeout", READ_SECONDS)
        run_id = self._called_here(str(args[0] if args else kwargs.pop("run_id")))
        if timeout >= PATIENT_SECONDS or not self._is_known_here(run_id, timeout):
            self._look_at(run_id, timeout)
        run_id = self._called_here(run_id)
        return local(self, run_id, *args[1:], **kwargs)  # type: ignore[arg-type]  # it was first

    return answered


class MlflowStore(ShippedStore):
    _instead_of_sql = (
        "nbtrack.search_runs() asks it; nbtrack import mlflow brings its database into a folder."
    )

    def __init__(self, uri: str, folder: Path) -> None:
        self._rest, self._ids = Rest(uri), Ids(folder)
        outbox = Outbox(folder / "outbox", folder / "journal")
        shipping = MlflowShipping(self._rest, outbox, folder / "artifacts", self._ids)
        super().__init__(uri, folder, line=self._rest, outbox=outbox, shipping=shipping)
        self._root = folder / "artifacts"
        self._mirror = Mirror(self._rest, self._ids, self)
        self._looked: dict[tuple[str, ...] | None, float] = {}  # until when a look is new enough
        self._fetched_points: dict[tuple[str, str], str] = {}  # up to which point
        open_otherwise(self._root, self._open_artifacts)

    def close(self) -> None:
        super().close()
        self._mirror.close()

    def knock(self) -> None:
        self._rest.post("experiments/search", {"max_results": 1})

    def _is_known_here(self, run_id: str, timeout: float) -> bool:
        with suppress(StoreError, NotFound):
            DuckDBStore.look_up_run(self, run_id, timeout=timeout)
            return True
        return False

    # --- looks at the server

    def _look(self, experiment_ids: Sequence[str] | None) -> None:
        key = None if experiment_ids is None else tuple(sorted(experiment_ids))
        now = time.monotonic()
        if self._looked.get(key, 0.0) > now:
            self._catch_up()
            return
        with self._seen():
            self._check_near()
            self._catch_up()
            self._mirror.look(experiment_ids, is_up_to_date=self.is_up_to_date)
            took = time.monotonic() - now
            self._looked[key] = time.monotonic() + max(LOOK_SECONDS, 10 * took)

    def _look_at(self, run_id: str, timeout: float) -> None:
        is_hurried = timeout < PATIENT_SECONDS
        with self._seen(is_hurried=is_hurried), suppress(NotFound):
            self._check_near()
            if not is_hurried:
                self._catch_up()
            is_up_to_date = self.is_up_to_date
            self._mirror.look_at(run_id, is_up_to_date=is_up_to_date, timeout=timeout)

    def _check_near(self) -> None:
        """Raises ServerAway without asking again, if it was a moment ago."""
        if self.line.seems_away():
            raise ServerAway(self.uri, "it did not a moment ago", was_sent=False)

    @contextmanager
    def _seen(self, *, is_hurried: bool = False) -> Iterator[None]:
        """What cannot be asked is no reason not to show what is here; it is said, once. That it
        does not let us in is raised, but to who has no time, because he logs."""
        try:
            yield
        except ServerAway:
            self._say_away()
        except StoreBusy:
            pass
        except (NotIdentified, NotAllowed):
            if not is_hurried:
                raise

    def _called_here(self, run_id: str) -> str:
        """By whichever of its ids one asks."""
        return self._ids.our_run(run_id) or run_id

    def _known_run(self, run_id: str) -> str:
        """By its id here, once it is here as far as a look at the server can bring it."""
        if self._ids.run(ours := self._called_here(run_id)) is None and not self._is_known_here(
            ours, READ_SECONDS
        ):
            self._look_at(ours, READ_SECONDS)
        return self._called_here(run_id)

    # --- questions

    get_run = looked_up(DuckDBStore.get_run)
    look_up_run = looked_up(DuckDBStore.look_up_run)

    count_runs = looked_for(DuckDBStore.count_runs)
    find_experiment = looked_for(DuckDBStore.find_experiment)
    read_child_runs = looked_for(DuckDBStore.read_child_runs)
    read_groups = looked_for(DuckDBStore.read_groups)
    read_keys = looked_for(DuckDBStore.read_keys)
    read_latest_points = looked_for(DuckDBStore.read_latest_points)
    read_run_page = looked_for(DuckDBStore.read_run_page)
    read_run_values = looked_for(DuckDBStore.read_run_values)
    search_experiments = looked_for(DuckDBStore.search_experiments)
    search_run_columns = looked_for(DuckDBStore.search_run_columns)
    search_runs = looked_for(DuckDBStore.search_runs)

    def get_experiment(self, experiment_id: str, *, timeout: float = READ_SECONDS) -> Experiment:
        """One that is here is as new as the last look."""
        try:
            return super().get_experiment(experiment_id, timeout=timeout)
        except NotFound:
            is_hurried = timeout < PATIENT_SECONDS
            with self._seen(is_hurried=is_hurried), suppress(NotFound):
                self._check_near()
                self._mirror.look_at_experiment(experiment_id, timeout=timeout)
            return super().get_experiment(experiment_id, timeout=timeout)

    def read_metrics(self, run_id: str, key: str) -> list[Metric]:
        ours = self._known_run(run_id)
        self._fetch_points([ours], [key])
        return super().read_metrics(ours, key)

    def read_series(
        self,
        run_ids: Sequence[str],
        keys: Sequence[str],
        *,
        x: Axis,
        buckets: int = 300,
        low: float | None = None,
        high: float | None = None,
    ) -> list[MetricSeries]:
        known = [self._known_run(each) for each in run_ids]
        self._fetch_points(known, keys)
        return super().read_series(known, keys, x=x, buckets=buckets, low=low, high=high)

    def _fetch_points(self, run_ids: Sequence[str], keys: Sequence[str]) -> None:
        """Of runs of others, which are here by their last points."""
        others = [run_id for run_id in run_ids if self._mirror.is_of_others(run_id)]
        latest = DuckDBStore.read_latest_points(self, others) if others else {}
        for run_id, found in latest.items():
            for key in found.keys() & set(keys):
                state = (run_id, key), repr(found[key])
                if self._fetched_points.get(state[0]) == state[1]:
                    continue
                with self._seen(), suppress(NotFound):
                    self._check_near()
                    self._mirror.fetch_points(run_id, key)
                    self._fetched_points[state[0]] = state[1]

    def list_artifact_records(self, run_id: str) -> list[FileInfo]:
        """Of a run of others, without digests."""
        ours = self._known_run(run_id)
        if self._mirror.is_of_others(ours):
            return list(self._open_artifacts(self._root / ours, ours).walk())
        return super().list_artifact_records(ours)

    def _open_artifacts(self, folder: Path, run_id: str | None) -> MlflowArtifacts:
        ours, *below = folder.relative_to(self._root).parts
        model, known = self._ids.model(ours), self._ids.run(ours)
        if model is not None:
            known, below = self._ids.run(model[0]), [*model[1].split("/"), *below]
        return MlflowArtifacts(
            folder,
            run_id=run_id,
            rest=self._rest,
            name="/".join((RUNS, *folder.relative_to(self._root).parts)),
            theirs=known.theirs if known else ours,
            below="".join(f"{part}/" for part in below),
        )

    # --- the registry, which is MLflow's

    def search_registered_models(self, query: RegistryQuery) -> list[RegisteredModel]:
        said = self._registry("registered-models/search", "registered_models", query)
        return [registered_model(each) for each in said]

    def search_model_versions(self, query: RegistryQuery) -> list[ModelVersion]:
        said = self._registry("model-versions/search", "model_versions", query)
        found = [model_version(each) for each in said]
        return [
            each
            for each in found
            if query.version in (None, int(each.version))
            and query.stage in (None, each.current_stage)
        ]

    def _registry(self, what: str, of: str, query: RegistryQuery) -> list[Json]:
        """Filters are MLflow's own there. Raises StoreBusy."""
        if query.as_of_us is not None:
            self._refuse("what it was at an earlier time")
        asked = {"max_results": "1000"}
        if query.filter_string:
            asked["filter"] = query.filter_string
        found = [*self._rest.got_pages(what, of, **asked)]
        named = [each for each in found if query.name in (None, each["name"])]
        end = None if query.max_results is None else query.offset + query.max_results
        return named[query.offset : end]

    def registry_events(self, **_: Any) -> NoReturn:
        self._refuse("who changed what")

    def registry_head(self) -> NoReturn:
        self._refuse("which change was the last")

    def noted_registry_head(self) -> None:
        return None

    def registry_turn(self, *, timeout: float) -> NoReturn:  # noqa: ARG002 - there is none
        self._refuse_change()

    def registry_append(self, *_: Any, **__: Any) -> NoReturn:
        self._refuse_change()

    def _refuse_change(self) -> NoReturn:
        raise StoreError(
            f"The registry is that of the MLflow server {self.uri}, which keeps no record of who "
            "changed what, and no gates: change it with MLflow's own client, or use nbtrack server."
        )

    def _refuse(self, what: str) -> NoReturn:
        raise StoreError(
            f"The MLflow server {self.uri} does not tell of its registry {what}. Its models and "
            "versions are in nbtrack.MlflowClient().search_registered_models()."
        )
