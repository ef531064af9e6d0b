"""One client of a team's server, in a process of its own; what it finds goes to stdout as JSON.

python -m tests.benchmarks.team_side nbtrack|mlflow URI WHAT [ARGUMENT]

It says "ready" when it could begin, and begins when a line comes: so several begin at once.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks import measures

BATCH = 1000
KEYS = 20


def log(api: Any, number: str) -> dict[str, Any]:
    with api.start_run():
        _wait()
        taken = []
        for step in range(int(number)):
            began = time.perf_counter()
            api.log_metric("loss", 0.5, step=step)
            taken.append(time.perf_counter() - began)
    return {"p50": statistics.median(taken)}


def points(api: Any, number: str) -> dict[str, Any]:
    """Who looks at the server sees the metric "done" when all of them are there."""
    client, metric = api.MlflowClient(), importlib.import_module(f"{api.__name__}.entities").Metric
    with api.start_run() as run:
        _wait(run.info.run_id)
        began, now = time.time(), int(time.time() * 1000)
        for start in range(0, int(number), BATCH):
            batch = [metric("loss", 1 / (s + 1), now, s) for s in range(start, start + BATCH)]
            client.log_batch(run.info.run_id, metrics=batch)
        api.log_metric("done", 1.0)
    return {"began": began}


def search(api: Any, times: str) -> dict[str, Any]:
    client = api.MlflowClient()
    experiment_id = client.get_experiment_by_name("search").experiment_id
    client.search_runs([experiment_id], max_results=1)
    _wait()
    taken = []
    for _ in range(int(times)):
        began = time.perf_counter()
        found = client.search_runs([experiment_id], max_results=1000)
        taken.append(time.perf_counter() - began)
    columns = len(found[0].data.metrics) + len(found[0].data.params)
    return {"median": statistics.median(taken), "runs": len(found), "columns": columns}


def top(api: Any, times: str) -> dict[str, Any]:
    """Of all runs, by another metric each time."""
    client = api.MlflowClient()
    ids = [each.experiment_id for each in client.search_experiments()]
    client.search_runs(ids, max_results=1)
    _wait()
    taken = []
    for number in range(int(times)):
        began = time.perf_counter()
        key = f"metrics.m{number % KEYS:02d} DESC"
        client.search_runs(ids, order_by=[key], max_results=20)
        taken.append(time.perf_counter() - began)
    return {"median": statistics.median(taken), "first": taken[0]}


def fill(api: Any, runs: str) -> dict[str, Any]:
    """Runs with 40 columns, in the experiment "search"."""
    _wait()
    measures.fill(api, runs=int(runs), keys=KEYS)
    return {}


def up(api: Any, file: str) -> dict[str, Any]:
    """Until the server has it."""
    with api.start_run() as run:
        _wait()
        began = time.perf_counter()
        api.log_artifact(file)
        if api.__name__ == "nbtrack":
            store = importlib.import_module("nbtrack.recording.session").current_session().store
            while not store.ship() or store.outbox.waiting_files():
                time.sleep(0.001)
        taken = time.perf_counter() - began
    return {"seconds": taken, "run_id": run.info.run_id}


def down(api: Any, run_id: str) -> dict[str, Any]:
    """By somebody who does not have it."""
    with tempfile.TemporaryDirectory() as folder:
        _wait()
        began = time.perf_counter()
        file = api.artifacts.download_artifacts(
            run_id=run_id, artifact_path="large.bin", dst_path=folder
        )
        return {"seconds": time.perf_counter() - began, "bytes": Path(file).stat().st_size}


WHAT: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    each.__name__: each for each in (log, points, search, top, fill, up, down)
}


def _wait(said: str = "") -> None:
    print("ready", said, flush=True)
    sys.stdin.readline()


def main(library: str, uri: str, what: str, argument: str) -> None:
    api = importlib.import_module(library)
    api.set_tracking_uri(uri)
    print(json.dumps(WHAT[what](api, argument)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
