"""`nbtrack.artifacts.show`: a panel in a notebook, elsewhere what stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.display.in_kernel import is_in_kernel
from nbtrack.lookup.meant_runs import run_id_of
from nbtrack.panels.artifacts.view import ArtifactsView
from nbtrack.recording.session import current_session

if TYPE_CHECKING:
    from nbtrack.panels.artifacts.panel import ArtifactPanel


def show_artifacts(run: object) -> ArtifactsView | ArtifactPanel:
    """The artifacts of one run: a tree with previews in a notebook, elsewhere a list.

    *run* is an id, the beginning of one, a name, or a run. Raises NotFound, InvalidValue.
    """
    store = current_session().store
    view = ArtifactsView(store, run_id_of(store, run))
    if not is_in_kernel():
        return view
    from nbtrack.panels.artifacts.panel import ArtifactPanel  # ipywidgets, 0.15 s

    return ArtifactPanel(store, view)
