"""`nbtrack.compare`: a panel in a notebook, elsewhere what stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.display.in_kernel import is_in_kernel
from nbtrack.lookup.meant_runs import run_id_of, run_ids_of
from nbtrack.panels.compare.view import CompareView
from nbtrack.recording.session import current_session

if TYPE_CHECKING:
    from nbtrack.panels.compare.panel import ComparePanel


def compare(*runs: object, baseline: object = None) -> CompareView | ComparePanel:
    """2 to 20 runs side by side: params that differ first, metrics with their deltas, and more.

    Each of *runs* is an id, the beginning of one, a name, a run, a DataFrame of `search_runs`, a
    panel of runs (those ticked in it), or a list of these. The deltas are seen from *baseline*;
    without it from the run that is marked as the experiment's baseline, else from the first.
    `.df` is the comparison as a DataFrame. Raises NotFound, InvalidValue.
    """
    store = current_session().store
    run_ids = run_ids_of(store, runs)
    base = None if baseline is None else run_id_of(store, baseline)
    if base is not None and base not in run_ids:
        run_ids.insert(0, base)
    view = CompareView(store, run_ids, baseline=base)
    if not is_in_kernel():
        return view
    from nbtrack.panels.compare.panel import ComparePanel  # ipywidgets, 0.15 s

    return ComparePanel(store, view)
