"""The facts of a table of runs, read of a store."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from nbtrack.errors import InvalidValue
from nbtrack.lookup.column_choice import ColumnChoice
from nbtrack.lookup.key_facts import inventory_of, meaning_of_runs
from nbtrack.lookup.metric_direction import direction, directions
from nbtrack.lookup.own_values import without_moved
from nbtrack.lookup.run_order import Order, read_order
from nbtrack.lookup.run_times import seconds_of
from nbtrack.lookup.salience import is_told_first, metrics_in_order, params_in_order, told_metrics
from nbtrack.lookup.typed_filter.moved_values import moved_in
from nbtrack.lookup.typed_filter.names import names_in
from nbtrack.lookup.typed_filter.reading import typed_scope, why_nothing
from nbtrack.panels.runs.best_run import Best, find_best
from nbtrack.panels.runs.facts import RunRow, RunTable
from nbtrack.panels.runs.known_keys import Wishes, wishes
from nbtrack.panels.runs.remembered_columns import remembered_choice
from nbtrack.panels.runs.run_scope import (
    errors_of,
    read_experiments,
    runs_elsewhere,
)
from nbtrack.records.runs import Experiment, Run, RunQuery
from nbtrack.records.tags import PARENT_TAG
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store


class TableRequest(NamedTuple):
    """What a table is about: *scope* without an order, *clauses* are all of it; *columns* are
    those of a page, None: as the experiment remembers; *ticked* are ids of runs."""

    scope: RunQuery
    order: Order
    clauses: tuple[str, ...]
    top: int | None
    filter_text: str
    columns: tuple[str, ...] | None = None
    ticked: frozenset[str] = frozenset()


def run_table_of(
    store: Store,
    *,
    experiment_ids: tuple[str, ...] | None,
    filter_string: str | None,
    sort: str | None,
    top: int | None,
) -> RunTable:
    """The first *top* runs (None: all) in the order of *sort*, the best one marked.

    *experiment_ids* None means all experiments. Raises InvalidFilter, InvalidValue.
    """
    if top is not None and top < 1:
        raise InvalidValue(f"top is {top}; give a number from 1.")
    names = names_in(store, experiment_ids)
    moved = moved_in(store, experiment_ids)
    scope = typed_scope(filter_string, experiment_ids, names, moved=moved)
    experiments = read_experiments(store, experiment_ids)
    order = read_order(store, scope, sort, declared=directions(experiments))
    asked = TableRequest(scope, order, order.clauses, top, filter_string or "")
    return read_table(store, asked, experiments)


def read_table(store: Store, asked: TableRequest, experiments: Sequence[Experiment]) -> RunTable:
    """*experiments* are those of the scope."""
    scope, order, top = asked.scope, asked.order, asked.top
    experiment_ids = scope.experiment_ids
    most = None if top is None else top + 1
    found = store.search_runs(replace(scope, order_by=asked.clauses, max_results=most))
    shown = found[:top]
    page = _Page(
        store, scope, shown, wishes(experiments, experiment_ids), is_cut=len(shown) < len(found)
    )
    best = page.best(order)
    choice = remembered_choice(experiments, experiment_ids)
    if asked.columns is not None:
        choice = replace(choice, shown=asked.columns)
    params, metrics = page.params(order, choice), page.metrics(order, best, choice)
    return RunTable(
        rows=_rows(store, page.shown, experiments, best_id=best.run_id, ticked=asked.ticked),
        param_keys=params,
        metric_keys=metrics,
        choice=choice,
        folded=page.keys_in_all - len(params) - len(metrics),
        total=store.count_runs(scope) if page.is_cut else None,
        sort_key=order.key,
        sort_descending=order.is_descending,
        best_by=best.metric,
        experiment=experiments[0].name if experiment_ids and len(experiments) == 1 else None,
        ticked=len(asked.ticked),
        filter_text=asked.filter_text or None,
        why_nothing="" if found else why_nothing(scope, names_in(store, experiment_ids)),
        place=str(folder_of(store.uri)),
        absence=store.absence,
        elsewhere=0 if found else runs_elsewhere(store, experiment_ids),
    )


class _Page:
    """The runs that are shown, of those that there are in *scope*."""

    def __init__(
        self,
        store: Store,
        scope: RunQuery,
        shown: Sequence[Run],
        wishes: Wishes,
        *,
        is_cut: bool,
    ) -> None:
        self.shown = list(map(without_moved, shown))
        self.is_cut = is_cut
        self._store = store
        self._scope = scope
        # As they were logged, whatever the order of the runs.
        oldest_first = sorted(shown, key=lambda run: (run.info.start_time, run.info.run_id))
        data = [run.data for run in oldest_first]
        self._inventory = inventory_of(data)
        self._meaning = meaning_of_runs(data, **wishes)

    @property
    def keys_in_all(self) -> int:
        return len(self._inventory.params) + len(self._inventory.metrics)

    def params(self, order: Order, choice: ColumnChoice) -> list[str]:
        """What was chosen; else what matters first, and what means little is left out, unless the
        runs are sorted by it."""
        runs = len(self.shown)
        if choice.shown is not None:
            known = {each.key for each in self._inventory.params}
            asked = [*choice.shown, *([order.key] if order.key else [])]
            return _keys_of("params", asked, known)
        found = params_in_order(self._inventory.params, self._meaning, runs=runs)
        return [
            each.key
            for each in found
            if is_told_first("params", each, self._meaning, runs=runs)
            or order.key == f"params.{each.key}"
        ]

    def metrics(self, order: Order, best: Best, choice: ColumnChoice) -> list[str]:
        """The same; what they are sorted by and what made the best one stand first."""
        front = [key for key in (order.metric, best.metric) if key is not None]
        known = {each.key for each in self._inventory.metrics}
        if choice.shown is None:
            keys = self._told_metrics()
        else:
            keys = _keys_of("metrics", choice.shown, known)
        return list(dict.fromkeys([*(key for key in front if key in known), *keys]))

    def _told_metrics(self) -> list[str]:
        found = metrics_in_order(self._inventory.metrics, self._meaning)
        return told_metrics([each.key for each in found], self._meaning)

    def best(self, order: Order) -> Best:
        """By the metric of the order, if its better side is known, else by what matters most."""
        declared = self._meaning.declared
        is_by_order = order.metric is not None and direction(order.metric, declared) is not None
        return find_best(
            self._store,
            self._scope,
            self.shown,
            keys=[str(order.metric)] if is_by_order else self._told_metrics(),
            declared=declared,
            is_cut=self.is_cut,
        )


def _keys_of(kind: str, columns: Sequence[str], known: Collection[str]) -> list[str]:
    start = f"{kind}."
    keys = [each.removeprefix(start) for each in columns if each.startswith(start)]
    return [key for key in dict.fromkeys(keys) if key in known]


def _rows(
    store: Store,
    shown: Sequence[Run],
    experiments: Iterable[Experiment],
    *,
    best_id: str | None,
    ticked: frozenset[str],
) -> list[RunRow]:
    errors = errors_of(store, shown)
    names = {experiment.experiment_id: experiment.name for experiment in experiments}
    now = time.time()
    return [
        RunRow(
            run_id=run.info.run_id,
            name=run.info.run_name,
            status=str(run.info.status),
            age_seconds=now - run.info.start_time / 1000,
            duration_seconds=seconds_of(run.info),
            params=run.data.params,
            metrics=run.data.metrics,
            tags=run.data.tags,
            parent_id=run.data.tags.get(PARENT_TAG),
            experiment=names.get(run.info.experiment_id),
            start_time=run.info.start_time,
            end_time=run.info.end_time,
            user=run.info.user_id,
            is_best=run.info.run_id == best_id,
            is_ticked=run.info.run_id in ticked,
            error=errors.get(run.info.run_id),
        )
        for run in shown
    ]
