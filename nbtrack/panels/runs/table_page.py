"""One page of the runs table, or of its groups: what the view draws."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from nbtrack.display.number_format import format_age, format_number
from nbtrack.lookup.metric_direction import direction
from nbtrack.lookup.salience import best_metric
from nbtrack.lookup.typed_filter.moved_values import MovedSource, moved_in
from nbtrack.lookup.typed_filter.names import names_in, names_of
from nbtrack.lookup.typed_filter.reading import why_nothing
from nbtrack.panels.runs.glance import glance_at_all
from nbtrack.panels.runs.known_errors import KnownErrors
from nbtrack.panels.runs.known_keys import Known, KnownKeys
from nbtrack.panels.runs.quick_filters import quoted_text
from nbtrack.panels.runs.shown_runs import base_query, order_clauses, with_quick_filters
from nbtrack.panels.runs.table_columns import Column, shown_columns
from nbtrack.panels.runs.table_rows import Placed, Surroundings, rows_of
from nbtrack.panels.runs.table_state import PAGE_SIZE, SortKey, TableState, filter_key, key_of
from nbtrack.records.runs import LifecycleStage, RunQuery
from nbtrack.records.tags import BASELINE_TAG, BEST_BY_TAG, PARENT_TAG
from nbtrack.records.views import GroupedMetric, RunGroup
from nbtrack.stores.store import Store

_DEEPEST = 6
_MOST_GROUPS = 200
_MOST_GROUP_METRICS = 8


class Asked(NamedTuple):
    """What a view asks of the store, with what it got wrong."""

    state: TableState
    known: Known
    query: RunQuery
    wrong: dict[str, Any]
    top: int | None = None  # how many runs it is about; None: all that match


def ask(keys: KnownKeys, state: TableState, *, soon: bool = False) -> Asked:
    """*soon*: at a glance, if to read the keys of what matches would take long."""

    def every() -> Known:
        return keys.of(RunQuery(experiment_ids=state.experiments))

    def moved() -> Sequence[str]:
        return every().moved

    base, wrong = base_query(state, lambda: names_of(every().inventory, every().experiments), moved)
    known = glance_at_all(keys, base) if soon else None
    return _asked(base, wrong, known or keys.of(base), state, moved)


def ask_with(store: Store, known: Known, state: TableState) -> Asked:
    """With keys that come from elsewhere."""
    moved = moved_in(store, state.experiments)
    base, wrong = base_query(state, names_in(store, state.experiments), moved)
    return _asked(base, wrong, known, state, moved)


def _asked(
    base: RunQuery, wrong_filter: str, known: Known, state: TableState, moved: MovedSource
) -> Asked:
    condition, wrong_quick = with_quick_filters(base, state, known.inventory, moved)
    order = order_clauses(state, known.inventory)
    query = replace(base, filter_string=condition, order_by=order)
    return Asked(state, known, query, {"filter": wrong_filter, "quick": wrong_quick})


def table_page(store: Store, asked: Asked, errors: KnownErrors) -> dict[str, Any]:
    """Columns and rows; or groups, where the view groups."""
    columns = columns_of(asked)
    if asked.state.group:
        page = _group_page(store, asked, columns)
    else:
        page = _run_page(store, asked, columns, errors)
    return {
        "all": max(asked.known.all_runs, page["matching"]),  # the first may be older
        "columns": [_as_message(column, asked.state) for column in columns],
        "chosen": None if asked.state.columns is None else list(asked.state.columns),
        "pinned": list(asked.known.meaning.pinned),
        "now": round(time.time() * 1000),
        "wrong": asked.wrong,
        "absence": store.absence,
        "whyNothing": "" if page["matching"] else _why_nothing(store, asked),
        **page,
    }


def _why_nothing(store: Store, asked: Asked) -> str:
    return why_nothing(asked.query, names_in(store, asked.state.experiments))


def columns_of(asked: Asked) -> list[Column]:
    return shown_columns(asked.state, asked.known)


def bounded_query(asked: Asked) -> RunQuery:
    """Of the page alone."""
    offset, top = asked.state.page * PAGE_SIZE, asked.top
    most = PAGE_SIZE if top is None else max(1, min(PAGE_SIZE, top - offset))
    return replace(asked.query, offset=offset, max_results=most)


def _run_page(
    store: Store, asked: Asked, columns: Sequence[Column], errors: KnownErrors
) -> dict[str, Any]:
    state, top = asked.state, asked.top
    page = store.read_run_page(bounded_query(asked), folded=not state.is_flat)
    total, matching = _cut(page.total, top), _cut(page.matching, top)
    last = max(0, (total - 1) // PAGE_SIZE)
    if state.page > last:  # runs were deleted, or the filter grew
        return _run_page(store, asked._replace(state=replace(state, page=last)), columns, errors)
    families = [Placed(run, 0, page.children.get(run.info.run_id, 0)) for run in page.runs]
    placed = list(_unfolded(store, families, asked))
    return {
        "rows": rows_of(placed, columns, _surroundings(asked, placed, errors)),
        "isBin": bool(placed) and all(map(_is_deleted, placed)),
        "isFlat": state.is_flat,
        "hasFamilies": any(facts.key == PARENT_TAG for facts in asked.known.inventory.tags),
        "total": total,
        "matching": matching,
        "page": state.page,
        "pages": last + 1,
    }


def _is_deleted(placed: Placed) -> bool:
    return placed.run.info.lifecycle_stage == LifecycleStage.DELETED


def _cut(count: int, top: int | None) -> int:
    return count if top is None else min(count, top)


def _unfolded(store: Store, level: Sequence[Placed], asked: Asked) -> Iterator[Placed]:
    for placed in level:
        yield placed
        is_unfolded = placed.run.info.run_id in asked.state.unfolded
        if placed.children and is_unfolded and placed.depth < _DEEPEST:
            yield from _unfolded(store, _children(store, placed, asked), asked)


def _children(store: Store, parent: Placed, asked: Asked) -> list[Placed]:
    """Folded once more: they may have children of their own. The best first, if that is known and
    the view has no order of its own."""
    run_id = parent.run.info.run_id
    of_it = f"tags.`{PARENT_TAG}` = {quoted_text(run_id)}"
    order = asked.query.order_by
    if not asked.state.sort:
        order = (*order, *_best_first(parent, asked.known))
    query = RunQuery(
        filter_string=of_it,
        order_by=order,
        view_type=asked.query.view_type,
        max_results=max(1, asked.state.unfolded[run_id]),
    )
    page = store.read_run_page(query, folded=True)
    return [
        Placed(run, parent.depth + 1, page.children.get(run.info.run_id, 0)) for run in page.runs
    ]


def _best_first(parent: Placed, known: Known) -> list[str]:
    meaning, facts = known.meaning, known.inventory.metrics
    told = parent.run.data.tags.get(BEST_BY_TAG)
    metric = told if told in {each.key for each in facts} else best_metric(facts, meaning)
    way = metric and direction(metric, meaning.declared)
    return [SortKey(f"metrics.{metric}", way == "higher").clause] if way else []


def _group_page(store: Store, asked: Asked, columns: Sequence[Column]) -> dict[str, Any]:
    metrics = [column for column in columns if column.group == "Metrics"][:_MOST_GROUP_METRICS]
    keys = [key_of(column.id) for column in metrics]
    groups = store.read_groups(asked.query, by=asked.state.group, metrics=keys)
    names = _names_of_experiments(asked)
    return {
        "groups": [_group(each, keys, names, asked.state.group) for each in groups[:_MOST_GROUPS]],
        "groupColumns": [column.id for column in metrics],
        "total": len(groups),
        "matching": sum(each.runs for each in groups),
        "page": 0,
        "pages": 1,
    }


def _group(
    group: RunGroup, keys: Sequence[str], names: Mapping[str, str], by: str
) -> dict[str, Any]:
    label = group.value
    if by == "experiment" and label is not None:
        label = names.get(label, label)
    if by == "cell" and label is not None:  # a hash; people know the cell by what it made last
        label = group.newest_name or label[:8]
    return {
        "value": group.value,
        "label": label,
        "runs": group.runs,
        "newest": format_age(time.time() - group.newest_us / 1e6),
        "cells": [_spread(group.metrics.get(key)) for key in keys],
        "condition": _group_condition(by, group.value),
    }


def _spread(found: GroupedMetric | None) -> dict[str, Any] | None:
    if found is None or found.mean is None:
        return None
    spread = None if found.std is None else format_number(found.std, digits=2)
    return {"mean": format_number(found.mean), "std": spread, "count": found.count}


def _group_condition(by: str, value: str | None) -> str | None:
    """The filter that leaves only this group; None where no filter can say it."""
    if by == "cell" or (by == "experiment" and value is None):
        return None
    key = {"experiment": "experiment_id", "status": "status"}.get(by) or filter_key(by)
    return f"{key} IS NULL" if value is None else f"{key} = {quoted_text(value)}"


def _surroundings(asked: Asked, placed: Sequence[Placed], errors: KnownErrors) -> Surroundings:
    found = (experiment.tags.get(BASELINE_TAG) for experiment in asked.known.experiments)
    return Surroundings(
        experiments=_names_of_experiments(asked),
        baselines=frozenset(run_id for run_id in found if run_id),
        errors=errors.of(each.run for each in placed),
    )


def _names_of_experiments(asked: Asked) -> dict[str, str]:
    """By id."""
    return {each.experiment_id: each.name for each in asked.known.experiments}


def _as_message(column: Column, state: TableState) -> dict[str, Any]:
    places = {key.column: n for n, key in enumerate(state.sort)}
    place = places.get(column.id)
    if not state.sort and column.id == "start_time":
        sorted_as: dict[str, Any] | None = {"place": 0, "descending": True}
    elif place is None:
        sorted_as = None
    else:
        sorted_as = {"place": place, "descending": state.sort[place].is_descending}
    return {
        "id": column.id,
        "label": column.label,
        "group": column.group,
        "isNumber": column.is_number,
        "better": column.better,
        "descendingFirst": column.is_descending_first,
        "sorted": sorted_as,
        "origin": "" if column.origin is None else column.origin.words,
        "isOwn": column.origin is None or column.origin.is_own,
    }
