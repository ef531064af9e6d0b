"""Answers of MLflow's protocol that its Python client does not ask for, but its pages do."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest

from tests.server.asking import API, ask

PAGES = "/ajax-api/2.0/mlflow/"


def new_run(address: str, **fields: Any) -> str:
    told = ask(address, f"{API}runs/create", {"experiment_id": "0", "start_time": 5, **fields})[1]
    run_id: str = told["run"]["info"]["run_id"]
    return run_id


def log_steps(address: str, run_id: str, steps: range) -> None:
    points = [{"key": "loss", "value": step, "timestamp": 1, "step": step} for step in steps]
    assert ask(address, f"{API}runs/log-batch", {"run_id": run_id, "metrics": points})[0] == 200


def steps(told: Any, run_id: str) -> list[int]:
    return [point["step"] for point in told["metrics"] if point["run_id"] == run_id]


def test_a_history_comes_in_pages(address: str) -> None:
    run_id = new_run(address)
    log_steps(address, run_id, range(5))
    path = f"{API}metrics/get-history?run_id={run_id}&metric_key=loss&max_results=3"
    first = ask(address, path)[1]
    second = ask(address, f"{path}&page_token={first['next_page_token']}")[1]

    assert [point["step"] for point in first["metrics"] + second["metrics"]] == [0, 1, 2, 3, 4]
    assert "next_page_token" not in second
    assert ask(address, f"{path}&page_token=none")[0] == 400


def test_a_metric_of_several_runs_is_thinned_at_the_same_steps(address: str) -> None:
    short, long = new_run(address), new_run(address)
    log_steps(address, short, range(10))
    log_steps(address, long, range(20))
    whole = ask(address, f"{PAGES}metrics/get-history-bulk?metric_key=loss&run_id={short}")[1]
    of_both = f"metrics/get-history-bulk-interval?metric_key=loss&run_ids={short}&run_ids={long}"
    thinned = ask(address, f"{PAGES}{of_both}&max_results=5")[1]
    part = ask(address, f"{PAGES}{of_both}&start_step=3&end_step=5")[1]

    assert steps(whole, short) == [*range(10)]
    assert steps(thinned, short) == [0, 4, 8, 9]
    assert steps(thinned, long) == [0, 4, 8, 9, 12, 16, 19]  # its own ends, and those of the other
    assert steps(part, long) == [3, 4, 5]
    assert ask(address, f"{PAGES}{of_both}&start_step=3")[0] == 400


def test_datasets_of_an_experiment_are_told_once(address: str) -> None:
    dataset = {"name": "wine", "digest": "d1", "source_type": "local", "source": "{}"}
    tags = [{"key": "mlflow.data.context", "value": "training"}]
    for run_id in (new_run(address), new_run(address)):
        fields = {"run_id": run_id, "datasets": [{"dataset": dataset, "tags": tags}]}
        assert ask(address, f"{API}runs/log-inputs", fields)[0] == 200
    told = ask(address, f"{PAGES}experiments/search-datasets", {"experiment_ids": ["0"]})[1]

    assert told["dataset_summaries"] == [
        {"experiment_id": "0", "name": "wine", "digest": "d1", "context": "training"}
    ]


def test_a_run_without_a_name_has_that_of_what_logs_to_it(address: str) -> None:
    """Never the server's own."""
    tags = [{"key": "mlflow.source.name", "value": "folder/train.py"}]
    named = new_run(address, tags=tags), new_run(address)
    told = [ask(address, f"{API}runs/get?run_id={run_id}")[1] for run_id in named]

    assert [each["run"]["info"]["run_name"] for each in told] == ["train.py", "run"]


def test_a_file_is_sent_to_a_page_as_a_file(address: str) -> None:
    """Which a browser keeps, and never shows as a page of the server."""
    run_id = new_run(address)
    place = f"{address}{PAGES}upload-artifact?run_uuid={run_id}&path=a.html"
    urllib.request.urlopen(urllib.request.Request(place, b"<script>"), timeout=30).close()
    with urllib.request.urlopen(f"{address}/get-artifact?run_id={run_id}&path=a.html") as answer:
        sent, headers = answer.read(), answer.headers

    assert sent == b"<script>"
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["../x", "%2e%2e/x", "/etc/passwd", "..%2f..%2fx"])
def test_a_page_has_files_of_the_run_that_it_names(address: str, path: str) -> None:
    assert ask(address, f"/get-artifact?run_id={new_run(address)}&path={path}")[0] == 400
