"""What `nbtrack.registry` gives in a notebook: models, their versions by stage, and the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from nbtrack.panels.registry.allowed import allowed
from nbtrack.panels.registry.answers import (
    REGISTRY_HANDLERS,
    model_answer,
)
from nbtrack.panels.registry.view import RegistryView, registry_frame
from nbtrack.panels.shared.assets import script, styles
from nbtrack.panels.shared.panel import Handler
from nbtrack.panels.shared.requests import text_of
from nbtrack.panels.shared.still_panel import StillPanel
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from nbtrack.records.registry import RegistryEvent, RegistryHead

_FEW = 10  # changes between two looks


class RegistryPanel(StillPanel):
    """`.name` is the model that is shown, None for the list; `.df` its versions as a DataFrame."""

    handlers: ClassVar[Mapping[str, Handler]] = {}
    follows_store = True

    _esm = script("registry/page/registry_panel.js")
    _css = styles("registry/page/registry_panel.js")

    def __init__(self, store: Store, view: RegistryView) -> None:
        self.name = view.name
        self._head: RegistryHead | None = None  # of which the pages were told last
        self._may: object = None  # as then
        super().__init__(store, view)

    @property
    def df(self) -> pd.DataFrame:
        """As it is now; columns of the view `model_versions`, or of `registered_models`."""
        return registry_frame(self.store, self.name)

    def refresh(self) -> None:
        """Whoever changed it, here or in another kernel: pages ask again when they hear of it."""
        head, may = self.store.registry_head(), allowed(self.rights, self.name)
        if head == self._head and may == self._may:
            return
        events = self._events_since(self._head if may == self._may else None, head)
        self._head, self._may = head, may
        if events:
            self.push("registry", {"events": events[-1].n})

    def _events_since(self, before: RegistryHead | None, head: RegistryHead) -> list[RegistryEvent]:
        """As far as whoever looks may see them; more than that, where it takes fewer questions."""
        if before is None or not 0 < head.number - before.number <= _FEW:
            return self.store.registry_events()
        numbers = range(before.number + 1, head.number + 1)
        return [event for n in numbers for event in self.store.registry_events(n=n)]


def _start(panel: RegistryPanel, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": panel.name}


def _model(panel: RegistryPanel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What is opened on the page is opened for Python too."""
    answer = model_answer(panel, arguments)
    panel.name = text_of(arguments, "name")
    return answer


def _models(panel: RegistryPanel, arguments: Mapping[str, Any]) -> Any:
    panel.name = None
    return REGISTRY_HANDLERS["registry_models"](panel, arguments)


RegistryPanel.handlers = {
    "start": _start,
    **REGISTRY_HANDLERS,
    "registry_model": _model,
    "registry_models": _models,
}
