"""The artifacts of one run, as a panel: their tree, and a look at each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nbtrack.panels.artifacts.artifact_answers import ARTIFACT_HANDLERS
from nbtrack.panels.artifacts.artifact_view import ArtifactsView
from nbtrack.panels.compare.compare_runs import run_id_of
from nbtrack.panels.shared.assets import script, styles
from nbtrack.panels.shared.panel import Handler
from nbtrack.panels.shared.still_panel import StillPanel
from nbtrack.recording.session import current_session
from nbtrack.stores.store import Store


class ArtifactPanel(StillPanel):
    """*run* is an id, the beginning of one, a name, or a run. Raises NotFound, InvalidValue."""

    handlers: ClassVar[Mapping[str, Handler]] = {}

    _esm = script("artifacts/page/artifacts_panel.js")
    _css = styles("artifacts/page/artifacts_panel.js")

    def __init__(self, run: object, *, store: Store | None = None) -> None:
        place = current_session().store if store is None else store
        self.run_id = run_id_of(place, run)
        super().__init__(place, ArtifactsView(place, self.run_id))


def _start(panel: ArtifactPanel, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"run": panel.run_id, "name": ArtifactsView(panel.store, panel.run_id).name}


ArtifactPanel.handlers = {"start": _start, **ARTIFACT_HANDLERS}
