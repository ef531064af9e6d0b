"""The names that a project's runs have: what a typed filter may speak of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from nbtrack.records.runs import Experiment, RunQuery
from nbtrack.records.views import KeyFacts, KeyInventory
from nbtrack.stores.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    params: Collection[str] = ()
    metrics: Collection[str] = ()
    tags: Collection[str] = ()
    experiments: Mapping[str, str]  # ids by name

    @property
    def by_kind(self) -> dict[str, Collection[str]]:
        """As a filter writes the kinds, those first that people know best."""
        return {"metrics": self.metrics, "params": self.params, "tags": self.tags}


# Asked only where a filter needs it: in a large project they take half a second to read.
NamesSource: TypeAlias = Callable[[], Names]


def names_in(store: Store, experiment_ids: tuple[str, ...] | None) -> NamesSource:
    scope = RunQuery(experiment_ids=experiment_ids)
    return lambda: names_of(store.read_keys(scope), store.search_experiments())


def names_of(inventory: KeyInventory, experiments: Sequence[Experiment]) -> Names:
    return Names(
        params=_keys(inventory.params),
        metrics=_keys(inventory.metrics),
        tags=_keys(inventory.tags),
        experiments={each.name: each.experiment_id for each in experiments},
    )


def _keys(facts: Sequence[KeyFacts]) -> frozenset[str]:
    return frozenset(each.key for each in facts)
