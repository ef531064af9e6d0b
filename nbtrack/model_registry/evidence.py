"""What a version keeps of its run: it is to be compared also when the run is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbtrack.base.plain_values import json_number
from nbtrack.records.runs import Run, read_in_part
from nbtrack.stores.store import Store


def evidence_of(store: Store, run_id: str | None) -> dict[str, Any]:
    """Metrics, params and data fingerprints of a run, as JSON; nothing of no run."""
    if run_id is None:
        return {}
    return evidence_in(store.get_run(run_id))


def evidence_in(run: Run) -> dict[str, Any]:
    return {
        "metrics": {key: json_number(value) for key, value in run.data.metrics.items()},
        "params": dict(run.data.params),
        "inputs": [
            {
                "name": each.dataset.name,
                "digest": each.dataset.digest,
                "context": next((tag.value for tag in each.tags), None),
                "sampled": read_in_part(each.dataset.profile),
            }
            for each in run.inputs.dataset_inputs
        ],
    }


def metrics_in(evidence: Mapping[str, Any]) -> dict[str, float]:
    return {key: float(value) for key, value in evidence.get("metrics", {}).items()}
