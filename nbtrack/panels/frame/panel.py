"""The frame around the panels of a page in the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nbtrack.panels.frame.places import places
from nbtrack.panels.shared.assets import script, styles
from nbtrack.panels.shared.panel import Handler, Panel
from nbtrack.stores.store import Store


class FramePanel(Panel):
    handlers: ClassVar[Mapping[str, Handler]] = {
        "start": lambda panel, _: panel.places(),
    }
    follows_store = True

    _esm = script("frame/page/frame.js")
    _css = styles("frame/page/frame.js")

    def __init__(self, store: Store, project: str, *, user: str = "") -> None:
        """*user* is who has logged in; "": nobody had to."""
        self.project, self.user = project, user
        super().__init__(store)

    def refresh(self) -> None:
        self.push("places", self.places())

    def places(self) -> dict[str, Any]:
        return {"user": self.user, **places(self.store, self.project)}
