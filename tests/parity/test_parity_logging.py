"""Logging: metrics and their history, params, tags, batches, inputs. Under MLflow and nbtrack."""

from __future__ import annotations

from typing import Any

import pytest
from parity_engines import facts, outcome, own_tags, points


def keeps_histories(mlflow: Any, tmp: Any) -> Any:
    """Points with step and time; the latest value is that of the greatest step."""
    client = mlflow.MlflowClient()
    with mlflow.start_run() as run:
        for step, value, time in ((2, 0.2, 30), (0, 0.0, 10), (1, 0.1, 20)):
            mlflow.log_metric("loss", value, step=step, timestamp=time)
        mlflow.log_metric("plain", 7)
        mlflow.log_metrics({"many": 1, "more": 2}, step=5, timestamp=99)
        mlflow.log_metric("neg", -1, step=-3, timestamp=1)
    run_id = run.info.run_id
    history = client.get_metric_history(run_id, "loss")
    plain = client.get_metric_history(run_id, "plain")[0]
    return (
        sorted(points(history)),
        plain.step,
        type(plain.timestamp).__name__,
        points(client.get_metric_history(run_id, "more")),
        points(client.get_metric_history(run_id, "neg")),
        mlflow.get_run(run_id).data.metrics,
        points(client.get_metric_history(run_id, "never")),
        type(history).__name__,
    )


def takes_the_latest(mlflow: Any, tmp: Any) -> Any:
    """The greatest step is the latest; among points of one step the later time."""
    with mlflow.start_run() as run:
        for value, step, time in ((1, 1, 10), (3, 1, 20), (2, 1, 15), (9, 0, 50)):
            mlflow.log_metric("m", value, step=step, timestamp=time)
    return mlflow.get_run(run.info.run_id).data.metrics


def takes_foreign_numbers(mlflow: Any, tmp: Any) -> Any:
    """numpy scalars, bools and one-element arrays are numbers; text is not."""
    import numpy as np

    values = {
        "f32": np.float32(0.5),
        "i64": np.int64(3),
        "bool": True,
        "npbool": np.bool_(False),
        "one": np.array([2.5]),
        "int": 10**15,
        "inf": float("inf"),
        "ninf": float("-inf"),
    }
    with mlflow.start_run() as run:
        for key, value in values.items():
            mlflow.log_metric(key, value, step=np.int64(4))
        mlflow.log_metric("nan", float("nan"))
        said = [
            outcome(mlflow, lambda v=v: mlflow.log_metric("m", v))
            for v in ("text", [1, 2], np.array([1, 2]), {}, object(), 1j)
        ]
    found = mlflow.get_run(run.info.run_id).data.metrics
    return {k: repr(v) for k, v in sorted(found.items()) if "inf" not in k}, said


def refuses_bad_names(mlflow: Any, tmp: Any) -> Any:
    """Empty, over-long and path-like keys are refused for metrics, params and tags."""
    bad = ["", "a" * 251, "a#b", "../x", "/x", "a/../b", None, 3]
    with mlflow.start_run(run_name="r") as run:
        said = [
            (
                outcome(mlflow, lambda k=key: mlflow.log_metric(k, 1)),
                outcome(mlflow, lambda k=key: mlflow.log_param(k, 1)),
                outcome(mlflow, lambda k=key: mlflow.set_tag(k, 1)),
            )
            for key in bad
        ]
        for key in ("a b", "a/b", "a.b", "a-b_c", "a:b", "é"):
            mlflow.log_metric(key, 1)
    return said, facts(mlflow.get_run(run.info.run_id))


def keeps_nested_values(mlflow: Any, tmp: Any) -> Any:
    """Params of any type are kept as str() of them."""
    values = {
        "list": [1, 2, "x"],
        "dict": {"a": {"b": [1]}},
        "tuple": (1,),
        "none": None,
        "float": 1e-07,
        "bool": False,
        "empty": "",
        "long": "x" * 5000,
        "cls": int,
    }
    with mlflow.start_run() as run:
        mlflow.log_params(values)
    found = mlflow.get_run(run.info.run_id).data.params
    return found, {type(value).__name__ for value in found.values()}


def logs_to_other_runs(mlflow: Any, tmp: Any) -> Any:
    """run_id= writes to another run and leaves the active one alone."""
    with mlflow.start_run(run_name="first") as first:
        pass
    with mlflow.start_run(run_name="second") as second:
        mlflow.log_metric("m", 1, run_id=first.info.run_id)
        mlflow.log_metrics({"n": 1}, run_id=first.info.run_id)
        mlflow.log_params({"p": 1}, run_id=first.info.run_id)
        mlflow.log_text("x", "t.txt", run_id=first.info.run_id)
        mlflow.log_dict({"a": 1}, "d.json", run_id=first.info.run_id)
        is_same = mlflow.active_run().info.run_id == second.info.run_id
    client = mlflow.MlflowClient()
    return (
        is_same,
        facts(client.get_run(first.info.run_id)),
        facts(client.get_run(second.info.run_id)),
        [f.path for f in client.list_artifacts(first.info.run_id)],
        outcome(mlflow, lambda: mlflow.log_metric("m", 1, run_id="0" * 32)),
        mlflow.active_run() is None,
    )


def sets_and_deletes_tags(mlflow: Any, tmp: Any) -> Any:
    """Tags are replaced, deleted, and are texts."""
    client = mlflow.MlflowClient()
    with mlflow.start_run(run_name="t") as run:
        mlflow.set_tag("a", 1)
        mlflow.set_tag("a", 2)
        mlflow.set_tags({"b": True, "c": None})
        mlflow.delete_tag("b")
    client.set_tag(run.info.run_id, "d", 1.5)
    client.delete_tag(run.info.run_id, "c")
    return (
        own_tags(mlflow.get_run(run.info.run_id).data.tags),
        outcome(mlflow, lambda: client.set_tag("0" * 32, "a", 1)),
        outcome(mlflow, lambda: client.delete_tag("0" * 32, "a")),
    )


def refuses_to_delete_what_is_not_there(mlflow: Any, tmp: Any) -> Any:
    """A tag of a run, and one of an experiment; the kind of error is asked for by its code."""
    client = mlflow.MlflowClient()
    said = []
    with mlflow.start_run() as run:
        for call in (
            lambda: mlflow.delete_tag("nobody"),
            lambda: client.delete_tag(run.info.run_id, "nobody"),
            lambda: mlflow.delete_experiment_tag("nobody"),
            lambda: client.delete_experiment_tag("0", "nobody"),
        ):
            with pytest.raises(mlflow.MlflowException) as caught:
                call()
            said.append((caught.value.error_code, caught.value.get_http_status_code()))
    return said


def refuses_keys_with_idle_parts(mlflow: Any, tmp: Any) -> Any:
    """Two keys that name one place would be two keys."""
    client = mlflow.MlflowClient()
    run_id = client.create_run("0").info.run_id
    keys = ["a//b", "a/", ".", "./a", "a/./b", "a/b", "a.b", "..."]
    return [
        (outcome(mlflow, lambda k=key, c=call: c(run_id, k, 1)), key)
        for key in keys
        for call in (client.log_metric, client.log_param, client.set_tag)
    ]


def refuses_what_says_nothing(mlflow: Any, tmp: Any) -> Any:
    """No experiments to search, and nothing to restore."""
    client = mlflow.MlflowClient()
    experiment_id = client.create_experiment("e")
    return [
        outcome(mlflow, lambda: client.search_runs(None)),
        outcome(mlflow, lambda: client.search_runs([])),
        outcome(mlflow, lambda: client.restore_experiment(experiment_id)),
    ]


def refuses_half_characters(mlflow: Any, tmp: Any) -> Any:
    """No file and no database holds them: not as a question mark either."""
    with mlflow.start_run():
        return [
            outcome(mlflow, lambda: mlflow.log_param("a", "x\ud800")),
            outcome(mlflow, lambda: mlflow.set_tag("a", "x\ud800")),
            outcome(mlflow, lambda: mlflow.log_text("x\ud800", "a.txt")),
            outcome(mlflow, lambda: mlflow.create_experiment("x\ud800")),
        ]


def logs_batches(mlflow: Any, tmp: Any) -> Any:
    """log_batch takes metrics, params and tags at once; a bad one stores none of the metrics."""
    entities = mlflow.entities
    client = mlflow.MlflowClient()
    run_id = client.create_run("0", run_name="b").info.run_id
    client.log_batch(
        run_id,
        metrics=[entities.Metric("m", 0.5, 10, 1), entities.Metric("m", 0.6, 20, 2)],
        params=[entities.Param("p", "1")],
        tags=[entities.RunTag("t", "1")],
    )
    client.log_batch(run_id)
    said = [
        outcome(
            mlflow,
            lambda: client.log_batch(
                run_id, metrics=[entities.Metric("n", 1.0, 1, 0), entities.Metric("", 1.0, 1, 0)]
            ),
        ),
        outcome(mlflow, lambda: client.log_batch("0" * 32, params=[entities.Param("a", "b")])),
    ]
    return facts(client.get_run(run_id)), points(client.get_metric_history(run_id, "m")), said


def logs_all_or_none(mlflow: Any, tmp: Any) -> Any:
    """One bad key or value among many stores nothing."""
    with mlflow.start_run(run_name="r") as run:
        said = [
            outcome(mlflow, lambda: mlflow.log_metrics({"a": 1, "b": "x"})),
            outcome(mlflow, lambda: mlflow.log_metrics({"a": 1, "": 1})),
            outcome(mlflow, lambda: mlflow.log_params({"a": 1, "": 1})),
            outcome(mlflow, lambda: mlflow.set_tags({"a": 1, "": 1})),
            outcome(mlflow, lambda: mlflow.log_metrics({})),
            outcome(mlflow, lambda: mlflow.log_params({})),
            outcome(mlflow, lambda: mlflow.set_tags({})),
        ]
    return said, facts(mlflow.get_run(run.info.run_id))


def logs_inputs(mlflow: Any, tmp: Any) -> Any:
    """log_input keeps name, digest kind, context and schema of a dataset."""
    import json

    import numpy as np
    import pandas as pd

    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    with mlflow.start_run() as run:
        mlflow.log_input(
            mlflow.data.from_pandas(frame, name="f", targets="b"), context="train", tags={"x": "y"}
        )
        mlflow.log_input(mlflow.data.from_numpy(np.ones((2, 3)), name="n"))
    inputs = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    return sorted(
        (
            each.dataset.name,
            each.dataset.source_type,
            sorted((tag.key, tag.value) for tag in each.tags),
            sorted(json.loads(each.dataset.schema)),
            len(each.dataset.digest) > 0,
        )
        for each in inputs
    )


CASES = [
    refuses_keys_with_idle_parts,
    refuses_what_says_nothing,
    refuses_half_characters,
    refuses_to_delete_what_is_not_there,
    keeps_histories,
    takes_the_latest,
    takes_foreign_numbers,
    refuses_bad_names,
    keeps_nested_values,
    logs_to_other_runs,
    sets_and_deletes_tags,
    logs_batches,
    logs_all_or_none,
    logs_inputs,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_what_is_logged_is_what_mlflow_keeps(case, both):
    """The case sees the same with either."""
    theirs, ours = both(case)

    assert ours == theirs
