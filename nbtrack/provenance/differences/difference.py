"""Why a run is different: how its metrics differ from another's, and what of its origin does.

Causes stand in one fixed order, the likeliest first: that of `Part`. It goes from what people edit
between two runs to what they rarely touch, and from what makes the number to what stands around
it: the cell itself; the cells that made what it used; the values it was given; the data; what was
read from files, which changes without a notebook's knowing; the project's own modules, edited less
often than cells; installed packages; Python; the commit, which is a trace of edits told above it
and else of files that these cells did not read; random numbers, which move a metric without
anybody's doing, but little; hardware, which moves its last digits. The order is fixed, not weighed:
whoever looks at the third cause knows that the first two were looked at. Within a part, what is
nearest comes first: the cell that ran last before the run's own, the package that is imported.
What cannot move a number, as another comment, is no cause, and is told apart.

Nothing recorded is no proof of sameness: what was only sampled is a doubt, what was not captured
is a gap, and both are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from nbtrack.errors import InvalidValue
from nbtrack.lookup.difference import ComparedMetric, compared_metrics
from nbtrack.lookup.key_facts import facts_of, meaning_of_runs
from nbtrack.lookup.metric_direction import Verdict, direction, directions, verdict
from nbtrack.lookup.salience import metrics_in_order, told_metrics
from nbtrack.provenance.differences.cell_changes import source_finding, upstream_finding
from nbtrack.provenance.differences.data_changes import (
    data_finding,
    files_finding,
    modules_finding,
    params_finding,
)
from nbtrack.provenance.differences.findings import Finding
from nbtrack.provenance.differences.run_record import RunRecord, read_records
from nbtrack.provenance.differences.surroundings_changes import (
    commit_finding,
    hardware_finding,
    packages_finding,
    python_finding,
    seeds_finding,
)
from nbtrack.records.runs import Experiment, Run, RunData
from nbtrack.stores.store import Store

_FINDERS: Sequence[Callable[[RunRecord, RunRecord], Finding]] = (
    source_finding,
    upstream_finding,
    params_finding,
    data_finding,
    files_finding,
    modules_finding,
    packages_finding,
    python_finding,
    commit_finding,
    seeds_finding,
    hardware_finding,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDifference:
    """None where a run has no such metric."""

    key: str
    before: float | None
    after: float | None
    verdict: Verdict  # on the second run
    is_told: bool = True  # somebody measured it; else autolog noted it of the training

    @property
    def delta(self) -> float | None:
        both = self.before is not None and self.after is not None
        return (self.after or 0.0) - (self.before or 0.0) if both else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDifference:
    """*findings* has one for each part of an origin, in the order of likelihood."""

    before: Run  # A, in words
    after: Run  # B
    metrics: Sequence[MetricDifference]  # those that differ, what matters first
    same_metrics: int
    findings: Sequence[Finding]

    @property
    def causes(self) -> list[Finding]:
        """What may explain it, the likeliest first."""
        return [each for each in self.findings if each.changes and not each.is_harmless]

    @property
    def harmless(self) -> list[Finding]:
        """What differs, and cannot have moved a number."""
        return [each for each in self.findings if each.changes and each.is_harmless]

    @property
    def same(self) -> list[str]:
        """What was found to be the same, in words."""
        proven = (f for f in self.findings if not (f.changes or f.doubts or f.gaps))
        return [each.same for each in proven if each.same]


def read_run_difference(store: Store, before: str, after: str) -> RunDifference:
    """Of two run ids. Raises RunNotFound; InvalidValue for one run."""
    if before == after:
        raise InvalidValue(f"Both are the run {before!r}; give two runs.")
    records = read_records(store, (before, after))
    ids = {record.run.info.experiment_id for record in records}
    return run_difference(*records, experiments=[store.get_experiment(each) for each in ids])


def run_difference(
    before: RunRecord, after: RunRecord, *, experiments: Iterable[Experiment]
) -> RunDifference:
    """*experiments* say which way their metrics are better."""
    data = [before.run.data, after.run.data]
    metrics = _metrics(data)
    declared = directions(experiments)
    told = set(told_metrics([each.key for each in metrics], meaning_of_runs(data)))
    return RunDifference(
        before=before.run,
        after=after.run,
        metrics=[
            MetricDifference(
                key=each.key,
                before=each.values[0],
                after=each.values[1],
                verdict=verdict(each.deltas[1], direction(each.key, declared)),
                is_told=each.key in told,
            )
            for each in metrics
            if each.differs
        ],
        same_metrics=sum(not each.differs for each in metrics),
        findings=[find(before, after) for find in _FINDERS],
    )


def _metrics(data: Sequence[RunData]) -> list[ComparedMetric]:
    """What matters first."""
    found = compared_metrics([each.metrics for each in data], baseline=0)
    facts = facts_of([each.metrics for each in data], len(data))
    order = [each.key for each in metrics_in_order(facts, meaning_of_runs(data))]
    return sorted(found, key=lambda each: order.index(each.key))
