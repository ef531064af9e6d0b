"""What was logged to one run and its children since a moment, as a card under the cell tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from nbtrack.records.origins import NO_ORIGINS, Origins

SPARK_POINTS = 40  # a series is thinned to so many, the last one always among them
UNSUCCESSFUL = ("FAILED", "KILLED")


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

    @classmethod
    def of_one(cls, value: float) -> MetricTrace:
        return cls(points=[(0, 0, value)], count=1)


@dataclass(kw_only=True)
class RunTrace:
    name: str | None = None
    status: str = "RUNNING"
    experiment_id: str | None = None
    parent_id: str | None = None
    fit: str | None = None
    is_candidate: bool = False
    origins: Origins = NO_ORIGINS
    metrics: dict[str, MetricTrace] = field(default_factory=dict)
    explicit_params: dict[str, str] = field(default_factory=dict)
    inferred_params: dict[str, str] = field(default_factory=dict)
    artifacts: set[str] = field(default_factory=set)
    children: dict[str, RunTrace] = field(default_factory=dict)
    best_child: str | None = None  # the id, if a search has told
    uncounted: int = 0  # children that are not among `children`: candidates of a large search
    uncounted_failed: int = 0  # of these

    @property
    def params(self) -> dict[str, str]:
        return {**self.inferred_params, **self.explicit_params}

    @property
    def is_unsuccessful(self) -> bool:
        return self.status in UNSUCCESSFUL

    def values(self) -> dict[str, float]:
        return {key: metric.latest for key, metric in self.metrics.items()}
