"""Where a metric moved: between which two attempts, of those from a good run to a bad one.

The way goes over attempts at the same cell and runs of the same names, of the same experiment, in
the order in which they began, from the one run to the other. Rule: the point half-way between the
two values parts attempts that are still as the first from those that are already as the last. Of
the steps across that point the one with the largest jump counts, the earliest of equal ones: a
metric may cross it more than once, by chance too, and all crossings are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Any

from nbtrack.base.nearest import did_you_mean
from nbtrack.errors import InvalidValue
from nbtrack.lookup.own_values import without_moved
from nbtrack.provenance.differences.difference import RunDifference, read_run_difference
from nbtrack.records.runs import LifecycleStage, Run, RunQuery, ViewType
from nbtrack.records.tags import ATTEMPT_TAG, LINEAGE_TAG, PARENT_TAG, REPRODUCES_TAG
from nbtrack.stores.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    run: Run
    value: float
    is_past: bool  # the middle: nearer to the later of the two runs

    @property
    def number(self) -> str | None:
        """Which attempt at its cell it is."""
        return self.run.data.tags.get(ATTEMPT_TAG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bisection:
    """*attempts* as they ran, from the one run to the other; the metric moved from `.before` to
    `.after`, and *difference* says what changed between these two."""

    metric: str
    good: str  # ids
    bad: str
    attempts: Sequence[Attempt]
    without: int  # attempts between that have no such metric
    place: int  # of the first attempt after the jump
    crossings: int
    difference: RunDifference

    @property
    def before(self) -> Attempt:
        return self.attempts[self.place - 1]

    @property
    def after(self) -> Attempt:
        return self.attempts[self.place]

    @property
    def middle(self) -> float:
        return (self.attempts[0].value + self.attempts[-1].value) / 2

    def is_past(self, value: float) -> bool:
        """Whether it is on the side of the middle that the metric moved to."""
        return (value > self.middle) == (self.after.value > self.middle)


def find_bisection(store: Store, good: str, bad: str, *, metric: str) -> Bisection:
    """Of two run ids. Raises RunNotFound; InvalidValue where the metric did not move between them,
    or one has no such metric."""
    if good == bad:
        raise InvalidValue(f"Both are the run {good!r}; give two runs.")
    way = _way(store, good, bad)
    start, end = (_value(run, metric) for run in (way[0], way[-1]))
    if start == end:
        raise InvalidValue(f"{metric!r} is {start} in both runs: there is no move to look for.")
    measured = [run for run in way if _is_measured(run, metric)]
    attempts = [_attempt(run, metric, start=start, end=end) for run in measured]
    places = _crossings(attempts)
    place = max(places, key=lambda n: (abs(attempts[n].value - attempts[n - 1].value), -n))
    pair = (attempts[n].run.info.run_id for n in (place - 1, place))
    return Bisection(
        metric=metric,
        good=good,
        bad=bad,
        attempts=attempts,
        without=len(way) - len(measured),
        place=place,
        crossings=len(places),
        difference=read_run_difference(store, *pair),
    )


def _attempt(run: Run, metric: str, *, start: float, end: float) -> Attempt:
    value = run.data.metrics[metric]
    return Attempt(run=run, value=value, is_past=(value > (start + end) / 2) == (end > start))


def _crossings(attempts: Sequence[Attempt]) -> list[int]:
    """Places of those that are on another side than the one before; at least one."""
    sides = [each.is_past for each in attempts]
    sides[0], sides[-1] = False, True
    return [n for n, (old, new) in enumerate(pairwise(sides), 1) if old != new]


def _way(store: Store, good: str, bad: str) -> list[Run]:
    """Both, and what ran between them; of deleted runs, and of those that only repeat one, none but
    these two."""
    ends = {run_id: store.get_run(run_id) for run_id in (good, bad)}
    runs = [run for run in _relatives(store, list(ends.values())) if _is_there(run, ends)]
    low, high = sorted(n for n, run in enumerate(runs) if run.info.run_id in ends)
    return [without_moved(run) for run in runs[low : high + 1]]


def _relatives(store: Store, ends: Sequence[Run]) -> list[Run]:
    """Attempts at their cells and runs of their names, the earliest first; of children only if they
    are some."""
    query = RunQuery(
        experiment_ids=tuple({run.info.experiment_id for run in ends}),
        filter_string=" or ".join(dict.fromkeys(each for run in ends for each in _kin(run))),
        order_by=("attributes.start_time asc",),
        view_type=ViewType.ALL,
    )
    depths = {PARENT_TAG in run.data.tags for run in ends}
    return [run for run in store.search_runs(query) if (PARENT_TAG in run.data.tags) in depths]


def _kin(run: Run) -> Iterator[str]:
    """Conditions, one of which its relatives meet."""
    yield f"attributes.run_id = {_quoted(run.info.run_id)}"
    if run.info.run_name:
        yield f"attributes.run_name = {_quoted(run.info.run_name)}"
    if lineage := run.data.tags.get(LINEAGE_TAG):
        yield f"tags.`{LINEAGE_TAG}` = {_quoted(lineage)}"


def _is_there(run: Run, ends: Mapping[str, Run]) -> bool:
    is_active = run.info.lifecycle_stage == LifecycleStage.ACTIVE
    return run.info.run_id in ends or (is_active and REPRODUCES_TAG not in run.data.tags)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _is_measured(run: Run, metric: str) -> bool:
    return isfinite(run.data.metrics.get(metric, float("nan")))


def _value(run: Run, metric: str) -> float:
    metrics: Mapping[str, Any] = run.data.metrics
    if not _is_measured(run, metric):
        told = f"is {metrics[metric]}" if metric in metrics else "was not recorded"
        name = run.info.run_name or run.info.run_id
        proposal = did_you_mean(metric, metrics)
        raise InvalidValue(f"The metric {metric!r} {told} in the run {name!r}.{proposal}")
    return float(metrics[metric])
