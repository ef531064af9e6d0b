"""The points of metrics: /mlflow/metrics/…"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from nbtrack.api.paging import page_of
from nbtrack.errors import InvalidValue
from nbtrack.records.runs import Metric
from nbtrack.server.asked import Asked
from nbtrack.server.mlflow_protocol import wire
from nbtrack.server.mlflow_protocol.wire import Json
from nbtrack.server.served import Served

MOST_RUNS = 100  # of one request
MOST_POINTS, MOST_STEPS = 25_000, 2500


def history(served: Served, asked: Asked) -> Json:
    """All points, or a page of them."""
    points = served.client.get_metric_history(
        asked.needed("run_id", "run_uuid"), asked.needed("metric_key")
    )
    most = asked.most(usual=max(len(points), 1), limit=MOST_POINTS)
    found = page_of(points, most, asked.text("page_token"))
    return wire.page("metrics", found, map(wire.metric, found))


def histories(served: Served, asked: Asked) -> Json:
    """The points of one metric in several runs."""
    key, runs = asked.needed("metric_key"), asked.needed_texts("run_id", limit=MOST_RUNS)
    most = min(asked.whole("max_results") or MOST_POINTS, MOST_POINTS)
    found = list[Json]()
    for run_id in sorted(runs):  # as MLflow's server does
        points = served.client.get_metric_history(run_id, key)[: most - len(found)]
        found += _of_run(run_id, points)
    return {"metrics": found}


def thinned_histories(served: Served, asked: Asked) -> Json:
    """The same at some steps only, the same ones in all runs, which have their first and last."""
    key, runs = asked.needed("metric_key"), asked.needed_texts("run_ids", limit=MOST_RUNS)
    most, between = asked.most(usual=MOST_STEPS, limit=MOST_STEPS), _interval(asked)
    points = {run_id: served.client.get_metric_history(run_id, key) for run_id in runs}
    steps = [sorted({point.step for point in found}) for found in points.values()]
    kept = shown_steps([each for each in steps if each], most=most, between=between)
    shown = {run_id: [p for p in found if p.step in kept] for run_id, found in points.items()}
    return {"metrics": [told for run_id in shown for told in _of_run(run_id, shown[run_id])]}


def shown_steps(
    of_runs: Sequence[Sequence[int]], *, most: int, between: tuple[int, int] | None
) -> set[int]:
    """About *most*, evenly out of the sorted steps of all runs, and the ends of each."""
    steps = sorted({step for each in of_runs for step in each})
    first, last = between or ((steps[0], steps[-1]) if steps else (0, 0))
    steps = steps[bisect_left(steps, first) : bisect_right(steps, last)]
    if len(steps) <= most:
        return set(steps)
    even = {steps[number * len(steps) // most] for number in range(most)}
    ends = {end for each in of_runs for end in (each[0], each[-1]) if first <= end <= last}
    return even | ends | {steps[-1]}


def _interval(asked: Asked) -> tuple[int, int] | None:
    first, last = asked.whole("start_step"), asked.whole("end_step")
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise InvalidValue(
            "If either start step or end step are specified, both must be specified."
        )
    if first > last:
        raise InvalidValue(f"end_step must be greater than start_step. Found {first} and {last}.")
    return first, last


def _of_run(run_id: str, points: Sequence[Metric]) -> list[Json]:
    return [wire.metric(point) | {"run_id": run_id} for point in points]


ANSWERS = {
    "GET metrics/get-history": history,
    "GET metrics/get-history-bulk": histories,
    "GET metrics/get-history-bulk-interval": thinned_histories,
}
