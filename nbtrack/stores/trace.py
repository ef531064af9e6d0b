"""What was logged to one run and its children, as a card under the cell tells it.

A cell that has just ended logged a few lines, and they are still in the journals: parsing them
here takes microseconds, where a snapshot of the database takes 20-30 ms.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PARENT_TAG = "mlflow.parentRunId"
FIT_TAG = "nbtrack.fit"  # of a run on which a hook recorded a fit: what was fitted, in words
SPARK_POINTS = 40  # a series is thinned to so many, the last one always among them


@dataclass(kw_only=True)
class MetricTrace:
    """*points* are (step, microseconds, value), in any order; *count* may be more than are kept."""

    points: list[tuple[int, int, float]] = field(default_factory=list)
    count: int = 0

    @cached_property
    def series(self) -> list[float]:
        ordered = sorted(self.points, key=lambda point: point[:2])
        kept = len(ordered)
        if kept <= SPARK_POINTS:
            return [value for _, _, value in ordered]
        ends = {(i + 1) * kept // SPARK_POINTS - 1 for i in range(SPARK_POINTS)}
        return [point[2] for i, point in enumerate(ordered) if i in ends]

    @property
    def latest(self) -> float:
        return self.series[-1]


@dataclass(kw_only=True)
class RunTrace:
    name: str | None = None
    status: str = "RUNNING"
    experiment_id: str | None = None
    parent_id: str | None = None
    fit: str | None = None
    metrics: dict[str, MetricTrace] = field(default_factory=dict)
    explicit_params: dict[str, str] = field(default_factory=dict)
    inferred_params: dict[str, str] = field(default_factory=dict)
    artifacts: set[str] = field(default_factory=set)
    children: dict[str, RunTrace] = field(default_factory=dict)

    @property
    def params(self) -> dict[str, str]:
        return {**self.inferred_params, **self.explicit_params}

    def values(self) -> dict[str, float]:
        return {key: metric.latest for key, metric in self.metrics.items()}


def trace_of_lines(text: str, run_id: str) -> RunTrace:
    """From whole journal lines; damaged ones are passed over."""
    runs: dict[str, RunTrace] = {}
    for line in text.split("\n"):  # not splitlines: a value may hold U+2028
        try:
            fields = json.loads(line)
            _take(runs, fields)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return _family(runs, run_id)


def trace_of_snapshot(connection: DuckDBPyConnection, run_id: str) -> RunTrace:
    """From a snapshot: what every process wrote to the run and its children."""
    connection.execute(_FAMILY, {"run_id": run_id, "parent_tag": PARENT_TAG})
    runs: dict[str, RunTrace] = {}
    for found, name, status, experiment_id in connection.execute(_RUNS).fetchall():
        runs[found] = RunTrace(name=name, status=status, experiment_id=experiment_id)
        if found != run_id:
            runs[found].parent_id = run_id
    for found, key, count, points in connection.execute(_METRICS).fetchall():
        kept = [(p["step"], p["t"], p["value"]) for p in points]
        runs[found].metrics[key] = MetricTrace(points=kept, count=count)
    for found, key, value, is_explicit in connection.execute(_PARAMS).fetchall():
        run = runs[found]
        (run.explicit_params if is_explicit else run.inferred_params)[key] = value
    for found, fit in connection.execute(_FITS, {"fit_tag": FIT_TAG}).fetchall():
        runs[found].fit = fit
    for found, path in connection.execute(_ARTIFACTS).fetchall():
        runs[found].artifacts.add(path)
    return _family(runs, run_id)


def _take(runs: dict[str, RunTrace], fields: Mapping[str, Any]) -> None:
    taker = _TAKERS.get(fields["k"])
    if taker is not None:
        taker(runs.setdefault(fields["r"], RunTrace()), fields)


def _take_run(run: RunTrace, fields: Mapping[str, Any]) -> None:
    facts = fields.get("x", {})
    run.name = facts.get("name", run.name)
    run.status = facts.get("status", run.status)
    run.experiment_id = facts.get("experiment_id", run.experiment_id)


def _take_metric(run: RunTrace, fields: Mapping[str, Any]) -> None:
    metric = run.metrics.setdefault(fields["n"], MetricTrace())
    metric.points.append((fields["s"], fields["t"], float(fields["v"])))
    metric.count += 1


def _take_param(run: RunTrace, fields: Mapping[str, Any]) -> None:
    target = run.inferred_params if fields.get("s") == 0 else run.explicit_params
    target[fields["n"]] = fields.get("v", "")


def _take_tag(run: RunTrace, fields: Mapping[str, Any]) -> None:
    if fields["n"] == PARENT_TAG:
        run.parent_id = fields.get("v")
    elif fields["n"] == FIT_TAG:
        run.fit = fields.get("v")


def _take_artifact(run: RunTrace, fields: Mapping[str, Any]) -> None:
    if fields.get("v") is None:
        run.artifacts.discard(fields["n"])
    else:
        run.artifacts.add(fields["n"])


_TAKERS = {
    "run": _take_run,
    "metric": _take_metric,
    "param": _take_param,
    "tag": _take_tag,
    "artifact": _take_artifact,
}


def _family(runs: Mapping[str, RunTrace], run_id: str) -> RunTrace:
    own = runs.get(run_id) or RunTrace()
    own.children = {key: run for key, run in _others(runs, run_id) if run.parent_id == run_id}
    return own


def _others(runs: Mapping[str, RunTrace], run_id: str) -> Iterable[tuple[str, RunTrace]]:
    return ((key, run) for key, run in runs.items() if key != run_id)


_FAMILY = """
    create or replace temp table family as
    select run_key, run_id from stored.run_keys where run_id = $run_id
        or run_key in (select run_key from stored.tags where key = $parent_tag and value = $run_id)
"""
_RUNS = """
    select f.run_id, r.run_name, r.status, r.experiment_id
    from family f join current.runs r using (run_key)
"""
_METRICS = f"""
    with numbered as (
        select run_key, key, step, t, value,
            row_number() over (partition by run_key, key order by step, t) as i,
            count(*) over (partition by run_key, key) as n
        from stored.metrics where run_key in (select run_key from family))
    select run_id, key, max(n), list({{'step': step, 't': t, 'value': value}})
    from numbered join family using (run_key)
    where (i * {SPARK_POINTS}) // n <> ((i - 1) * {SPARK_POINTS}) // n
    group by run_id, key
    order by min(t), key
"""
_PARAMS = """
    select f.run_id, p.key, p.value, p.is_explicit
    from current.params p join family f using (run_key)
"""
_FITS = """
    select f.run_id, t.value from current.tags t join family f using (run_key)
    where t.key = $fit_tag
"""
_ARTIFACTS = """
    select f.run_id, a.path from current.artifacts a join family f using (run_key)
"""
