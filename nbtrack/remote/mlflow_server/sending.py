"""What lines say, as requests to an MLflow server. Sent again, after a kill or a lost answer, they
change nothing: a run is looked for before it is made again, and points that may be there are asked
for, since MLflow drops those that it has only where it keeps them in a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nbtrack.base.guard import warn_once
from nbtrack.errors import (
    MlflowException,
    NameTaken,
    NotAllowed,
    NotFound,
    NotIdentified,
    StoreBusy,
)
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import Metric
from nbtrack.records.tags import PARENT_TAG
from nbtrack.remote.mlflow_server.batches import (
    OfExperiment,
    OfRun,
    halves,
    pairs,
    requests_of,
    sort_lines,
)
from nbtrack.remote.mlflow_server.ids import RUN_ID_TAG, Ids
from nbtrack.remote.mlflow_server.records import lacking, point, texts
from nbtrack.remote.mlflow_server.rest import (
    HISTORY_PAGE,
    RUNNING,
    Json,
    NoSuchAddress,
    Rest,
    ServerFault,
)

DEFAULT_ID = "0"
_LATER = {  # addresses that MLflow has not always had, and what a server without them cannot do
    "runs/log-inputs": "keep datasets",
    "experiments/delete-experiment-tag": "take tags off experiments",
}
_NO_ANSWER = (StoreBusy, NotIdentified, NotAllowed)  # to what is asked: it is asked again later


class Sender:
    def __init__(self, rest: Rest, ids: Ids) -> None:
        self._rest, self._ids = rest, ids

    def send(self, text: bytes, *, is_again: bool = False) -> None:
        """Whole lines; *is_again*: some of them may have been sent. Raises StoreBusy if the server
        does not answer, and what it says of who we are; what it does not take is warned of, and
        left out."""
        found = sort_lines(text)
        for ours, experiment in found.experiments.items():
            with _costs_no_others(f"experiment {ours}"):
                self._send_experiment(ours, experiment)
        for ours, run in found.runs.items():
            with _costs_no_others(f"run {ours}"):
                theirs = self._their_run(ours, run)
                if theirs is not None:
                    if is_again:
                        run.metrics = self._lacking(theirs, run.metrics)
                    self._send_run(ours, theirs, run)
        self._tell_parents()
        for ours, experiment in found.experiments.items():
            if experiment.facts.get("lifecycle_stage") == "deleted":  # with the runs that are in it
                theirs = self._ids.experiment(ours) or ours
                self._told("experiments/delete", {"experiment_id": theirs})
        for model_id, facts in found.models.items():
            run_id, path = facts.get("source_run_id"), facts.get("path") or facts.get("name")
            if run_id and path and self._ids.model(model_id) is None:
                self._ids.note("model", model_id, r=run_id, at=path)

    def end_writer(self, writer: str) -> None:
        """What it left running was killed."""
        for ours in self._ids.running(writer):
            known = self._ids.run(ours)
            if known is not None:
                facts = {"status": "KILLED", "end_us": now_us()}
                self._send_run(ours, known.theirs, OfRun(facts=facts))

    # --- experiments

    def _send_experiment(self, ours: str, experiment: OfExperiment) -> None:
        theirs = self._their_experiment(ours, experiment.facts.get("name"))
        if (new := experiment.facts.get("renamed")) is not None:
            self._told("experiments/update", {"experiment_id": theirs, "new_name": new})
            self._ids.note("experiment", ours, t=theirs, n=new)
        if experiment.facts.get("lifecycle_stage") == "active":
            self._told("experiments/restore", {"experiment_id": theirs})
        for key, value in experiment.tags.items():
            told = {"experiment_id": theirs, "key": key}
            if value is None:
                self._told("experiments/delete-experiment-tag", told)
            else:
                self._told("experiments/set-experiment-tag", {**told, "value": value})

    def _their_experiment(self, ours: str, name: str | None) -> str:
        """That of the name, made if there is none; an id of which nobody has said a name here is
        the server's own."""
        known = self._ids.experiment(ours)
        if known is not None or ours == DEFAULT_ID or name is None:
            return known or ours
        return self._found_experiment(ours, name)

    def _found_experiment(self, ours: str, name: str) -> str:
        try:
            found = self._experiment_named(name)
        except NotFound:
            found = self._made_experiment(name)
        theirs = str(found["experiment_id"])
        if found.get("lifecycle_stage") == "deleted":
            _say_restored(name)
            self._told("experiments/restore", {"experiment_id": theirs})
        self._ids.note("experiment", ours, t=theirs, n=name)
        return theirs

    def _back_again(self, ours: str) -> str:
        """An experiment that somebody has deleted there, also for good."""
        theirs, name = self._ids.experiment(ours) or ours, self._ids.name_of_experiment(ours)
        _say_restored(name or ours)
        try:
            self._rest.post("experiments/restore", {"experiment_id": theirs})
        except NotFound:
            if name is None:
                raise
            return self._found_experiment(ours, name)
        return theirs

    def _made_experiment(self, name: str) -> Json:
        try:
            return self._rest.post("experiments/create", {"name": name})
        except NameTaken:  # somebody was faster, or the answer was lost
            return self._experiment_named(name)

    def _experiment_named(self, name: str) -> Json:
        """Raises NotFound."""
        found: Json = self._rest.get("experiments/get-by-name", experiment_name=name)["experiment"]
        return found

    # --- runs

    def _their_run(self, ours: str, run: OfRun) -> str | None:
        """None: nobody has said yet that there is such a run, here or there."""
        known = self._ids.run(ours)
        if known is not None:
            return known.theirs
        is_new = "status" in run.facts and "start_us" in run.facts
        writer = run.facts.get("writer", "") if is_new else None  # of this machine, or of others
        if is_new and not self._ids.is_begun(ours):
            self._ids.note("begun", ours)
        if (found := self._found_run(ours, run)) is not None:  # the answer to its making was lost
            self._note_run(ours, found, writer)
        elif is_new:
            self._note_run(ours, self._made_run(ours, run), writer)
        else:
            warn_once(f"nbtrack: there is no run {ours} on the server; what was logged stays here.")
        made = self._ids.run(ours)
        return made.theirs if made else None

    def _found_run(self, ours: str, run: OfRun) -> Json | None:
        """By what it says that it is called here; one of others by its own id, too."""
        told = {"filter": f"tags.`{RUN_ID_TAG}` = '{ours}'", "run_view_type": "ALL"}
        asked = {**told, "experiment_ids": self._experiments_of(run), "max_results": 1}
        runs: list[Json] = self._rest.post("runs/search", asked).get("runs", [])
        if runs or "status" in run.facts:
            return runs[0] if runs else None
        try:
            found: Json = self._rest.get("runs/get", run_id=ours)["run"]
        except NotFound:
            return None
        return found

    def _experiments_of(self, run: OfRun) -> list[str]:
        ours = run.facts.get("experiment_id")
        if ours:
            return [self._their_experiment(str(ours), None)]
        asked = {"view_type": "ALL", "max_results": 1000}
        found = self._rest.pages("experiments/search", "experiments", asked)
        return [str(each["experiment_id"]) for each in found]

    def _made_run(self, ours: str, run: OfRun) -> Json:
        facts = run.facts
        experiment = str(facts.get("experiment_id", DEFAULT_ID))
        told = {
            "experiment_id": self._their_experiment(experiment, None),
            "user_id": facts.get("user_id", ""),
            "run_name": facts.get("name") or "",
            "start_time": facts["start_us"] // 1000,
            "tags": pairs({RUN_ID_TAG: ours}),
        }
        try:
            made: Json = self._rest.post("runs/create", told)["run"]
        except _NO_ANSWER:
            raise
        except MlflowException:
            if not self._is_gone("experiment", told["experiment_id"]):
                raise
            told["experiment_id"] = self._back_again(experiment)
            made = self._rest.post("runs/create", told)["run"]
        return made

    def _is_gone(self, kind: str, theirs: str) -> bool:
        """An "experiment" or a "run", deleted there, also for good."""
        try:
            found = self._rest.get(f"{kind}s/get", **{f"{kind}_id": theirs})[kind]
        except NotFound:
            return True
        return bool(found.get("info", found).get("lifecycle_stage") == "deleted")

    def _note_run(self, ours: str, found: Json, writer: str | None) -> None:
        info = found["info"]
        self._ids.note("run", ours, t=info["run_id"], at=info.get("artifact_uri", ""), w=writer)

    def _send_run(self, ours: str, theirs: str, run: OfRun) -> None:
        if parent := run.tags.get(PARENT_TAG):
            if known := self._ids.run(parent):
                run.tags[PARENT_TAG] = known.theirs
            else:
                self._ids.note("waits", ours, p=parent)
        if run.facts.get("lifecycle_stage") == "active":
            self._told("runs/restore", {"run_id": theirs})
        for body in requests_of(run):
            self._log(theirs, body)
        for key in [key for key, value in run.tags.items() if value is None]:
            self._told("runs/delete-tag", {"run_id": theirs, "key": key})
        if run.inputs:
            self._told("runs/log-inputs", {"run_id": theirs, "datasets": run.inputs})
        self._update(ours, theirs, run.facts)
        if run.facts.get("lifecycle_stage") == "deleted":
            self._told("runs/delete", {"run_id": theirs})

    def _tell_parents(self) -> None:
        """Of runs that were sent before them."""
        for ours, parent in self._ids.found_parents().items():
            child, found = self._ids.run(ours), self._ids.run(parent)
            if child and found:
                told = {"run_id": child.theirs, "key": PARENT_TAG, "value": found.theirs}
                self._told("runs/set-tag", told)
            self._ids.note("waits", ours)

    def _lacking(self, theirs: str, metrics: list[Json]) -> list[Json]:
        there: list[Metric] = []
        for key in {each["key"] for each in metrics}:
            asked = {"run_id": theirs, "metric_key": key, "max_results": HISTORY_PAGE}
            try:
                there += map(point, self._rest.got_pages("metrics/get-history", "metrics", **asked))
            except _NO_ANSWER:
                raise
            except MlflowException:  # a name that it does not take
                continue
        return lacking(metrics, there, point)

    def _update(self, ours: str, theirs: str, facts: Json) -> None:
        status, end = facts.get("status"), facts.get("end_us")
        told = {
            "status": status if status not in RUNNING or end is None else None,
            "end_time": None if end is None else end // 1000,
            "run_name": facts.get("name"),
        }
        told = {name: value for name, value in told.items() if value is not None}
        if told:
            self._told("runs/update", {"run_id": theirs, **told})
        if status is not None and status not in RUNNING:
            self._ids.note("ended", ours)

    def _log(self, theirs: str, body: Json) -> None:
        """One thing that it does not take costs the others nothing."""
        try:
            self._rest.post("runs/log-batch", {"run_id": theirs, **body})
        except ServerFault:  # of points, some may be there by now
            parts = [] if "metrics" in body else halves(body)
            if not parts and not self._has_another(theirs, body):
                raise
            self._log_parts(theirs, body, parts, "it has another value, which never changes there.")
        except _NO_ANSWER:
            raise
        except MlflowException as exc:
            parts = [] if self._is_gone("run", theirs) else halves(body)
            self._log_parts(theirs, body, parts, exc)

    def _log_parts(self, theirs: str, body: Json, parts: list[Json], why: object) -> None:
        for part in parts:
            self._log(theirs, part)
        if not parts:
            warn_once(f"nbtrack: the MLflow server does not take {_named(body)}: {why!s:.300}")

    def _has_another(self, theirs: str, body: Json) -> bool:
        """Value of a param, which never changes there."""
        data = self._rest.get("runs/get", run_id=theirs)["run"].get("data", {})
        known = texts(data, "params")
        return any(
            known.get(each["key"], each["value"]) != each["value"]
            for each in body.get("params", ())
        )

    def _told(self, what: str, told: Json) -> None:
        """What is so already, or is about what is not there, is no fault."""
        try:
            self._rest.post(what, told)
        except NoSuchAddress:
            if what not in _LATER:
                raise
            self._tell_later(what, told)
        except _NO_ANSWER:
            raise
        except NotFound:
            pass
        except MlflowException as exc:
            warn_once(f"nbtrack: the MLflow server does not take {what}: {exc!s:.300}")

    def _tell_later(self, what: str, told: Json) -> None:
        """Once more, when the server is known to be there: a proxy says the same of one that is
        away. Raises StoreBusy then."""
        self._rest.get("experiments/search", max_results="1")
        try:
            self._rest.post(what, told)
        except NoSuchAddress:
            warn_once(
                f"nbtrack: the MLflow server is too old to {_LATER[what]}: that stays on "
                "this machine."
            )


@contextmanager
def _costs_no_others(what: str) -> Iterator[None]:
    """What is refused would be so at each try, and all behind it would wait for good."""
    try:
        yield
    except _NO_ANSWER:
        raise
    except MlflowException as exc:
        warn_once(
            f"nbtrack: the MLflow server does not take {what}, which stays here: {exc!s:.300}"
        )


def _say_restored(experiment: str) -> None:
    warn_once(f"nbtrack: experiment {experiment!r} was deleted on the server; it is restored.")


def _named(body: Json) -> str:
    names = [f"{kind[:-1]} {each['key']!r:.100}" for kind, found in body.items() for each in found]
    return names[0] if len(names) == 1 else f"{len(names):,} facts of a run"
