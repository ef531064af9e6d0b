"""Which keys the runs of a view have, and what experiments there are.

Read once, and again when enough has changed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypedDict

from nbtrack.lookup.column_choice import choice_of
from nbtrack.lookup.metric_direction import Direction, directions
from nbtrack.lookup.salience import Meaning, Told, meaning_of
from nbtrack.lookup.typed_filter.moved_values import moved_among
from nbtrack.panels.runs.remembered_columns import remembered_choice
from nbtrack.records.origins import ORIGINS_TAG
from nbtrack.records.runs import Experiment, RunQuery
from nbtrack.records.views import KeyFacts, KeyInventory
from nbtrack.stores.store import Store

# Beside a training cell the inventory of a large project may be a little old.
_REST_PER_COST = 50.0
MANY_RUNS = 2_000  # below, an answer from memory is faster than one from the database
_MOST_KEPT = 8
_NEWEST = 5  # runs that say in which order keys are logged


class Known(NamedTuple):
    """*number* tells a page whether it has seen this inventory; *moved* as in `moved_values`."""

    inventory: KeyInventory
    experiments: list[Experiment]  # all that there are, the newest first
    runs: int  # that match
    all_runs: int  # of the same experiments, whatever the filter
    number: int
    meaning: Meaning = Meaning()
    moved: tuple[str, ...] = ()


class _Entry(NamedTuple):
    known: Known
    version: object
    read_at: float
    cost: float


class KnownKeys:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._entries: dict[RunQuery, _Entry] = {}
        self._reads = 0

    def of(self, scope: RunQuery) -> Known:
        """For *scope*, of which only the experiments and the filter count."""
        known = self.at_once(scope)
        if known is not None:
            return known
        version = self._store.version()
        self._entries.pop(scope, None)
        self._entries[scope] = entry = self._read(scope, version)
        while len(self._entries) > _MOST_KEPT:
            del self._entries[next(iter(self._entries))]
        return entry.known

    def at_once(self, scope: RunQuery) -> Known | None:
        """None if it has to be read."""
        entry = self._entries.get(scope)
        if entry is None or not (entry.version == self._store.version() or _is_fresh(entry)):
            return None
        return entry.known

    def forget(self) -> None:
        """After a change that has to be seen at once."""
        self._entries.clear()

    def _read(self, scope: RunQuery, version: object) -> _Entry:
        began = time.monotonic()
        inventory = self._store.read_keys(scope)
        runs = all_runs = self._store.count_runs(scope)
        if scope.filter_string:
            all_runs = self._store.count_runs(replace(scope, filter_string=None))
        experiments = self._store.search_experiments()
        told = self._told(scope, inventory, runs)
        meaning = meaning_of(told, inventory, **wishes(experiments, scope.experiment_ids))
        meaning = replace(meaning, logged=self._logged(scope))
        now = time.monotonic()
        self._reads += 1
        moved = moved_among(each.text for each in told)
        known = Known(inventory, experiments, runs, all_runs, self._reads, meaning, moved)
        return _Entry(known, version, now, now - began)

    def _logged(self, scope: RunQuery) -> dict[str, int]:
        """The order in which the newest runs logged their keys."""
        newest = replace(scope, max_results=_NEWEST)
        found = self._store.read_run_page(newest, folded=False).runs  # the table reads them too
        params = [f"params.{key}" for run in found for key in run.data.params]
        metrics = [f"metrics.{key}" for run in found for key in run.data.metrics]
        return {key: place for place, key in enumerate(dict.fromkeys([*params, *metrics]))}

    def _told(self, scope: RunQuery, inventory: KeyInventory, runs: int) -> list[Told]:
        """What the runs say of where their keys came from; nearly always few different texts."""
        if not any(facts.key == ORIGINS_TAG for facts in inventory.tags):
            return [Told(None, runs)]
        column = f"tags.{ORIGINS_TAG}"
        if runs > MANY_RUNS:
            groups = self._store.read_groups(scope, by=column, metrics=())
            return [Told(group.value, group.runs) for group in groups]
        texts = self._store.read_run_values(scope, [column]).columns[column]
        return [Told(text, count) for text, count in Counter(texts).items()]


class Wishes(TypedDict):
    pinned: Sequence[str]
    declared: Mapping[str, Direction]


def wishes(experiments: Iterable[Experiment], ids: Sequence[str] | None) -> Wishes:
    """What the user said of the keys of these experiments, or of all (None): which come first,
    which way is up."""
    meant = [each for each in experiments if ids is None or each.experiment_id in ids]
    choices = [remembered_choice(meant, None)] if ids is None else []
    choices += [choice_of(each.tags) for each in meant]
    pinned = [column for choice in choices for column in choice.pinned]
    return {"pinned": list(dict.fromkeys(pinned)), "declared": directions(meant)}


def by_column(inventory: KeyInventory) -> dict[str, KeyFacts]:
    """By the ids of their columns."""
    kinds = {"params": inventory.params, "metrics": inventory.metrics, "tags": inventory.tags}
    return {f"{kind}.{each.key}": each for kind, facts in kinds.items() for each in facts}


def _is_fresh(entry: _Entry) -> bool:
    return time.monotonic() - entry.read_at < _REST_PER_COST * entry.cost
