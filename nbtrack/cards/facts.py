"""What the caller knows about a finished cell, ready for `card_html` and `card_text`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nbtrack.lookup.metric_direction import Direction
from nbtrack.records.origins import Origin
from nbtrack.records.warned import Warned


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFact:
    """One metric and what it is compared with. None is "not there", never zero."""

    key: str
    value: float | None
    previous: float | None = None  # the same metric in the attempt before
    best: float | None = None  # best of the experiment's *other* runs; None when none has it
    best_run: str | None = None  # the name of that run
    direction: Direction | None = None  # as declared, else metric_direction.direction(key)
    points: int = 1
    spark: Sequence[float] | None = None  # the series, in step order, however long


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamChange:
    """A param against the attempt before; None on the side where it was absent."""

    key: str
    before: str | None
    now: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildrenFacts:
    """The child runs; *best_name* and *metrics* are the only child's, or the best one's."""

    count: int
    failed: int = 0
    killed: int = 0  # interrupted, stopped, or pruned
    best_name: str | None = None
    metrics: Sequence[MetricFact] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FitFact:
    """One of several fits of the run: all are equals, none is "the" model."""

    name: str
    metrics: Mapping[str, float]
    origins: Mapping[str, Origin] = field(default_factory=dict)  # of metrics nobody logged by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    run_id: str
    run_name: str | None
    status: str  # a RunStatus
    experiment: str | None = None
    duration_seconds: float | None = None
    attempt: int = 1
    previous_attempt: int | None = None  # the attempt compared with; None when nothing was compared
    metrics: Sequence[MetricFact] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    params_changed: Sequence[ParamChange] = ()
    children: ChildrenFacts | None = None
    fits: Sequence[FitFact] = ()
    error: str | None = None  # "ValueError: message"; the first line is shown
    said: Sequence[tuple[str, str]] = ()  # a word, and what the user or another run says of it
    warnings: Sequence[Warned] = ()
    notes: Sequence[str] = ()  # one honest remark each
    inferred: frozenset[str] = frozenset()  # keys of params that nobody logged by hand
    inferred_metrics: frozenset[str] = frozenset()
    artifacts: int = 0
    cost_ms: float | None = None  # what nbtrack itself took
    set_up_seconds: float | None = None  # beside that and the duration; once in a kernel
    store_path: str | None = None  # given in the first card of a kernel only
    store_is_temporary: bool = False
