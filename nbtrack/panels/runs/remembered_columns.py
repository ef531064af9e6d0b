"""The choice of columns that an experiment keeps, as views of runs find it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nbtrack.lookup.column_choice import NO_CHOICE, ColumnChoice, choice_of
from nbtrack.panels.runs.run_scope import read_experiments
from nbtrack.panels.runs.table_state import TableState
from nbtrack.records.runs import Experiment
from nbtrack.stores.store import Store


def remembered_choice(experiments: Sequence[Experiment]) -> ColumnChoice:
    """Of one experiment; several may want different things."""
    return choice_of(experiments[0].tags) if len(experiments) == 1 else NO_CHOICE


def as_remembered(store: Store, table: TableState, *, before: TableState | None) -> TableState:
    """Who turns to another experiment finds it as it was left."""
    if before is None or before.experiments == table.experiments:
        return table
    choice = remembered_choice(read_experiments(store, table.experiments))
    return replace(table, columns=choice.shown)
