"""What was logged to one run and its children, as a card under the cell tells it.

A cell that has just ended logged a few lines, and they are still in the journals: parsing them
here takes microseconds, where a snapshot of the database takes 20-30 ms.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.journal.lines import NO_SENSE, told_points
from nbtrack.records.origins import ORIGINS_TAG, parsed_origins
from nbtrack.records.tags import BEST_CHILD_TAG, CANDIDATE_TAG, FIT_TAG, PARENT_TAG
from nbtrack.records.traces import SPARK_POINTS, UNSUCCESSFUL, MetricTrace, RunTrace

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection

MOST_CANDIDATES = 200  # beyond that they are counted by the database, and the best one is read


def trace_of_lines(text: str, run_id: str) -> RunTrace:
    """From whole journal lines; damaged ones are passed over."""
    runs: dict[str, RunTrace] = {}
    for line in text.split("\n"):  # not splitlines: a value may hold U+2028
        try:
            fields = json.loads(line)
            _take(runs, fields)
        except NO_SENSE:
            continue
    return _family(runs, run_id)


def trace_of_snapshot(connection: Connection, run_id: str) -> RunTrace:
    """From a snapshot: what every process wrote to the run and its children."""
    tags = {"parent_tag": PARENT_TAG, "candidate_tag": CANDIDATE_TAG}
    connection.execute(_FAMILY, {"run_id": run_id, **tags})
    left_out, left_out_failed = _leave_out_candidates(connection, run_id)
    runs: dict[str, RunTrace] = {}
    for found, name, status, experiment_id, is_candidate in connection.execute(_RUNS).fetchall():
        runs[found] = RunTrace(name=name, status=status, experiment_id=experiment_id)
        runs[found].is_candidate = is_candidate
        if found != run_id:
            runs[found].parent_id = run_id
    for found, key, count, *point in connection.execute(_METRICS).fetchall():
        metric = runs[found].metrics.setdefault(key, MetricTrace(count=count))
        metric.points.append((point[0], point[1], point[2]))
    for found, key, value, is_explicit in connection.execute(_PARAMS).fetchall():
        run = runs[found]
        (run.explicit_params if is_explicit else run.inferred_params)[key] = value
    for found, fit in connection.execute(_TAG, {"key": FIT_TAG}).fetchall():
        runs[found].fit = fit
    for found, best in connection.execute(_TAG, {"key": BEST_CHILD_TAG}).fetchall():
        runs[found].best_child = best
    for found, text in connection.execute(_TAG, {"key": ORIGINS_TAG}).fetchall():
        runs[found].origins = parsed_origins(text)
    for found, path in connection.execute(_ARTIFACTS).fetchall():
        runs[found].artifacts.add(path)
    whole = _family(runs, run_id)
    whole.uncounted, whole.uncounted_failed = left_out, left_out_failed
    return whole


def _leave_out_candidates(connection: Connection, run_id: str) -> tuple[int, int]:
    """Of many, take all but the best out of the family; how many these were, and how many failed.

    A card shows no more of them, and reading 10,000 takes seconds.
    """
    ((candidates,),) = connection.execute(_CANDIDATES).fetchall()
    if candidates <= MOST_CANDIDATES:
        return 0, 0
    facts = {"run_id": run_id, "best_tag": BEST_CHILD_TAG}
    connection.execute(_LEFT_OUT, facts)
    found = connection.execute(_COUNTS, {"unsuccessful": list(UNSUCCESSFUL)}).fetchall()
    connection.execute("delete from family where run_key in (select run_key from left_out)")
    ((left_out, failed),) = found
    return left_out, failed


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


def _take_points(run: RunTrace, fields: Mapping[str, Any]) -> None:
    points = told_points(fields)
    metric = run.metrics.setdefault(fields["n"], MetricTrace())
    metric.points += zip(points.steps, points.times, points.values, strict=True)
    metric.count += len(points.values)


def _take_param(run: RunTrace, fields: Mapping[str, Any]) -> None:
    target = run.inferred_params if fields.get("s") == 0 else run.explicit_params
    target[fields["n"]] = fields.get("v", "")


def _take_tag(run: RunTrace, fields: Mapping[str, Any]) -> None:
    if fields["n"] == PARENT_TAG:
        run.parent_id = fields.get("v")
    elif fields["n"] == FIT_TAG:
        run.fit = fields.get("v")
    elif fields["n"] == BEST_CHILD_TAG:
        run.best_child = fields.get("v")
    elif fields["n"] == ORIGINS_TAG:
        run.origins = parsed_origins(fields.get("v", ""))
    elif fields["n"] == CANDIDATE_TAG:
        run.is_candidate = True


def _take_artifact(run: RunTrace, fields: Mapping[str, Any]) -> None:
    if fields.get("v") is None:
        run.artifacts.discard(fields["n"])
    else:
        run.artifacts.add(fields["n"])


_TAKERS = {
    "run": _take_run,
    "metric": _take_metric,
    "points": _take_points,
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
    select run_key, run_id,
        run_key in (select run_key from stored.tags where key = $candidate_tag) as is_candidate
    from stored.run_keys where run_id = $run_id
        or run_key in (select run_key from current.tags where key = $parent_tag and value = $run_id)
"""
_CANDIDATES = "select count(*) filter (is_candidate) from family"
_LEFT_OUT = """
    create or replace temp table left_out as
    select run_key from family where is_candidate and run_id not in (
        select t.value from current.tags t join family f using (run_key)
        where t.key = $best_tag and f.run_id = $run_id)
"""
_COUNTS = """
    select count(*), count(*) filter (status in (select unnest($unsuccessful)))
    from left_out join current.runs using (run_key)
"""
_RUNS = """
    select f.run_id, r.run_name, r.status, r.experiment_id, f.is_candidate
    from family f join current.runs r using (run_key)
"""
_METRICS = f"""
    with numbered as (
        select run_key, key, step, t, value,
            row_number() over (partition by run_key, key order by step, t, value) as i,
            count(*) over (partition by run_key, key) as n
        from stored.metrics where run_key in (select run_key from family))
    select run_id, key, n, step, t, value
    from numbered join family using (run_key)
    where (i * {SPARK_POINTS}) // n <> ((i - 1) * {SPARK_POINTS}) // n
    order by min(t) over (partition by run_id, key), key, run_id, i
"""
_PARAMS = """
    select f.run_id, p.key, p.value, p.is_explicit
    from current.params p join family f using (run_key)
"""
_TAG = """
    select f.run_id, t.value from current.tags t join family f using (run_key)
    where t.key = $key
"""
_ARTIFACTS = """
    select f.run_id, a.path from current.artifacts a join family f using (run_key)
"""
