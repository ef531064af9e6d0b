"""The facts of a table of runs, read of a store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from nbtrack.errors import InvalidValue
from nbtrack.lookup.metric_direction import Direction, direction
from nbtrack.lookup.own_values import without_moved
from nbtrack.lookup.run_order import Order, read_order
from nbtrack.lookup.run_times import seconds_of
from nbtrack.panels.runs.best_run import Best, find_best
from nbtrack.panels.runs.facts import RunRow, RunTable
from nbtrack.panels.runs.filter_check import check_filter
from nbtrack.panels.runs.run_scope import (
    directions,
    read_experiments,
    runs_elsewhere,
)
from nbtrack.records.runs import Experiment, Run, RunQuery, RunStatus
from nbtrack.records.tags import PARENT_TAG
from nbtrack.stores.opening import folder_of
from nbtrack.stores.queries.page_values import MOST_KEYS_IN_TEXT
from nbtrack.stores.store import Store


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
    scope = RunQuery(experiment_ids=experiment_ids, filter_string=filter_string or None)
    check_filter(store, scope)
    experiments = read_experiments(store, experiment_ids)
    declared = directions(experiments)
    order = read_order(store, scope, sort, declared=declared)
    most = None if top is None else top + 1
    found = store.search_runs(replace(scope, order_by=order.clauses, max_results=most))
    page = _Page(store, scope, found[:top], is_cut=len(found[:top]) < len(found))
    best = page.best(order, declared)
    return RunTable(
        rows=_rows(store, page.shown, experiments, best_id=best.run_id),
        param_keys=page.keys(lambda run: run.data.params),
        metric_keys=page.keys(lambda run: run.data.metrics),
        total=store.count_runs(scope) if page.is_cut else None,
        sort_key=order.key,
        sort_descending=order.is_descending,
        best_by=best.metric,
        experiment=experiments[0].name if experiment_ids and len(experiments) == 1 else None,
        filter_text=scope.filter_string,
        place=str(folder_of(store.uri)),
        elsewhere=0 if found else runs_elsewhere(store, experiment_ids),
    )


class _Page:
    """The runs that are shown, of those that there are in *scope*."""

    def __init__(
        self, store: Store, scope: RunQuery, shown: Sequence[Run], *, is_cut: bool
    ) -> None:
        self.shown = list(map(without_moved, shown))
        self.is_cut = is_cut
        self._store = store
        self._scope = scope

    def keys(self, of: Callable[[Run], Iterable[str]]) -> list[str]:
        """As they were logged, whatever the order of the runs; by name where that is not told."""
        oldest_first = sorted(self.shown, key=lambda run: (run.info.start_time, run.info.run_id))
        found = dict.fromkeys(key for run in oldest_first for key in of(run))
        return list(found) if len(self.shown) < MOST_KEYS_IN_TEXT else sorted(found)

    def best(self, order: Order, declared: Mapping[str, Direction]) -> Best:
        """By the metric of the order, if its better side is known, else by the most common one."""
        is_by_order = order.metric is not None and direction(order.metric, declared) is not None
        return find_best(
            self._store,
            self._scope,
            self.shown,
            keys=[str(order.metric)] if is_by_order else self.keys(lambda run: run.data.metrics),
            declared=declared,
            is_cut=self.is_cut,
        )


def _rows(
    store: Store,
    shown: Sequence[Run],
    experiments: Iterable[Experiment],
    *,
    best_id: str | None,
) -> list[RunRow]:
    failed = [run.info.run_id for run in shown if run.info.status == RunStatus.FAILED]
    cells = store.read_cells(failed) if failed else {}
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
            error=cells.get(run.info.run_id, {}).get("error"),
        )
        for run in shown
    ]
