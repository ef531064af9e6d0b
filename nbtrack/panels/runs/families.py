"""Runs and their children."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nbtrack.panels.runs.many_runs import runs_with
from nbtrack.panels.runs.state import HasRunsState
from nbtrack.panels.runs.table_state import filter_key
from nbtrack.panels.shared.requests import texts_of
from nbtrack.records.runs import Run, ViewType
from nbtrack.records.tags import PARENT_TAG
from nbtrack.stores.store import Store


def children(panel: HasRunsState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Of some runs, all that there are, whatever the table shows of them."""
    found = [run.info for run in _children(panel.store, texts_of(arguments, "runs"))]
    editable = panel.rights.experiments_to_edit({info.experiment_id for info in found})
    fixed = [info.run_id for info in found if info.experiment_id not in editable]
    return {"ids": [info.run_id for info in found], "readOnly": fixed}


def family(
    store: Store, run_ids: Iterable[str], *, view_type: ViewType = ViewType.ACTIVE_ONLY
) -> list[str]:
    """The runs, their children and theirs, parents first."""
    found = dict.fromkeys(run_ids)
    level = list(found)
    while level:
        below = _children(store, level, view_type=view_type)
        level = [run.info.run_id for run in below if run.info.run_id not in found]
        found |= dict.fromkeys(level)
    return list(found)


def _children(
    store: Store, parents: Iterable[str], *, view_type: ViewType = ViewType.ACTIVE_ONLY
) -> list[Run]:
    """In the order of the parents, of each the newest first."""
    places = {parent: place for place, parent in enumerate(dict.fromkeys(parents))}
    key = filter_key(f"tags.{PARENT_TAG}")
    runs = runs_with(store, key, list(places), view_type=view_type)
    runs.sort(key=lambda run: places[run.data.tags[PARENT_TAG]])
    return runs
