"""`nbtrack.registry`: a panel in a notebook, elsewhere what stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.display.in_kernel import is_in_kernel
from nbtrack.panels.registry.view import RegistryView
from nbtrack.recording.session import current_session

if TYPE_CHECKING:
    from nbtrack.panels.registry.panel import RegistryPanel


def registry(name: str | None = None) -> RegistryView | RegistryPanel:
    """All registered models, or one of them: its versions by stage, and who changed what and why.

    In a notebook it is a live panel, in which versions can be moved, compared and described.
    `.df` is a DataFrame of the versions, without *name* of the models. Raises
    RegisteredModelNotFound, InvalidValue.
    """
    store = current_session().store
    view = RegistryView(store, name)
    if not is_in_kernel():
        return view
    from nbtrack.panels.registry.panel import RegistryPanel  # ipywidgets, 0.15 s

    return RegistryPanel(store, view)
