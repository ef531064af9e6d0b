"""What the store answers to panels: pages of runs, keys, groups, series, columns of values.

Times are milliseconds since 1970-01-01 UTC, unless a name ends in `_us` (microseconds).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from nbtrack.records.runs import Run

Axis = Literal["step", "time", "relative"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """*total* is how many rows all pages have together, *matching* how many runs match.

    The two differ when children are folded under their parents: then *children* says how many
    each run of the page has (those without are not in it).
    """

    runs: list[Run]
    total: int
    matching: int
    children: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """One param, metric or tag over many runs; of a metric its latest values count.

    *distinct* is 1 or 2, where 2 means "two or more"; runs without the key do not count.
    *low* and *high* are of the finite numbers, None where there is none.
    """

    key: str
    runs: int  # that have it
    distinct: int
    is_number: bool  # every value is one; NaN and the infinities are
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInventory:
    """By name, as people sort them: in any case, and p2 before p10."""

    params: list[KeyFacts]
    metrics: list[KeyFacts]
    tags: list[KeyFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedMetric:
    """Of the finite latest values: *count* of them; *mean* is None for none, *std* for one."""

    mean: float | None
    std: float | None  # of the sample: divided by count - 1
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunGroup:
    value: str | None  # None: the runs that have none
    runs: int
    newest_us: int  # when the newest of them started
    newest_name: str | None
    metrics: Mapping[str, GroupedMetric]  # each metric that was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSeries:
    """One metric of one run as it goes, ordered by *x*; the lists are of one length.

    Each place is a bucket of neighbouring points: their lowest and highest finite value (None if
    there is none), and where and what the last of them was (which may be NaN or infinite).
    """

    run_id: str
    key: str
    x: list[float]
    low: list[float | None]
    high: list[float | None]
    last: list[float]
    count: int  # points between the bounds of x that were asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class RunValues:
    """Some columns of many runs, each as long as *run_ids*; None where a run has no value."""

    run_ids: list[str]
    names: list[str | None]
    columns: Mapping[str, list[Any]]  # by the names they were asked for
