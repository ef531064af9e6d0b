"""How many runs there are."""

from __future__ import annotations

from nbtrack.records.runs import RunQuery
from nbtrack.stores.store import Store


def runs_by_experiment(store: Store) -> dict[str, int]:
    """By id; first the experiment with the newest run. One without a run is not there."""
    groups = store.read_groups(RunQuery(), by="experiment", metrics=())
    return {str(group.value): group.runs for group in groups}
