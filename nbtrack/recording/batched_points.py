"""The points of a batch as lines of the journal, metric by metric: in less time than one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nbtrack.base.values import as_metric, as_step, check_key
from nbtrack.journal import lines
from nbtrack.recording.given_times import each_later_than_equals, later_than_equals
from nbtrack.recording.measured import point_facts
from nbtrack.records.runs import Metric


def batched_lines(run_id: str, points: Sequence[Metric]) -> str:
    """*points* are `Metric`s, of ours or MLflow's. Raises InvalidValue, AttributeError or
    TypeError."""
    by_name: dict[str, list[Metric]] = {}
    for point in points:
        by_name.setdefault(point.key, []).append(point)
    return "".join([_lines_of(run_id, check_key(name), each) for name, each in by_name.items()])


def line_of(
    run_id: str, key: str, value: float, *, step: int, t: int, about: Mapping[str, str] | None
) -> str:
    """Of a point; and a second one, of what it says of a model or of data."""
    line = lines.metric_line(run_id, key, value, step=step, t=t)
    if not about:
        return line
    return line + lines.model_point_line(run_id, key, value, step=step, t=t, **about)


def _lines_of(run_id: str, name: str, points: list[Metric]) -> str:
    """Few, unless a point says more than its value, or is the only one: of each step of a loop."""
    if len(points) == 1:
        (point,) = points
        step = as_step(point.step)
        t = later_than_equals(point.timestamp, run_id, name, step)
        value = as_metric(name, point.value)
        return line_of(run_id, name, value, step=step, t=t, about=point_facts(point))
    values, given, steps, facts = _columns(points)
    if set(map(type, values)) != {float}:
        values = [as_metric(name, value) for value in values]
    steps = list(map(as_step, steps))
    times = each_later_than_equals(given, run_id, name, steps)
    if not any(facts):
        return lines.points_lines(run_id, name, lines.Points(values, steps, times))
    each = zip(values, steps, times, facts, strict=True)
    return "".join([line_of(run_id, name, v, step=s, t=t, about=about) for v, s, t, about in each])


def _columns(points: list[Metric]) -> tuple[Sequence[Any], ...]:
    """Values, timestamps and steps as they were given, and what is said of a model or of data."""
    if set(map(type, points)) == {Metric}:
        _, values, given, steps, *said, _ = zip(*points, strict=True)
        if not any(map(any, said)):  # nearly always
            return values, given, steps, ()
    facts = [point_facts(point) for point in points]
    return [p.value for p in points], [p.timestamp for p in points], [p.step for p in points], facts
