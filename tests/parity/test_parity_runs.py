"""Runs: their life, their names, their parents. Each case is run under MLflow and under nbtrack."""

from __future__ import annotations

import threading
from typing import Any

import pandas as pd
import pytest
from parity_engines import facts, outcome


def logs_one_of_everything(mlflow: Any, tmp: Any) -> Any:
    """Params are texts, metrics floats; both come back under their names."""
    mlflow.set_experiment("parity")
    with mlflow.start_run(run_name="one", tags={"team": "red"}, description="a **note**") as run:
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"depth": 3, "none": None, "flag": True, "text": "ä'\"\\\n"})
        mlflow.log_metric("loss", 1)
        mlflow.log_metrics({"f1": 0.5, "acc": True}, step=3)
        mlflow.set_tag("n", 1)
        mlflow.set_tags({"x": None, "y": [1, 2]})
    found = mlflow.get_run(run.info.run_id)
    kinds = sorted({type(v).__name__ for v in found.data.metrics.values()})
    return {**facts(found), "kinds": kinds, "same_id": found.info.run_id == run.info.run_id}


def returns_what_was_given(mlflow: Any, tmp: Any) -> Any:
    """log_param returns the value; the other verbs return nothing."""
    with mlflow.start_run():
        return [
            mlflow.log_param("a", 0.5),
            mlflow.log_params({"b": 1}),
            mlflow.log_metric("m", 1, synchronous=True),
            mlflow.log_metrics({"m": 1}),
            mlflow.set_tag("t", 1),
            mlflow.set_tags({"t": 1}),
            mlflow.delete_tag("t"),
            mlflow.log_text("x", "x.txt"),
            mlflow.end_run(),
        ]


def knows_the_active_run(mlflow: Any, tmp: Any) -> Any:
    """active_run is the open one, innermost first; last_active_run stays after the end."""
    seen = [mlflow.active_run() is None]
    with mlflow.start_run(run_name="outer") as outer:
        seen.append(mlflow.active_run().info.run_id == outer.info.run_id)
        with mlflow.start_run(run_name="inner", nested=True) as inner:
            mlflow.log_metric("m", 1)
            seen.append(mlflow.active_run().info.run_id == inner.info.run_id)
        seen.append(mlflow.active_run().info.run_id == outer.info.run_id)
        seen.append(mlflow.last_active_run().info.run_id == outer.info.run_id)
    seen.append(mlflow.active_run() is None)
    seen.append(mlflow.last_active_run().info.run_name)
    return seen


def keeps_parents(mlflow: Any, tmp: Any) -> Any:
    """A nested run carries its parent's id, and get_parent_run finds the parent."""
    client = mlflow.MlflowClient()
    with mlflow.start_run(run_name="outer") as outer:
        with mlflow.start_run(run_name="child", nested=True) as child:
            pass
        with mlflow.start_run(run_name="n", nested=True, parent_run_id=outer.info.run_id) as named:
            pass
    tags = mlflow.get_run(child.info.run_id).data.tags
    return [
        tags["mlflow.parentRunId"] == outer.info.run_id,
        mlflow.get_parent_run(named.info.run_id).info.run_name,
        client.get_parent_run(child.info.run_id).info.run_name,
        mlflow.get_parent_run(outer.info.run_id),
    ]


def takes_a_parent_that_ended(mlflow: Any, tmp: Any) -> Any:
    """parent_run_id= works with no run open."""
    with mlflow.start_run(run_name="p") as parent:
        pass
    with mlflow.start_run(run_name="c", parent_run_id=parent.info.run_id) as child:
        pass
    return mlflow.get_parent_run(child.info.run_id).info.run_name


def refuses_a_parent_that_is_not_there(mlflow: Any, tmp: Any) -> Any:
    """An unknown or deleted parent is an error, and no run is made."""
    mlflow.set_experiment("parity")
    with mlflow.start_run() as gone:
        pass
    mlflow.delete_run(gone.info.run_id)
    said = [
        outcome(mlflow, lambda: mlflow.start_run(parent_run_id="0" * 32)),
        outcome(mlflow, lambda: mlflow.start_run(parent_run_id=gone.info.run_id)),
    ]
    return said, mlflow.active_run() is None, len(mlflow.search_runs(output_format="list"))


def ends_with_its_block(mlflow: Any, tmp: Any) -> Any:
    """FINISHED, FAILED after an exception and after KeyboardInterrupt; the error passes through."""
    statuses = []
    for error in (None, ValueError("x"), KeyboardInterrupt(), SystemExit(3)):
        passed = None
        try:
            with mlflow.start_run() as run:
                if error is not None:
                    raise error
        except BaseException as exc:  # noqa: BLE001 - KeyboardInterrupt too
            passed = exc
        found = mlflow.get_run(run.info.run_id)
        statuses.append((str(found.info.status), found.info.end_time is not None, passed is error))
    return statuses


def ends_as_told(mlflow: Any, tmp: Any) -> Any:
    """end_run takes each status by name; without a run it does nothing."""
    mlflow.end_run()
    statuses = []
    for status in ("FINISHED", "FAILED", "KILLED"):
        run = mlflow.start_run()
        mlflow.end_run(status)
        statuses.append(str(mlflow.get_run(run.info.run_id).info.status))
    run = mlflow.start_run()
    mlflow.end_run(mlflow.entities.RunStatus.to_string(mlflow.entities.RunStatus.FAILED))
    return [*statuses, str(mlflow.get_run(run.info.run_id).info.status)]


def resumes(mlflow: Any, tmp: Any) -> Any:
    """run_id= reopens a run: RUNNING, then ended anew; what it held stays."""
    with mlflow.start_run(run_name="again", tags={"a": 1}) as run:
        mlflow.log_param("p", 1)
        mlflow.log_metric("m", 1, step=1)
    run_id = run.info.run_id
    with mlflow.start_run(run_id=run_id, tags={"b": 2}) as back:
        same = back.info.run_id == run_id
        during = str(mlflow.get_run(run_id).info.status)
        mlflow.log_metric("m", 2, step=2)
    return same, during, facts(mlflow.get_run(run_id))


def resumes_under_another_name(mlflow: Any, tmp: Any) -> Any:
    """run_name= and description= with run_id= change the run."""
    with mlflow.start_run(run_name="before") as run:
        pass
    with mlflow.start_run(run_id=run.info.run_id, run_name="after", description="why"):
        pass
    return facts(mlflow.get_run(run.info.run_id))


def refuses_to_resume(mlflow: Any, tmp: Any) -> Any:
    """A run that is open, deleted or unknown cannot be resumed."""
    with mlflow.start_run() as gone:
        pass
    mlflow.delete_run(gone.info.run_id)
    said = [
        outcome(mlflow, lambda: mlflow.start_run(run_id=gone.info.run_id)),
        outcome(mlflow, lambda: mlflow.start_run(run_id="0" * 32)),
    ]
    run = mlflow.start_run()
    said.append(outcome(mlflow, lambda: mlflow.start_run(run_id=run.info.run_id)))
    said.append(outcome(mlflow, lambda: mlflow.start_run()))
    return said


def deletes_and_restores(mlflow: Any, tmp: Any) -> Any:
    """A deleted run is found by id, not by search, refuses writes, and comes back."""
    client = mlflow.MlflowClient()
    mlflow.set_experiment("parity")
    with mlflow.start_run(run_name="r") as run:
        mlflow.log_metric("m", 1)
    run_id = run.info.run_id
    mlflow.delete_run(run_id)
    deleted = facts(mlflow.get_run(run_id))
    said = [
        outcome(mlflow, lambda: client.log_metric(run_id, "m", 2)),
        outcome(mlflow, lambda: client.log_param(run_id, "p", 2)),
        outcome(mlflow, lambda: client.set_tag(run_id, "t", 2)),
        outcome(mlflow, lambda: client.delete_run(run_id)),
        outcome(mlflow, lambda: mlflow.delete_run("0" * 32)),
        outcome(mlflow, lambda: client.restore_run("0" * 32)),
    ]
    active = len(mlflow.search_runs())
    both = [len(mlflow.search_runs(run_view_type=view)) for view in (1, 2, 3)]
    client.restore_run(run_id)
    client.log_metric(run_id, "m", 3)
    return deleted, said, active, both, facts(mlflow.get_run(run_id))


def names_runs(mlflow: Any, tmp: Any) -> Any:
    """run_name=, the tag mlflow.runName and update_run all name a run, in info and tags."""
    client = mlflow.MlflowClient()
    with mlflow.start_run(run_name="first") as run:
        pass
    run_id = run.info.run_id
    seen = []

    def look() -> None:
        found = client.get_run(run_id)
        seen.append((found.info.run_name, found.data.tags["mlflow.runName"]))

    look()
    client.set_tag(run_id, "mlflow.runName", "second")
    look()
    client.update_run(run_id, name="third")
    look()
    client.log_batch(run_id, tags=[mlflow.entities.RunTag("mlflow.runName", "fourth")])
    look()
    with mlflow.start_run(tags={"mlflow.runName": "by tag"}) as tagged:
        pass
    mlflow.start_run(run_id=run_id)
    mlflow.set_tag("mlflow.runName", "fifth")
    mlflow.end_run()
    look()
    return seen, client.get_run(tagged.info.run_id).info.run_name


def notes(mlflow: Any, tmp: Any) -> Any:
    """description= is the tag mlflow.note.content; giving both is an error."""
    with mlflow.start_run(description="words") as run:
        pass
    said = outcome(
        mlflow, lambda: mlflow.start_run(description="a", tags={"mlflow.note.content": "b"})
    )
    return mlflow.get_run(run.info.run_id).data.tags["mlflow.note.content"], said


def belongs_to_an_experiment(mlflow: Any, tmp: Any) -> Any:
    """experiment_id= overrides the active experiment; a child follows the active one."""
    other = mlflow.create_experiment("other")
    mlflow.set_experiment("parity")
    with mlflow.start_run(experiment_id=other) as run:
        pass
    with mlflow.start_run() as plain:
        pass
    return (
        run.info.experiment_id == other,
        mlflow.get_experiment(plain.info.experiment_id).name,
        outcome(mlflow, lambda: mlflow.start_run(experiment_id="999999")),
        mlflow.active_run() is None,
    )


def makes_runs_by_id(mlflow: Any, tmp: Any) -> Any:
    """create_run makes a RUNNING run that set_terminated ends; times are as given."""
    client = mlflow.MlflowClient()
    experiment_id = client.create_experiment("by id")
    run = client.create_run(experiment_id, start_time=1234, tags={"a": 1}, run_name="r")
    running = facts(client.get_run(run.info.run_id))
    client.set_terminated(run.info.run_id, status="FAILED", end_time=5678)
    ended = client.get_run(run.info.run_id)
    other = client.create_run(experiment_id)
    client.set_terminated(other.info.run_id)
    return (
        running,
        (ended.info.start_time, ended.info.end_time, str(ended.info.status)),
        str(client.get_run(other.info.run_id).info.status),
        outcome(mlflow, lambda: client.create_run("999999")),
        outcome(mlflow, lambda: client.set_terminated("0" * 32)),
    )


def updates_runs(mlflow: Any, tmp: Any) -> Any:
    """update_run changes status and name; back to RUNNING too."""
    client = mlflow.MlflowClient()
    run_id = client.create_run("0", run_name="r").info.run_id
    seen = []
    for change in ({"status": "KILLED"}, {"status": "RUNNING"}, {"name": "n"}, {}):
        client.update_run(run_id, **change)
        info = client.get_run(run_id).info
        seen.append((str(info.status), info.run_name))
    return seen, [
        outcome(mlflow, lambda: client.update_run(run_id, status="DONE")),
        outcome(mlflow, lambda: client.set_terminated(run_id, status="DONE")),
        outcome(mlflow, lambda: client.update_run("0" * 32, name="x")),
    ]


def prints_as_a_dictionary(mlflow: Any, tmp: Any) -> Any:
    """to_dictionary has info, data and inputs; data has plain dicts."""
    with mlflow.start_run(run_name="d") as run:
        mlflow.log_param("a", 1)
        mlflow.log_metric("m", 0.5)
        table = mlflow.data.from_pandas(pd.DataFrame({"x": [1.0]}), name="table")
        mlflow.log_input(table, context="training", tags={"kind": "toy"})
    found = mlflow.get_run(run.info.run_id).to_dictionary()
    data, (read,) = found["data"], found["inputs"]["dataset_inputs"]
    [point] = mlflow.MlflowClient().get_metric_history(run.info.run_id, "m")
    facts = (sorted(read["dataset"]), read["tags"], sorted(point.to_dictionary()))
    return sorted(found["info"]), sorted(data), data["params"], data["metrics"], facts


def closes_a_run_by_hand(mlflow: Any, tmp: Any) -> Any:
    """Without a with block: end_run closes the innermost run."""
    outer = mlflow.start_run(run_name="outer")
    inner = mlflow.start_run(run_name="inner", nested=True)
    mlflow.end_run()
    first = mlflow.active_run().info.run_id == outer.info.run_id
    mlflow.end_run("FAILED")
    return first, [str(mlflow.get_run(r.info.run_id).info.status) for r in (outer, inner)]


def enters_an_open_run_again(mlflow: Any, tmp: Any) -> Any:
    """A callback's or a thread's block on the same run does not end it for the others."""
    client = mlflow.MlflowClient()
    with mlflow.start_run(run_name="shared") as run:
        run_id = run.info.run_id
        with mlflow.start_run(run_id=run_id, nested=True):
            mlflow.log_metric("inner", 1)
        mlflow.log_metric("after", 1)

        def work() -> None:
            with mlflow.start_run(run_id=run_id, nested=True):
                mlflow.log_metric("thread", 1)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        mlflow.log_metric("last", 1)
        is_active = mlflow.active_run().info.run_id == run_id
    runs = client.search_runs([run.info.experiment_id])
    return is_active, mlflow.active_run() is None, [facts(each) for each in runs]


def is_ended_by_id(mlflow: Any, tmp: Any) -> Any:
    """set_terminated on the open run leaves it the active one, as MLflow does."""
    client = mlflow.MlflowClient()
    run = mlflow.start_run(run_name="r")
    client.set_terminated(run.info.run_id, "FAILED")
    seen = [str(client.get_run(run.info.run_id).info.status), mlflow.active_run() is not None]
    mlflow.log_metric("m", 1)
    client.set_terminated(run.info.run_id, "KILLED")
    mlflow.end_run()
    client.set_terminated(run.info.run_id, "FAILED")
    return seen, facts(client.get_run(run.info.run_id))


CASES = [
    enters_an_open_run_again,
    is_ended_by_id,
    logs_one_of_everything,
    returns_what_was_given,
    knows_the_active_run,
    keeps_parents,
    takes_a_parent_that_ended,
    refuses_a_parent_that_is_not_there,
    ends_with_its_block,
    ends_as_told,
    resumes,
    resumes_under_another_name,
    refuses_to_resume,
    deletes_and_restores,
    names_runs,
    notes,
    belongs_to_an_experiment,
    makes_runs_by_id,
    updates_runs,
    prints_as_a_dictionary,
    closes_a_run_by_hand,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_runs_live_as_in_mlflow(case, both):
    """The case sees the same with either."""
    theirs, ours = both(case)

    assert ours == theirs


def test_records_are_pairs_as_in_mlflow(both):
    """`dict(run.info)`; and those that users make take MLflow's arguments."""

    def case(mlflow: Any, tmp: Any) -> Any:
        entities = mlflow.entities
        with mlflow.start_run(run_name="a") as run:
            mlflow.log_param("p", 1)
        found = mlflow.get_run(run.info.run_id)
        experiment = entities.Experiment("1", "name", "/place", "active")
        dataset = entities.Dataset("name", "digest", "local", "{}")
        made = entities.DatasetInput(dataset, [entities.InputTag("k", "v")])
        return (
            dict(found.info)["run_name"],
            dict(found.data)["params"],
            dict(experiment)["name"],
            dict(dataset)["digest"],
            dict(made)["dataset"] == dataset,
            entities.FileInfo("a", False, 3).file_size,
            mlflow.search_runs(experiment_names=[None], output_format="list"),
        )

    theirs, ours = both(case)

    assert ours == theirs
