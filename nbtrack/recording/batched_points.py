"""The points of a batch as lines of the journal, column by column: in less time than one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nbtrack.base.values import as_metric, as_metrics, as_step, as_steps, check_key
from nbtrack.journal import lines
from nbtrack.recording.given_times import each_later_than_equals, later_than_equals
from nbtrack.recording.measured import point_facts
from nbtrack.records.runs import Metric

_NOTHING: Mapping[str, str] = {}


class _Columns(NamedTuple):
    """Of points, as they were given; *said* is what each says of a model or of data."""

    values: Sequence[Any]
    timestamps: Sequence[Any]
    steps: Sequence[Any]
    said: Sequence[Mapping[str, str]]


def batched_lines(run_id: str, points: Sequence[Metric]) -> tuple[str, set[str]]:
    """Of `Metric`s, ours or MLflow's, and which metrics they are of.

    Raises InvalidValue, AttributeError or TypeError.
    """
    names, columns = _columns(points)
    if set(map(type, names)) != {str}:
        names = [check_key(name) for name in names]
    if len(metrics := set(names)) == 1:
        return _lines_of(run_id, names[0], columns), metrics
    by_name: dict[str, list[tuple[Any, ...]]] = {}
    for name, point in zip(names, zip(*columns, strict=True), strict=True):
        by_name.setdefault(name, []).append(point)
    each = (
        (name, _Columns(*zip(*its_points, strict=True))) for name, its_points in by_name.items()
    )
    return "".join([_lines_of(run_id, name, its_columns) for name, its_columns in each]), metrics


def line_of(
    run_id: str, key: str, value: float, *, step: int, t: int, about: Mapping[str, str] | None
) -> str:
    """Of a point; and a second one, of what it says of a model or of data."""
    line = lines.metric_line(run_id, key, value, step=step, t=t)
    if not about:
        return line
    return line + lines.model_point_line(run_id, key, value, step=step, t=t, **about)


def _lines_of(run_id: str, key: str, columns: _Columns) -> str:
    """Few, unless a point says more than its value, or is the only one: of each step of a loop."""
    name = check_key(key)
    if len(columns.values) == 1:
        ((value, timestamp, step, said),) = zip(*columns, strict=True)
        place = as_step(step)
        t = later_than_equals(timestamp, run_id, name, place)
        return line_of(run_id, name, as_metric(name, value), step=place, t=t, about=said)
    values, steps = as_metrics(name, columns.values), as_steps(columns.steps)
    times = each_later_than_equals(columns.timestamps, run_id, name, steps)
    if not any(columns.said):
        return lines.points_lines(run_id, name, lines.Points(values, steps, times))
    each = zip(values, steps, times, columns.said, strict=True)
    return "".join([line_of(run_id, name, v, step=s, t=t, about=about) for v, s, t, about in each])


def _columns(points: Sequence[Metric]) -> tuple[list[str], _Columns]:
    values, timestamps = [p.value for p in points], [p.timestamp for p in points]
    return [p.key for p in points], _Columns(
        values, timestamps, [p.step for p in points], _said(points)
    )


def _said(points: Sequence[Metric]) -> list[Mapping[str, str]]:
    if set(map(type, points)) == {Metric} and not any(
        [p.model_id or p.dataset_name or p.dataset_digest for p in points]
    ):
        return [_NOTHING] * len(points)  # nearly always
    return [point_facts(point) for point in points]
