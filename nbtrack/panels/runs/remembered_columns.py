"""The choice of columns that an experiment keeps, as views of runs find it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from nbtrack.lookup.column_choice import (
    COLUMNS_OF_ALL_TAG,
    COLUMNS_TAG,
    NO_CHOICE,
    ColumnChoice,
    choice_of,
)
from nbtrack.panels.runs.run_scope import read_experiments
from nbtrack.panels.runs.table_state import TableState
from nbtrack.recording.experiments import DEFAULT_ID
from nbtrack.records.runs import Experiment
from nbtrack.stores.store import Store


class ChoicePlace(NamedTuple):
    """Where a choice is kept: in a tag of an experiment."""

    experiment_id: str
    tag: str


def choice_places(experiment_ids: Sequence[str] | None) -> list[ChoicePlace]:
    """Of each of these experiments; of all of them together (None) there is one of its own."""
    if experiment_ids is None:
        return [ChoicePlace(DEFAULT_ID, COLUMNS_OF_ALL_TAG)]
    return [ChoicePlace(each, COLUMNS_TAG) for each in experiment_ids]


def remembered_choice(
    experiments: Sequence[Experiment], experiment_ids: Sequence[str] | None
) -> ColumnChoice:
    """Of one experiment or of all, of which *experiments* tell; some may want different things."""
    places = choice_places(experiment_ids)
    if len(places) != 1:
        return NO_CHOICE
    of_it = [e.tags for e in experiments if e.experiment_id == places[0].experiment_id]
    return choice_of(of_it[0], tag=places[0].tag) if of_it else NO_CHOICE


def as_remembered(store: Store, table: TableState, *, before: TableState | None) -> TableState:
    """Who turns to another experiment finds it as it was left."""
    if before is None or before.experiments == table.experiments:
        return table
    experiments = read_experiments(store, table.experiments)
    choice = remembered_choice(experiments, table.experiments)
    return replace(table, columns=choice.shown)
