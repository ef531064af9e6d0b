"""Runs and their children."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbtrack.panels.runs.state import HasRunsState
from nbtrack.panels.shared.requests import texts_of
from nbtrack.records.runs import ViewType
from nbtrack.stores.store import Store


def children(panel: HasRunsState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Of some runs, all that there are, whatever the table shows of them."""
    parents = texts_of(arguments, "runs")
    found = [each for parent in parents for each in _children(panel.store, parent)]
    return {"ids": list(dict.fromkeys(found))}


def family(store: Store, run_id: str, *, view_type: ViewType = ViewType.ACTIVE_ONLY) -> list[str]:
    """The run, its children and theirs, parents first."""
    found = [run_id]
    for parent in found:  # it grows
        found += [e for e in _children(store, parent, view_type=view_type) if e not in found]
    return found


def _children(
    store: Store, run_id: str, *, view_type: ViewType = ViewType.ACTIVE_ONLY
) -> list[str]:
    return [run.info.run_id for run in store.read_child_runs(run_id, view_type=view_type)]
