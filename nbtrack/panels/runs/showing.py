"""`nbtrack.runs` and `%runs`: a panel in a notebook, elsewhere what stands still."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from nbtrack.base.before_forks import imports_in_background
from nbtrack.display.in_kernel import is_in_kernel
from nbtrack.panels.runs.run_scope import (
    ALL,
    experiment_ids_of,
)
from nbtrack.panels.runs.view import RunsView
from nbtrack.recording.session import current_session

if TYPE_CHECKING:
    from nbtrack.panels.runs.panel import RunsPanel


def runs(
    filter_string: str | None = None,
    *,
    sort: str | None = None,
    top: int | None = None,
    experiment: str | Sequence[str] | None = None,
    charts: bool = False,
) -> RunsView | RunsPanel:
    """Runs as a table to look at; `.df` is a DataFrame. In a notebook it is a live panel.

    *filter_string* is as of `search_runs`, or looser: `forest accuracy > 0.9`, `status = failed`,
    `duration > 2 min`. Words are looked for in names, params, tags and notes.
    *sort* is a metric, a param or an attribute such as start_time, with " asc" or " desc" behind
    it if you like. *top* is how many there are; without it the DataFrame has all, and a
    table on paper 20. *experiment* is a name, a list of names, or "all" (["all"] is the one of that
    name); without it the active one. In a notebook, *charts* leaves a picture of their curves
    beside the table, for those who read the saved notebook (so does a look at the Charts tab).
    Raises InvalidFilter, NotFound.
    """
    store, has_page = current_session().store, is_in_kernel()
    if has_page:
        _begin_to_import_panels()
    view = RunsView(
        store,
        _chosen_ids(experiment),
        filter_string=filter_string,
        sort=sort,
        top=top,
    )
    if not has_page:
        return view
    from nbtrack.panels.runs.panel import RunsPanel

    return RunsPanel(store, view, top=top, has_picture=charts)


def _begin_to_import_panels() -> None:
    """ipywidgets take 0.15 s: time in which the first queries can run already."""
    name = "nbtrack.panels.runs.panel"
    if name not in sys.modules:
        threading.Thread(target=_import_quietly, args=(name,), daemon=True).start()


def _import_quietly(name: str) -> None:
    # Whoever needs it imports it again, and says why it cannot.
    with imports_in_background(), suppress(ImportError):
        importlib.import_module(name)


def _chosen_ids(experiment: str | Sequence[str] | None) -> tuple[str, ...] | None:
    session = current_session()
    if experiment is None:
        return (session.experiment.experiment_id,)
    if experiment == ALL:
        return None
    names = [experiment] if isinstance(experiment, str) else experiment
    return experiment_ids_of(session.store, names)
