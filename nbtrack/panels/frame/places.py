"""Where a page can go: the experiments, and the registered models."""

from __future__ import annotations

from typing import Any

from nbtrack.lookup.run_counts import runs_by_experiment
from nbtrack.records.registry import RegistryQuery
from nbtrack.stores.store import Store


def places(store: Store, project: str) -> dict[str, Any]:
    """The experiments go by their newest run, those without one come last."""
    runs = runs_by_experiment(store)
    place = {experiment_id: n for n, experiment_id in enumerate(runs)}
    found = store.search_experiments()
    found.sort(key=lambda each: place.get(each.experiment_id, len(place)))
    return {
        "project": project,
        "experiments": [
            {"id": each.experiment_id, "name": each.name, "runs": runs.get(each.experiment_id, 0)}
            for each in found
        ],
        "models": len(store.search_registered_models(RegistryQuery())),
    }
