"""What earlier runs reached: the best of an experiment, the attempt before, places of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    value: float
    run_id: str
    run_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    highest: Reached
    lowest: Reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    run_id: str
    number: int
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    # Digests of what it read, by context and name; None: several.
    inputs: Mapping[tuple[str, str], str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRun:
    run_id: str
    name: str | None
    started_ms: int
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    extremes: Mapping[str, Extremes] = field(default_factory=dict)  # by metric
    previous: Attempt | None = None  # the newest attempt of the lineage that was asked for
    params: Sequence[str] = ()  # their names, in the experiment
    experiments: Sequence[str] = ()  # their names, in the store
    tags: Mapping[str, str] = field(default_factory=dict)  # of the experiment


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPlace:
    """Where a lineage of cells was seen last in a notebook."""

    lineage: str
    attempt: int
    position: int | None
    source: str | None
