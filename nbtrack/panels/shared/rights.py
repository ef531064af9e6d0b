"""What the user of a page may do, so that it offers no more than that.

Its store refuses the rest all the same, whatever a page asks for. A panel in a notebook has no user
of its own, and offers all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbtrack.stores.store import Store


class Rights(Protocol):
    def may_edit_experiment(self, experiment_id: str) -> bool:
        """And its runs: notes, tags, names, deletion."""

    def experiments_to_edit(self, experiment_ids: Iterable[str]) -> set[str]:
        """Those of *experiment_ids* of which `may_edit_experiment` is true, asked at once."""

    def may_edit_model(self, name: str) -> bool:
        """What is said of it: tags, aliases, descriptions; and make versions of it."""

    def may_move(self, name: str) -> bool:
        """Versions of the model to other stages."""

    def may_register(self) -> bool:
        """The model of a run that he sees, as a version of some registered model."""

    def at_gate(self, store: Store, name: str) -> Store:
        """*store*, in which the gates of the model find what they ask of its runs, also of those
        that he may not see, and nothing else of these."""


class _All:
    def may_edit_experiment(self, _: str) -> bool:
        return True

    def experiments_to_edit(self, experiment_ids: Iterable[str]) -> set[str]:
        return set(experiment_ids)

    def may_edit_model(self, _: str) -> bool:
        return True

    def may_move(self, _: str) -> bool:
        return True

    def may_register(self) -> bool:
        return True

    def at_gate(self, store: Store, _: str) -> Store:
        return store


ALL: Rights = _All()
