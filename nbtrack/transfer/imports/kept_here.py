"""What a project has of the runs of a source, in bulk: a few queries for many runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

from nbtrack.transfer.imports.digests import RunPointsDigest
from nbtrack.transfer.imports.marks import MARK, Mark, mark_in
from nbtrack.transfer.imports.run_text import Before, Triple, comparable, latest
from nbtrack.transfer.sources.source_records import ModelPoint

if TYPE_CHECKING:
    import pandas as pd

_HALF_RUNS = """
    select run_id from stored.run_keys where run_id not in (select run_id from runs)
"""
_RUNS = """
    select run_id, coalesce(epoch_us(start_time) // 1000, 0) as start,
        coalesce(epoch_us(end_time) // 1000, 0) as "end"
    from runs
"""
_MARKS = "select run_id, value from tags where key = $key"
_TEXTS = "select run_id, key, value from {table} where run_id in (select unnest($ids))"
_COUNTS = """
    select run_id, key, count(*) as points from metrics
    where run_id in (select unnest($ids)) group by run_id, key order by run_id, key
"""
# In the order of the counts: then the points need no names, which are slow to hand over.
_POINTS = """
    select step, epoch_us(timestamp) // 1000 as time, value from metrics
    where run_id in (select unnest($ids)) order by run_id, key
"""
_MODEL_POINTS = """
    select model_id, key, value, step, t // 1000 as t, dataset_name, dataset_digest
    from stored.model_points join stored.run_keys using (run_key)
    where run_id = $run_id and model_id is not null
"""
_ARTIFACTS = """
    select run_id, path, sha256 from artifacts where run_id in (select unnest($ids))
"""


class AnswersSql(Protocol):
    """A project in a folder, or what has the same tables."""

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pd.DataFrame: ...


def half_runs(store: AnswersSql) -> set[str]:
    """Those of which something is here, but not the line that makes them runs."""
    return set(store.query(_HALF_RUNS)["run_id"])


def runs_here(store: AnswersSql) -> dict[str, tuple[int, int]]:
    """By their ids, when they began and ended; 0: nothing says it."""
    rows = store.query(_RUNS)
    times = zip(rows["start"].tolist(), rows["end"].tolist())
    return dict(zip(rows["run_id"], times))


def marks_here(store: AnswersSql) -> dict[str, Mark]:
    rows = store.query(_MARKS, {"key": MARK})
    found = ((run_id, mark_in(text)) for run_id, text in zip(rows["run_id"], rows["value"]))
    return {run_id: mark for run_id, mark in found if mark is not None}


def texts_here(store: AnswersSql, table: str, run_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """The tags or params, as *table* says, of each run that has any."""
    rows = store.query(_TEXTS.format(table=table), {"ids": list(run_ids)})
    found: dict[str, dict[str, str]] = {}
    for run_id, key, value in zip(rows["run_id"], rows["key"], rows["value"]):
        found.setdefault(run_id, {})[key] = value
    return found


def files_here(store: AnswersSql, run_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """{path: sha256} of each run that has any."""
    rows = store.query(_ARTIFACTS, {"ids": list(run_ids)})
    found: dict[str, dict[str, str]] = {}
    for run_id, path, sha256 in zip(rows["run_id"], rows["path"], rows["sha256"]):
        found.setdefault(run_id, {})[path] = sha256
    return found


def point_digests(
    store: AnswersSql, run_ids: Sequence[str], singles: Mapping[str, Set[str]]
) -> dict[str, tuple[str, int]]:
    """The digest of all points of each run that has any, and how many there are; of keys that are
    *singles* of it, of the latest alone."""
    found: dict[str, tuple[str, int]] = {}
    for run_id, keys in groupby(series_here(store, run_ids), key=lambda each: each[0]):
        digest = RunPointsDigest()
        for _, key, (values, steps, times) in keys:
            if key in singles.get(run_id, ()):
                points = map(comparable, values.tolist(), steps.tolist(), times.tolist())
                digest.add_single(key, float(latest(points)[0]))
            else:
                digest.add(key, values, steps, times)
        found[run_id] = (digest.hexdigest(), digest.count)
    return found


def points_here(store: AnswersSql, run_id: str) -> dict[str, Counter[Triple]]:
    return {
        key: Counter(map(comparable, *(column.tolist() for column in columns)))
        for _, key, columns in series_here(store, [run_id])
    }


def series_here(
    store: AnswersSql, run_ids: Sequence[str]
) -> Iterable[tuple[str, str, Sequence[Any]]]:
    """(run id, key, (values, steps, times)) in the order of both."""
    parameters = {"ids": list(run_ids)}
    counts, points = store.query(_COUNTS, parameters), store.query(_POINTS, parameters)
    columns = [points[name].to_numpy() for name in ("value", "step", "time")]
    start = 0
    for run_id, key, number in zip(counts["run_id"], counts["key"], counts["points"]):
        end = start + int(number)
        yield run_id, key, [column[start:end] for column in columns]
        start = end


def before(store: AnswersSql, run_id: str) -> Before:
    params = texts_here(store, "params", [run_id]).get(run_id, {})
    tags = texts_here(store, "tags", [run_id]).get(run_id, {})
    return Before(params, tags, _model_points(store.query(_MODEL_POINTS, {"run_id": run_id})))


def _model_points(rows: pd.DataFrame) -> Iterable[ModelPoint]:
    for model_id, key, value, *others in rows_of(rows):
        yield ModelPoint(model_id, key, float("nan") if value is None else value, *others)


def rows_of(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """With None for what is missing."""
    return frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
