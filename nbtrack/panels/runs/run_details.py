"""What a row shows when it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbtrack.display.markdown import markdown_nodes
from nbtrack.display.markup import clipped
from nbtrack.display.number_format import format_number, format_size
from nbtrack.lookup.difference import SAMPLED
from nbtrack.lookup.key_facts import inventory_of, meaning_of_runs
from nbtrack.lookup.own_values import without_moved
from nbtrack.lookup.salience import Meaning, metrics_in_order, params_in_order, told_metrics
from nbtrack.panels.shared.panel import Panel
from nbtrack.panels.shared.requests import text_of
from nbtrack.panels.shared.rights import ALL, Rights
from nbtrack.provenance.reproduction.verdicts import verdict_facts
from nbtrack.records.origins import Origin
from nbtrack.records.runs import FileInfo, Run, read_in_part
from nbtrack.records.tags import (
    BASELINE_TAG,
    FIT_TAG,
    NOTE_TAG,
    OWN_PREFIXES,
    PARENT_TAG,
    PINNED_TAG,
    REPRODUCES_TAG,
)
from nbtrack.records.warned import warnings_in
from nbtrack.stores.store import Store

_MOST_SOURCE, _MOST_ERROR = 60_000, 8_000  # characters
_MOST_FILES = 300
_MOST_DATASETS = 6
_OF_AUTOLOG = ("estimator_name", "estimator_class")


def details(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Raises RunNotFound."""
    return details_of(panel.store, text_of(arguments, "run"), panel.rights)


def details_of(store: Store, run_id: str, rights: Rights = ALL) -> dict[str, Any]:
    run, cell = without_moved(store.get_run(run_id)), store.read_cell(run_id) or {}
    tags = run.data.tags
    note = tags.get(NOTE_TAG, "")
    files = store.list_artifact_records(run_id)
    return {
        "id": run_id,
        "name": run.info.run_name or "",
        "status": str(run.info.status),
        "isDeleted": run.info.lifecycle_stage == "deleted",
        "facts": _facts(run),
        "origin": _origin(run, cell),
        "cell": {"notebook": cell.get("notebook") or "", "id": cell.get("cell_id") or ""},
        "warnings": [
            {"kind": clipped(kind, 40), "sentence": sentence}
            for kind, sentence in warnings_in(tags)
        ],
        "error": (cell.get("error") or "")[:_MOST_ERROR],
        "traceback": (cell.get("traceback") or "")[-_MOST_ERROR:],
        "note": note,
        "noteShown": markdown_nodes(note, keeps_lines=True) if note else [],
        "source": (cell.get("source") or "")[:_MOST_SOURCE],
        "tags": {key: tags[key] for key in sorted(tags) if _is_users(key, tags)},
        **_values(run),
        "files": [_file(each) for each in files[:_MOST_FILES]],
        "hasModel": any(each.path.endswith("/MLmodel") for each in files),
        "pinned": PINNED_TAG in tags,
        "baseline": _baseline_of(store, run) == run_id,
        "mayEdit": rights.may_edit_experiment(run.info.experiment_id),
        "mayRegister": rights.may_register(),
    }


def _is_users(key: str, tags: Mapping[str, str]) -> bool:
    """Not ours, MLflow's, or autolog's, which the fact "model" says in words."""
    return not (key.startswith(OWN_PREFIXES) or (key in _OF_AUTOLOG and FIT_TAG in tags))


def _facts(run: Run) -> list[tuple[str, str]]:
    """What stands beside the name."""
    started = datetime.fromtimestamp(run.info.start_time / 1000, tz=UTC)
    return _told(
        {
            "model": run.data.tags.get(FIT_TAG, ""),
            "started": f"{started:%Y-%m-%d %H:%M:%S} UTC",
            "run again": verdict_facts(run.data.tags),
        }
    )


def _origin(run: Run, cell: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What stands in small print at the end; every cell has a first attempt."""
    notebook, count = Path(cell.get("notebook") or "").name, cell.get("execution_count")
    where = f"{notebook} [{count}]" if notebook and count else notebook
    attempt = cell.get("attempt") or 1
    return _told(
        {
            "cell": where,
            "data": _data(run),
            "attempt": str(attempt) if attempt > 1 else "",
            "by": run.info.user_id,
            "commit": run.data.tags.get("mlflow.source.git.commit", "")[:10],
            "parent": run.data.tags.get(PARENT_TAG, ""),
            "reproduces": run.data.tags.get(REPRODUCES_TAG, ""),
            "id": run.info.run_id,
        }
    )


def _data(run: Run) -> str:
    """`X_train 3f2a9c…`, and whether that digest saw only a part."""
    words = []
    for each in run.inputs.dataset_inputs[:_MOST_DATASETS]:
        sampled = f" ({SAMPLED})" if read_in_part(each.dataset.profile) else ""
        words.append(f"{clipped(each.dataset.name, 60)} {each.dataset.digest[:16]}{sampled}")
    more = len(run.inputs.dataset_inputs) - _MOST_DATASETS
    return ", ".join(words) + (f" and {more} more" if more > 0 else "")


def _told(facts: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, text) for name, text in facts.items() if text]


def _values(run: Run) -> dict[str, Any]:
    """What the run has, what matters first."""
    data, meaning = run.data, meaning_of_runs([run.data])
    inventory = inventory_of([run.data])
    params = params_in_order(inventory.params, meaning, runs=1)
    metrics = metrics_in_order(inventory.metrics, meaning)
    told = set(told_metrics([each.key for each in metrics], meaning))
    return {
        "params": [_param(each.key, data.params[each.key], meaning) for each in params],
        "metrics": [
            {
                "key": each.key,
                "text": format_number(data.metrics[each.key]),
                "origin": meaning.of("metrics", each.key).words,
                "isFolded": each.key not in told,
            }
            for each in metrics
        ],
    }


def _param(key: str, text: str, meaning: Meaning) -> dict[str, Any]:
    origin = meaning.of("params", key)
    return {"key": key, "text": text, "origin": origin.words, "isFolded": origin > Origin.UNTOLD}


def _file(found: FileInfo) -> dict[str, Any]:
    return {"path": found.path, "size": format_size(found.file_size), "sha256": found.sha256 or ""}


def _baseline_of(store: Store, run: Run) -> str | None:
    return store.get_experiment(run.info.experiment_id).tags.get(BASELINE_TAG)
