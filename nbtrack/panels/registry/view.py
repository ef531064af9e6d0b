"""Registered models that stand still: text, static tables, and a DataFrame."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from nbtrack.display.markup import joined
from nbtrack.panels.registry.challenge import Challenge, read_challenge
from nbtrack.panels.registry.content import ModelLine, ModelPage, read_models, read_page
from nbtrack.provenance.differences.as_html import causes_html
from nbtrack.provenance.differences.as_text import causes_text
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    import pandas as pd

_VERSIONS = "select * from model_versions where name = $name order by version desc"
_MODELS = "select * from registered_models order by name"


class RegistryView:
    """*name* is None for the list of all models."""

    def __init__(self, store: Store, name: str | None = None) -> None:
        self._store = store
        self.place = str(folder_of(store.uri))
        self.page: ModelPage | None = None if name is None else read_page(store, name)
        self.models: list[ModelLine] = read_models(store) if name is None else []

    @property
    def name(self) -> str | None:
        return None if self.page is None else self.page.model.name

    @cached_property
    def challenge(self) -> Challenge | None:
        """The newest version beside the one that serves."""
        return None if self.page is None else read_challenge(self._store, self.page)

    @cached_property
    def df(self) -> pd.DataFrame:
        """The columns of the view `model_versions`, or, of all models, of `registered_models`."""
        return registry_frame(self._store, self.name)

    def __len__(self) -> int:
        if self.page is None:
            return len(self.models)
        return sum(len(lane.cards) for lane in self.page.lanes)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        from nbtrack.panels.registry.text import models_text, page_text

        if self.page is None:
            return models_text(self.models, self.place)
        told = [page_text(self.page)]
        if self.challenge is not None:
            told.append(causes_text(self.challenge.difference, title=self.challenge.title))
        return "\n\n".join(told)

    def _repr_html_(self) -> str:
        from nbtrack.panels.registry.table import models_html, page_html

        if self.page is None:
            return models_html(self.models, self.place)
        told = [page_html(self.page)]
        if self.challenge is not None:
            told.append(causes_html(self.challenge.difference, title=self.challenge.title))
        return joined(told)


def registry_frame(store: Store, name: str | None) -> pd.DataFrame:
    if name is None:
        return store.query(_MODELS)
    return store.query(_VERSIONS, {"name": name})
