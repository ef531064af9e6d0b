"""What a run shows as its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from nbtrack.records.origins import Origin, origins_of
from nbtrack.records.runs import Run

T = TypeVar("T")


def without_moved(run: Run) -> Run:
    """But for what a child has in its place: see `Origin.MOVED`."""
    origins, data = origins_of(run.data.tags), run.data
    if Origin.MOVED not in (*origins.params.values(), *origins.metrics.values()):
        return run
    own = replace(
        data,
        params=own_values(data.params, origins.params),
        metrics=own_values(data.metrics, origins.metrics),
    )
    return replace(run, data=own)


def own_values(values: Mapping[str, T], origins: Mapping[str, Origin]) -> dict[str, T]:
    return {key: value for key, value in values.items() if origins.get(key) is not Origin.MOVED}
