"""What is measured: each function makes the same calls on *api*, which is mlflow or nbtrack.

Times are seconds unless the name says otherwise; medians, because machines are noisy.
"""

from __future__ import annotations

import importlib
import statistics
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Any

POINTS = 100_000
BATCH = 1000


def start_and_end(api: Any) -> float:
    return _median(lambda: _empty_run(api), times=200)


def ten_and_ten(api: Any) -> float:
    return _median(lambda: _small_run(api), times=30)


def log_metric_p50(api: Any, *, times: int) -> float:
    with api.start_run():
        return statistics.median(_log_times(api, times))


def log_metric_beside_busy_thread(api: Any, *, times: int) -> float:
    """Called 200 times a second while another Python thread never gives up the interpreter."""
    stop = threading.Event()
    busy = threading.Thread(target=_count_until, args=(stop,), daemon=True)
    with api.start_run():
        busy.start()
        taken = []
        for step in range(times):
            time.sleep(0.005)
            began = time.perf_counter()
            api.log_metric("loss", 0.5, step=step)
            taken.append(time.perf_counter() - began)
        stop.set()
        busy.join()
    return statistics.median(taken)


def write_points(api: Any) -> tuple[str, float]:
    """The run's id, and the time until POINTS points of one metric are written, by log_batch."""
    client, now = api.MlflowClient(), int(time.time() * 1000)
    metric = importlib.import_module(f"{api.__name__}.entities").Metric
    with api.start_run() as run:
        began = time.perf_counter()
        for start in range(0, POINTS, BATCH):
            points = [metric("loss", 1.0 / (s + 1), now, s) for s in range(start, start + BATCH)]
            client.log_batch(run.info.run_id, metrics=points)
        return run.info.run_id, time.perf_counter() - began


def read_points(api: Any, run_id: str) -> tuple[float, float]:
    """The first read, right after they were written, and the median of five more."""
    client = api.MlflowClient()
    taken = []
    for _ in range(6):
        began = time.perf_counter()
        history = client.get_metric_history(run_id, "loss")
        taken.append(time.perf_counter() - began)
        assert len(history) == POINTS
    return taken[0], statistics.median(taken[1:])


def fill(api: Any, *, runs: int, keys: int) -> str:
    """*runs* finished runs with *keys* params and metrics each; the experiment's id."""
    experiment_id: str = api.set_experiment("search").experiment_id
    for number in range(runs):
        with api.start_run(run_name=f"run {number}"):
            api.log_params({f"p{k}": (number * k) % 17 for k in range(keys)})
            api.log_metrics({f"m{k}": (number * (k + 3)) % 101 / 101 for k in range(keys)})
    return experiment_id


def search_all(api: Any, experiment_id: str) -> float:
    return _median(lambda: api.search_runs([experiment_id]), times=11)


def search_filtered(api: Any, experiment_id: str) -> float:
    text = "metrics.m3 > 0.5 and params.p5 = '7'"
    return _median(lambda: api.search_runs([experiment_id], filter_string=text), times=11)


def search_top_20(api: Any, experiment_id: str) -> float:
    return _median(
        lambda: api.search_runs([experiment_id], order_by=["metrics.m3 DESC"], max_results=20),
        times=11,
    )


def search_filtered_anew(api: Any, experiment_id: str) -> float:
    """Another filter each time: no answer can have been kept."""
    numbers = count()

    def search() -> None:
        n = next(numbers)
        api.search_runs(
            [experiment_id], filter_string=f"metrics.m3 > 0.{500 + n} and params.p5 = '{n % 17}'"
        )

    return _median(search, times=11)


def search_top_20_anew(api: Any, experiment_id: str) -> float:
    """By another metric each time."""
    numbers = count()
    return _median(
        lambda: api.search_runs(
            [experiment_id], order_by=[f"metrics.m{next(numbers)} DESC"], max_results=20
        ),
        times=11,
    )


def search_after_a_write(api: Any, experiment_id: str) -> float:
    """All of them, each time after a metric was logged to one of them; the search alone."""
    client, now = api.MlflowClient(), int(time.time() * 1000)
    run_id = api.search_runs([experiment_id], max_results=1).run_id[0]
    taken = []
    for step in range(8):
        client.log_metric(run_id, "m0", 0.5, now + step, step + 1)
        began = time.perf_counter()
        api.search_runs([experiment_id])
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[1:])


def _empty_run(api: Any) -> None:
    with api.start_run():
        pass


def _small_run(api: Any) -> None:
    with api.start_run():
        for number in range(10):
            api.log_param(f"p{number}", number)
        for number in range(10):
            api.log_metric(f"m{number}", number / 10)


def _log_times(api: Any, times: int) -> list[float]:
    taken = []
    for step in range(times):
        began = time.perf_counter()
        api.log_metric("loss", 0.5, step=step)
        taken.append(time.perf_counter() - began)
    return taken


def _count_until(stop: threading.Event) -> None:
    number = 0
    while not stop.is_set():
        number += 1


def _median(call: Callable[[], object], *, times: int) -> float:
    call()  # the first call sets things up
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
