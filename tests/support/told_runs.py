"""What a client says of a store, MLflow's or ours, in plain values that can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbtrack.transfer.imports.marks import MARK


def told_of(client: Any, all_runs: Any) -> dict[str, Any]:
    """All that a client says of all runs, in plain values that can be compared."""
    experiments = client.search_experiments(view_type=all_runs)
    ids = [each.experiment_id for each in experiments]
    runs = list(client.search_runs(ids, run_view_type=all_runs))
    return {
        "experiments": {
            e.experiment_id: (e.name, e.lifecycle_stage, e.creation_time, own_tags(e.tags))
            for e in experiments
        },
        "runs": {run.info.run_id: _run(client, run) for run in runs},
    }


def _run(client: Any, run: Any) -> dict[str, Any]:
    info, run_id = run.info, run.info.run_id
    return {
        "info": [
            info.run_name, info.experiment_id, info.status, info.start_time, info.end_time,
            info.lifecycle_stage, info.user_id,
        ],
        "params": run.data.params,
        "tags": own_tags(run.data.tags),
        "latest": {key: repr(value) for key, value in run.data.metrics.items()},
        "points": {
            key: sorted((m.step, m.timestamp, repr(m.value))
                        for m in client.get_metric_history(run_id, key))
            for key in run.data.metrics
        },
        "inputs": [
            [vars_of(each.dataset), sorted((tag.key, tag.value) for tag in each.tags)]
            for each in run.inputs.dataset_inputs
        ],
        "outputs": sorted(
            o.model_id for o in getattr(run.outputs, "model_outputs", None) or ()
        ),
    }  # fmt: skip


def vars_of(dataset: Any) -> list[Any]:
    names = ("name", "digest", "source_type", "source", "schema", "profile")
    return [getattr(dataset, name) for name in names]


def own_tags(tags: Any) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key != MARK}


def files_of(client: Any, run_id: str, folder: Path) -> dict[str, bytes]:
    """Path and bytes of every artifact."""
    return {
        path: Path(client.download_artifacts(run_id, path, str(folder))).read_bytes()
        for path in paths_of(client, run_id, None)
    }


def paths_of(client: Any, run_id: str, folder: str | None) -> Iterator[str]:
    for each in client.list_artifacts(run_id, folder):
        if each.is_dir:
            yield from paths_of(client, run_id, each.path)
        else:
            yield each.path


def registry_of(client: Any) -> dict[str, Any]:
    return {
        model.name: [
            model.description, own_tags(model.tags),
            {alias: str(version) for alias, version in model.aliases.items()},
            [
                [int(v.version), v.current_stage, v.description, dict(v.tags), v.run_id]
                for v in sorted(
                    client.search_model_versions(f"name = '{model.name}'"),
                    key=lambda version: int(version.version),
                )
            ],
        ]
        for model in client.search_registered_models()
    }  # fmt: skip
