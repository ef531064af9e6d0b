"""From what a view asks to what the store is asked."""

from __future__ import annotations

from dataclasses import replace

from nbtrack.errors import InvalidFilter, InvalidValue
from nbtrack.lookup.typed_filter.moved_values import MovedSource, without_moved_values
from nbtrack.lookup.typed_filter.names import NamesSource
from nbtrack.lookup.typed_filter.reading import typed_scope
from nbtrack.panels.runs.known_keys import by_column
from nbtrack.panels.runs.quick_filters import quick_condition
from nbtrack.panels.runs.table_state import TableState, filter_key
from nbtrack.records.runs import RunQuery, ViewType
from nbtrack.records.tags import PINNED_TAG
from nbtrack.records.views import KeyInventory
from nbtrack.stores.filters.clauses import run_filter


def base_query(state: TableState, names: NamesSource, moved: MovedSource) -> tuple[RunQuery, str]:
    """Experiments and query box, and what is wrong with the latter (it is then left out)."""
    wrong = ""
    try:
        scope = typed_scope(state.filter, state.experiments, names, moved=moved)
    except InvalidFilter as exc:
        scope, wrong = RunQuery(experiment_ids=state.experiments), str(exc)
    return replace(scope, view_type=ViewType.DELETED_ONLY) if state.deleted else scope, wrong


def with_quick_filters(
    base: RunQuery, state: TableState, inventory: KeyInventory, moved: MovedSource
) -> tuple[str | None, dict[str, str]]:
    """The whole filter, and what is wrong by column."""
    numbers = number_columns(inventory)
    conditions, wrong = [base.filter_string] if base.filter_string else [], {}
    for column, text in state.quick.items():
        try:
            condition = quick_condition(column, text, is_number=column in numbers)
            run_filter(condition)
        except (InvalidFilter, InvalidValue) as exc:
            wrong[column] = str(exc).splitlines()[0]
        else:
            conditions.append(without_moved_values(condition, moved))
    if len(conditions) < 2:
        return (conditions[0] if conditions else None), wrong
    return " and ".join(f"({condition})" for condition in conditions), wrong


def order_clauses(state: TableState, inventory: KeyInventory) -> tuple[str, ...]:
    """Pinned runs stand first, whatever the order."""
    is_pinned = any(facts.key == PINNED_TAG for facts in inventory.tags)
    pinned = (f"{filter_key(f'tags.{PINNED_TAG}')} DESC",) if is_pinned else ()
    return pinned + tuple(key.clause for key in state.sort)


def number_columns(inventory: KeyInventory) -> set[str]:
    return {column for column, facts in by_column(inventory).items() if facts.is_number}
