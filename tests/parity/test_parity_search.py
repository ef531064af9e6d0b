"""search_runs: rows, columns, types, filters, orders, pages. Run under MLflow and nbtrack."""

from __future__ import annotations

from typing import Any

import pytest
from parity_engines import outcome


def _three_runs(mlflow: Any) -> str:
    client = mlflow.MlflowClient()
    experiment_id = client.create_experiment("searched")
    for number, (name, model) in enumerate([("a", "svc"), ("b", "tree"), ("c", "svc")]):
        run = client.create_run(experiment_id, start_time=1000 + number, run_name=name)
        run_id = run.info.run_id
        client.log_param(run_id, "model", model)
        client.log_metric(run_id, "f1", 0.5 + number / 10)
        client.set_tag(run_id, "team", "red" if number else "blue")
        if number == 1:
            client.log_param(run_id, "depth", 3)
            client.log_metric(run_id, "loss", float("nan"))
        if number < 2:
            client.set_terminated(run_id, "FINISHED", end_time=5000 + number)
    mlflow.set_experiment("searched")
    return experiment_id


def gives_a_frame(mlflow: Any, tmp: Any) -> Any:
    """Columns in their groups, MLflow's types, NaN and None for what is missing, NaT for no end."""
    _three_runs(mlflow)
    frame = mlflow.search_runs(order_by=["attributes.start_time ASC"])
    groups = [column.partition(".")[0] for column in frame.columns]
    own = [c for c in frame.columns if not c.startswith("tags.mlflow.")]
    return (
        [group for n, group in enumerate(groups) if n == 0 or groups[n - 1] != group],
        sorted(own),
        {column: str(frame[column].dtype) for column in own},
        frame["params.depth"].tolist(),
        [repr(value) for value in frame["metrics.loss"]],
        frame["metrics.f1"].tolist(),
        frame["tags.mlflow.runName"].tolist(),
        frame["status"].tolist(),
        [str(value) for value in frame["start_time"]],
        [str(value) for value in frame["end_time"]],
        type(frame.index).__name__,
        {column: type(frame[column].iloc[0]).__name__ for column in own},
    )


def gives_an_empty_frame(mlflow: Any, tmp: Any) -> Any:
    """No runs: the six columns and no rows."""
    mlflow.set_experiment("empty")
    frame = mlflow.search_runs()
    return list(frame.columns), len(frame)


def gives_a_list(mlflow: Any, tmp: Any) -> Any:
    """output_format="list": run objects, newest first."""
    experiment_id = _three_runs(mlflow)
    found = mlflow.search_runs([experiment_id], output_format="list")
    return (
        type(found).__name__,
        [run.info.run_name for run in found],
        [run.data.params for run in found],
        outcome(mlflow, lambda: mlflow.search_runs(output_format="numpy")),
    )


def filters(mlflow: Any, tmp: Any) -> Any:
    """Filter strings over metrics, params, tags and attributes."""
    experiment_id = _three_runs(mlflow)

    def names(text: str) -> Any:
        found = mlflow.search_runs([experiment_id], filter_string=text, output_format="list")
        return sorted(run.info.run_name for run in found)

    accepted = [
        "metrics.f1 > 0.55",
        "params.model = 'svc'",
        "params.model != 'svc' and metrics.f1 >= 0.6",
        "tags.team LIKE 'r%'",
        "attributes.status = 'FINISHED'",
        "status = 'RUNNING'",
        "run_name LIKE '%b%'",
        "attributes.run_name != 'a'",
        "tags.`team` ILIKE 'RED'",
        'tags."team" = "blue"',
        "attributes.start_time > 1000",
        "params.depth IS NULL",
        "params.depth IS NOT NULL",
        "tags.mlflow.runName = 'b'",
        "",
    ]
    refused = ["metrics.f1 > 'x'", "nonsense", "metrics.f1 > ", "metrics.f1 =", "bad.key = 'x'"]
    return [names(text) for text in accepted], [
        outcome(mlflow, lambda text=text: names(text)) for text in refused
    ]


def orders(mlflow: Any, tmp: Any) -> Any:
    """order_by one or several keys, missing values last either way."""
    experiment_id = _three_runs(mlflow)

    def names(*order: str) -> Any:
        found = mlflow.search_runs([experiment_id], order_by=list(order), output_format="list")
        return [run.info.run_name for run in found]

    return (
        names("metrics.f1 DESC"),
        names("metrics.f1"),
        names("params.model DESC", "metrics.f1 DESC"),
        names("params.depth"),
        names("tags.team ASC", "start_time DESC"),
        names("attributes.start_time ASC"),
        outcome(mlflow, lambda: names("nonsense")),
        outcome(mlflow, lambda: names("metrics.f1 SIDEWAYS")),
    )


def chooses_experiments(mlflow: Any, tmp: Any) -> Any:
    """By ids, by names, all of them, or the active one; unknown names find nothing."""
    _three_runs(mlflow)
    other = mlflow.create_experiment("other")
    with mlflow.start_run(experiment_id=other, run_name="d"):
        pass

    def names(**arguments: Any) -> Any:
        found = mlflow.search_runs(output_format="list", **arguments)
        return sorted(run.info.run_name for run in found)

    return (
        names(),
        names(experiment_names=["other"]),
        names(experiment_names=["other", "searched"]),
        names(experiment_names=["nobody"]),
        names(experiment_ids=[other]),
        names(experiment_ids=["12345"]),
        names(search_all_experiments=True),
        names(experiment_ids=[]),
        outcome(mlflow, lambda: names(experiment_ids=[other], experiment_names=["other"])),
    )


def pages(mlflow: Any, tmp: Any) -> Any:
    """The client's pages carry a token; fluent search stops at max_results."""
    experiment_id = _three_runs(mlflow)
    client = mlflow.MlflowClient()
    first = client.search_runs([experiment_id], max_results=2)
    second = client.search_runs([experiment_id], max_results=2, page_token=first.token)
    exact = client.search_runs([experiment_id], max_results=3)
    return (
        [r.info.run_name for r in first],
        bool(first.token),
        [r.info.run_name for r in second],
        bool(second.token),
        bool(exact.token),
        len(mlflow.search_runs(max_results=2)),
        outcome(mlflow, lambda: client.search_runs([experiment_id], max_results=-1)),
        outcome(mlflow, lambda: client.search_runs([experiment_id], page_token="nonsense")),
    )


def looks_at_deleted_runs(mlflow: Any, tmp: Any) -> Any:
    """Each view type, in fluent and in client."""
    experiment_id = _three_runs(mlflow)
    client = mlflow.MlflowClient()
    gone = client.search_runs([experiment_id], "run_name = 'b'")[0]
    client.delete_run(gone.info.run_id)
    views = mlflow.entities.ViewType
    return [
        sorted(r.info.run_name for r in client.search_runs([experiment_id], run_view_type=view))
        for view in (views.ACTIVE_ONLY, views.DELETED_ONLY, views.ALL)
    ]


CASES = [
    gives_a_frame,
    gives_an_empty_frame,
    gives_a_list,
    filters,
    orders,
    chooses_experiments,
    pages,
    looks_at_deleted_runs,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_searches_find_what_mlflow_finds(case, both):
    """The case sees the same with either."""
    theirs, ours = both(case)

    assert ours == theirs
