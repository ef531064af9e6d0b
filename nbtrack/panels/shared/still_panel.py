"""A panel of something that can also stand still, as text and as HTML."""

from __future__ import annotations

from typing import Any, Protocol

from nbtrack.panels.shared.panel import Panel
from nbtrack.stores.store import Store


class Still(Protocol):
    """A table without script, as plain Python shows it."""

    def __len__(self) -> int: ...

    def _repr_html_(self) -> str: ...


class StillPanel(Panel):
    """Wherever nothing is alive it is what *still* is, as that was when it was made."""

    def __init__(self, store: Store, still: Still) -> None:
        self._still = still
        super().__init__(store)

    def __len__(self) -> int:
        return len(self._still)

    def __bool__(self) -> bool:
        return True  # a widget that is empty is still one

    def __repr__(self) -> str:
        return repr(self._still)

    def _repr_html_(self) -> str:
        return self._still._repr_html_()

    def static_bundles(self) -> list[dict[str, Any]]:
        return [{"text/plain": repr(self), "text/html": self._repr_html_()}]
