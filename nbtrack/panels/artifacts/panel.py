"""The artifacts of one run, as a panel: their tree, and a look at each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nbtrack.panels.artifacts.answers import ARTIFACT_HANDLERS
from nbtrack.panels.artifacts.view import ArtifactsView
from nbtrack.panels.shared.assets import script, styles
from nbtrack.panels.shared.panel import Handler
from nbtrack.panels.shared.still_panel import StillPanel
from nbtrack.stores.store import Store


class ArtifactPanel(StillPanel):
    """`.run_id` is the run whose artifacts are shown."""

    handlers: ClassVar[Mapping[str, Handler]] = {}

    _esm = script("artifacts/page/artifacts_panel.js")
    _css = styles("artifacts/page/artifacts_panel.js")

    def __init__(self, store: Store, view: ArtifactsView) -> None:
        self.run_id = view.found.run_id
        super().__init__(store, view)


def _start(panel: ArtifactPanel, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"run": panel.run_id, "name": ArtifactsView(panel.store, panel.run_id).name}


ArtifactPanel.handlers = {"start": _start, **ARTIFACT_HANDLERS}
