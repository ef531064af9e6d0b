"""The answers, as plain values: short, for whoever reads them pays by the word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nbtrack.base.plain_values import json_number
from nbtrack.display.number_format import iso_moment
from nbtrack.lookup.find_run import find_run
from nbtrack.lookup.run_counts import runs_by_experiment
from nbtrack.panels.registry.content import read_models
from nbtrack.panels.runs.reading import run_table_of
from nbtrack.panels.runs.run_scope import experiment_ids_of
from nbtrack.provenance.differences.difference import read_run_difference
from nbtrack.provenance.differences.view import difference_dict
from nbtrack.records.runs import Metric, Run, ViewType
from nbtrack.records.tags import NOTE_TAG, OWN_PREFIXES
from nbtrack.records.warned import warnings_in
from nbtrack.stores.store import Store

MOST_RUNS = 200
_MOST_TEXT = 20_000  # characters of a cell's source or error
_MOST_FILES = 300


def experiments(store: Store) -> list[dict[str, Any]]:
    runs = runs_by_experiment(store)
    return [
        {"id": each.experiment_id, "name": each.name, "runs": runs.get(each.experiment_id, 0)}
        for each in store.search_experiments()
    ]


def search(
    store: Store, words: str, experiment: str | None, sort: str | None, top: int
) -> dict[str, Any]:
    """Raises InvalidFilter, NotFound."""
    chosen = None if experiment is None else experiment_ids_of(store, [experiment])
    table = run_table_of(
        store,
        experiment_ids=chosen,
        filter_string=words,
        sort=sort,
        top=min(max(top, 1), MOST_RUNS),
    )
    rows = [
        {
            "id": row.run_id,
            "name": row.name,
            "status": row.status,
            "started": _moment(row.start_time),
            "params": dict(row.params),
            "metrics": _numbers(row.metrics),
        }
        for row in table.rows
    ]
    return {"runs": rows, "of": table.total}


def show(store: Store, text: str) -> dict[str, Any]:
    """Raises NotFound, InvalidValue."""
    run = find_run(store, text, view_type=ViewType.ALL)
    cell = store.read_cell(run.info.run_id) or {}
    tags = run.data.tags
    files = store.list_artifact_records(run.info.run_id)
    return _said(
        {
            **_head(run),
            "params": dict(run.data.params),
            "metrics": _numbers(run.data.metrics),
            "tags": {k: v for k, v in tags.items() if not k.startswith(OWN_PREFIXES)},
            "note": tags.get(NOTE_TAG),
            "warnings": [sentence for _, sentence in warnings_in(tags)],
            "source": (cell.get("source") or "")[:_MOST_TEXT],
            "error": (cell.get("traceback") or cell.get("error") or "")[-_MOST_TEXT:],
            "files": [each.path for each in files[:_MOST_FILES]],
        }
    )


def history(store: Store, text: str, key: str, most: int) -> dict[str, Any]:
    """Raises NotFound, InvalidValue."""
    run = find_run(store, text, view_type=ViewType.ALL)
    points = store.read_metrics(run.info.run_id, key)
    return {
        "points": len(points),
        "steps_and_values": [[p.step, json_number(p.value)] for p in _thinned(points, most)],
    }


def difference(store: Store, before: str, after: str) -> dict[str, Any]:
    """Raises NotFound, InvalidValue."""
    ids = [find_run(store, each, view_type=ViewType.ALL).info.run_id for each in (before, after)]
    return difference_dict(read_run_difference(store, *ids))


def models(store: Store) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "versions": each.versions,
            "in_use": [list(pair) for pair in each.in_use],
            "aliases": [list(pair) for pair in each.aliases],
            "description": each.description,
        }
        for each in read_models(store)
    ]


def _head(run: Run) -> dict[str, Any]:
    info = run.info
    return {
        "id": info.run_id,
        "name": info.run_name,
        "status": str(info.status),
        "started": _moment(info.start_time),
        "ended": _moment(info.end_time),
        "experiment_id": info.experiment_id,
        "by": info.user_id,
        "is_deleted": info.lifecycle_stage == "deleted",
    }


def _said(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty."""
    return {name: value for name, value in facts.items() if value or value == 0}


def _thinned(points: Sequence[Metric], most: int) -> list[Metric]:
    """The first and the last, and as many between them, evenly."""
    most = max(most, 2)
    if len(points) <= most:
        return [*points]
    return [points[round(n * (len(points) - 1) / (most - 1))] for n in range(most)]


def _numbers(values: Mapping[str, float]) -> dict[str, float | str]:
    return {key: json_number(value) for key, value in values.items()}


def _moment(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return iso_moment(milliseconds, timespec="seconds")
