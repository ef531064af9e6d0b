"""The small curves beside metrics: asked for once the table stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nbtrack.panels.shared.panel import Panel
from nbtrack.panels.shared.requests import texts_of
from nbtrack.stores.store import Store

_BUCKETS = 20
_MOST_RUNS, _MOST_KEYS = 60, 6


def sparklines(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """{run id: {metric: [values]}} of those with more than two points."""
    return _read(panel.store, texts_of(arguments, "runs"), texts_of(arguments, "keys"))


def sparklines_of_page(store: Store, page: Mapping[str, Any]) -> dict[str, Any]:
    """For a page of the table, as it is sent."""
    keys = [column["label"] for column in page["columns"] if column["group"] == "Metrics"]
    return _read(store, [row["id"] for row in page["rows"]], keys)


def _read(store: Store, runs: Sequence[str], keys: Sequence[str]) -> dict[str, Any]:
    found: dict[str, dict[str, list[float]]] = {}
    if not runs or not keys:
        return found
    for series in store.read_series(
        runs[:_MOST_RUNS], keys[:_MOST_KEYS], x="step", buckets=_BUCKETS
    ):
        if series.count > 2:
            found.setdefault(series.run_id, {})[series.key] = list(series.last)
    return found
