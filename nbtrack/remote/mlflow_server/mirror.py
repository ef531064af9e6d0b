"""What others have on an MLflow server, written into the local project, so that every question is
answered there: what differs from what is there, as lines of a journal that is not sent anywhere.

Runs of this machine are here already, in more words than MLflow has. Of them, only what others did
on the server is taken over: tags that they set, and that they were deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from nbtrack.base.locks import held, make_shared_folder
from nbtrack.errors import NotFound, StoreBusy
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.journal.writing import Journal
from nbtrack.records.ids import is_run_id
from nbtrack.records.runs import Experiment, Metric, Run, RunQuery, ViewType
from nbtrack.records.tags import PARENT_TAG
from nbtrack.remote.line import PATIENT_SECONDS
from nbtrack.remote.mlflow_server.ids import RUN_ID_TAG, Ids
from nbtrack.remote.mlflow_server.records import lacking, number, place_of, point, points, texts
from nbtrack.remote.mlflow_server.rest import HISTORY_PAGE, PAGE, RUNNING, Json, Rest
from nbtrack.stores.local.duckdb import DuckDBStore

_CUT_CHARACTERS = 5000  # of a tag: MLflow 2 keeps so many, or more, and no version fewer
_WAIT_SECONDS = 10.0  # for another look at the same server
_ID = re.compile(r"[0-9a-zA-Z_-]{1,64}")  # of a run or experiment there: it becomes a path here


class Known(NamedTuple):
    """What is here of runs and experiments, by id."""

    runs: Mapping[str, Run]
    points: Mapping[str, Mapping[str, Metric]]


class Mirror:
    def __init__(self, rest: Rest, ids: Ids, store: DuckDBStore) -> None:
        self._rest, self._ids, self._store = rest, ids, store
        self._journal = Journal(store.folder / "journal")

    def close(self) -> None:
        self._journal.close()

    def look(self, experiment_ids: Sequence[str] | None, *, is_up_to_date: bool) -> None:
        """At all runs of these experiments; None: of all. Raises StoreBusy."""
        with self._turn():
            self._look(experiment_ids, is_up_to_date=is_up_to_date)

    def _look(self, experiment_ids: Sequence[str] | None, *, is_up_to_date: bool) -> None:
        t = now_us()  # what is logged here meanwhile is later, and stands
        asked = {"view_type": "ALL", "max_results": PAGE}
        there = [*self._rest.pages("experiments/search", "experiments", asked)]
        self._write_experiments(there, t)
        wanted = [
            each["experiment_id"]
            for each in there
            if experiment_ids is None or self._our_experiment(each) in experiment_ids
        ]
        if wanted:
            told = {"experiment_ids": wanted, "run_view_type": "ALL", "max_results": PAGE}
            found = [*self._rest.pages("runs/search", "runs", told)]
            self._write_runs(found, t, is_up_to_date=is_up_to_date)

    def look_at(self, run_id: str, *, is_up_to_date: bool, timeout: float) -> None:
        """One run, by either id. Raises StoreBusy, NotFound."""
        with self._turn(timeout):
            t, known = now_us(), self._ids.run(run_id)
            theirs = known.theirs if known else run_id
            try:
                found = self._rest.get_within(timeout, "runs/get", {"run_id": theirs})["run"]
            except NotFound:
                if known is not None or timeout < PATIENT_SECONDS:
                    raise
                found = self._called_so(run_id)
            self._write_runs([found], t, is_up_to_date=is_up_to_date)

    def _called_so(self, run_id: str) -> Json:
        """A run by the id that it has on another machine. Raises NotFound."""
        told = {"view_type": "ALL", "max_results": PAGE}
        every = self._rest.pages("experiments/search", "experiments", told)
        asked = {
            "experiment_ids": [each["experiment_id"] for each in every],
            "filter": f"tags.`{RUN_ID_TAG}` = '{run_id}'",
            "run_view_type": "ALL",
            "max_results": 1,
        }
        is_id = is_run_id(run_id)  # and no end of a filter
        runs: list[Json] = self._rest.post("runs/search", asked).get("runs", []) if is_id else []
        if not runs:
            raise NotFound(f"No run {run_id!r:.80} on the server.")
        return runs[0]

    def look_at_experiment(self, experiment_id: str, *, timeout: float) -> None:
        """The same of one experiment."""
        theirs = self._ids.experiment(experiment_id) or experiment_id
        with self._turn(timeout):
            t = now_us()
            asked = {"experiment_id": theirs}
            found = self._rest.get_within(timeout, "experiments/get", asked)
            self._write_experiments([found["experiment"]], t)

    @contextmanager
    def _turn(self, timeout: float = _WAIT_SECONDS) -> Iterator[None]:
        """Two who find at once that a point is missing would both write it. Raises StoreBusy."""
        make_shared_folder(self._store.folder)
        with held(self._store.folder / "mirror.lock", wait_seconds=timeout) as is_ours:
            if not is_ours:
                raise StoreBusy("Another process looks at the MLflow server, and takes long.")
            yield

    def fetch_points(self, run_id: str, key: str) -> None:
        """All points of a run of others: a search says the last ones only. Raises StoreBusy,
        NotFound."""
        known = self._ids.run(run_id)
        if known is not None and known.writer is not None:
            return
        with self._turn():
            self._fetch_points(run_id, known.theirs if known else run_id, key)

    def _fetch_points(self, run_id: str, theirs: str, key: str) -> None:
        asked = {"run_id": theirs, "metric_key": key, "max_results": HISTORY_PAGE}
        found = map(point, self._rest.got_pages("metrics/get-history", "metrics", **asked))
        here = DuckDBStore.read_metrics(self._store, run_id, key)
        new = lacking(found, here, lambda each: each)
        self._append([_point_line(run_id, each) for each in new])

    def is_of_others(self, run_id: str) -> bool:
        known = self._ids.run(run_id)
        return known is None or known.writer is None

    # --- experiments

    def _our_experiment(self, said: Json) -> str:
        return self._ids.our_experiment(str(said["experiment_id"]))

    def _write_experiments(self, there: Iterable[Json], t: int) -> None:
        known = {
            each.experiment_id: each
            for each in DuckDBStore.search_experiments(self._store, view_type=ViewType.ALL)
        }
        self._append(
            line
            for said in there
            if _ID.fullmatch(str(said["experiment_id"]))
            for line in self._experiment_lines(said, known, t)
        )

    def _experiment_lines(
        self, said: Json, known: Mapping[str, Experiment], t: int
    ) -> Iterator[str]:
        ours = self._our_experiment(said)
        here, stage = known.get(ours), said.get("lifecycle_stage", "active")
        if here is None:
            created = (number(said, "creation_time") or 0) * 1000
            yield lines.experiment_line(
                ours, t=t, name=said["name"], created_us=created, lifecycle_stage=stage
            )
        elif here.lifecycle_stage != stage:
            yield lines.experiment_line(ours, t=t, lifecycle_stage=stage)
        if here is not None and here.name != said["name"]:
            yield lines.experiment_line(ours, t=t, renamed=said["name"])
        tags = here.tags if here else {}
        for key, value in texts(said, "tags").items():
            if tags.get(key) != value:
                yield lines.experiment_tag_line(ours, key, value, t=t)

    # --- runs

    def _write_runs(self, there: Sequence[Json], t: int, *, is_up_to_date: bool) -> None:
        by_id = {self._our_run(said): said for said in there}
        known = self._known_of([ours for ours in by_id if ours], there)
        found: list[str] = []
        for ours, said in by_id.items():
            if not ours or (ours in known.runs and not is_up_to_date):
                continue  # what was logged here, and waits, would be taken back
            if self.is_of_others(ours):
                found += self._run_lines(ours, said, known, t)
            elif ours in known.runs:
                found += _changed_by_others(ours, said, known.runs[ours], t)
        self._append(found)

    def _our_run(self, said: Json) -> str | None:
        """None: it is no id. What a run says that it is called here holds if no other is."""
        theirs = str(said["info"]["run_id"])
        if (known := self._ids.our_run(theirs)) is not None:
            return known
        told = texts(said.get("data", {}), "tags").get(RUN_ID_TAG, "")
        if is_run_id(told) and told != theirs and self._ids.run(told) is None:
            if self._ids.is_begun(told):
                return None  # it is being made by this machine
            self._ids.note("run", told, t=theirs, at=said["info"].get("artifact_uri", ""))
            return told
        return theirs if _ID.fullmatch(theirs) else None

    def _known_of(self, run_ids: Sequence[str], there: Sequence[Json]) -> Known:
        wanted = set(run_ids)
        found = [run for run in self._runs_here(run_ids, there) if run.info.run_id in wanted]
        runs = {run.info.run_id: run for run in found}
        return Known(runs, DuckDBStore.read_latest_points(self._store, list(runs)))

    def _runs_here(self, run_ids: Sequence[str], there: Sequence[Json]) -> list[Run]:
        """At least those. One alone is read alone: its experiment may have many."""
        if len(run_ids) == 1:
            with suppress(NotFound):
                return [DuckDBStore.get_run(self._store, run_ids[0])]
            return []
        of = {self._our_experiment(said["info"]) for said in there}
        query = RunQuery(experiment_ids=tuple(of), view_type=ViewType.ALL)
        return DuckDBStore.search_runs(self._store, query)

    def _run_lines(self, ours: str, said: Json, known: Known, t: int) -> Iterator[str]:
        here, data = known.runs.get(ours), said.get("data", {})
        facts = self._facts(said["info"])
        known_facts = _facts_here(here) if here else {}
        if any(known_facts.get(name) != fact for name, fact in facts.items()):
            yield lines.run_line(ours, t=t, **facts)
        params = here.data.params if here else {}
        for key, value in texts(data, "params").items():
            if params.get(key) != value:
                yield lines.param_line(ours, key, value, t=t)
        tags, there = (here.data.tags if here else {}), self._tags(data)
        for key, value in there.items():
            if tags.get(key) != value:
                yield lines.tag_line(ours, key, value, t=t)
        for key in tags.keys() - there.keys():
            yield lines.tag_line(ours, key, None, t=t)
        latest = known.points.get(ours, {})
        for key, found in points(data).items():
            if key not in latest or place_of(latest[key]) != place_of(found):
                yield _point_line(ours, found)

    def _facts(self, info: Json) -> Json:
        """Those that a line can say: no fact is taken back, and a run that goes on has no end,
        though MLflow keeps that of a run that was resumed."""
        start, end = number(info, "start_time") or 0, number(info, "end_time")
        is_over = info.get("status") not in RUNNING
        facts = {
            "experiment_id": self._ids.our_experiment(str(info["experiment_id"])),
            "name": info.get("run_name") or None,
            "user_id": info.get("user_id") or "",
            "status": info.get("status", "RUNNING"),
            "start_us": start * 1000,
            "end_us": end * 1000 if end is not None and is_over else None,
            "lifecycle_stage": info.get("lifecycle_stage", "active"),
        }
        return {name: fact for name, fact in facts.items() if fact is not None}

    def _tags(self, data: Json) -> dict[str, str]:
        """The parent by the name that it has here."""
        found = texts(data, "tags")
        if parent := found.get(PARENT_TAG):
            found[PARENT_TAG] = self._ids.our_run(parent) or parent
        return found

    def _append(self, found: Iterable[str]) -> None:
        if text := "".join(found):
            self._journal.append(text)


def _facts_here(run: Run) -> Json:
    info = run.info
    return {
        "experiment_id": info.experiment_id,
        "name": info.run_name or None,
        "user_id": info.user_id or "",
        "status": str(info.status),
        "start_us": info.start_time * 1000,
        "end_us": None if info.end_time is None else info.end_time * 1000,
        "lifecycle_stage": str(info.lifecycle_stage),
    }


def _changed_by_others(ours: str, said: Json, here: Run, t: int) -> Iterator[str]:
    """A value that MLflow has cut off is no change."""
    stage = said["info"].get("lifecycle_stage", "active")
    if stage != here.info.lifecycle_stage:
        yield lines.run_line(ours, t=t, lifecycle_stage=stage)
    for key, value in texts(said.get("data", {}), "tags").items():
        known = here.data.tags.get(key)
        is_cut = len(value) >= _CUT_CHARACTERS and (known or "").startswith(value)
        if key not in (RUN_ID_TAG, PARENT_TAG) and not is_cut and known != value:
            yield lines.tag_line(ours, key, value, t=t)


def _point_line(run_id: str, found: Metric) -> str:
    return lines.metric_line(
        run_id, found.key, found.value, step=found.step, t=found.timestamp * 1000
    )
