"""The table of runs behind `%runs`, `nbtrack.runs()` and `nbtrack runs`: static and script-free.

In a notebook it becomes a panel, which this table then stands in for wherever nothing is alive.
"""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from nbtrack.display.in_kernel import is_in_kernel
from nbtrack.errors import InvalidValue
from nbtrack.lookup.metric_direction import Direction, direction
from nbtrack.lookup.run_order import Order, read_order
from nbtrack.panels.runs.best_run import Best, find_best
from nbtrack.panels.runs.facts import RunRow, RunTable
from nbtrack.panels.runs.filter_check import check_filter
from nbtrack.panels.runs.run_scope import (
    ALL,
    directions,
    experiment_ids_of,
    read_experiments,
    runs_elsewhere,
)
from nbtrack.recording.session import PARENT_TAG, current_session
from nbtrack.records.runs import Experiment, Run, RunQuery, RunStatus
from nbtrack.stores.opening import folder_of
from nbtrack.stores.queries.page_values import MOST_KEYS_IN_TEXT
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from nbtrack.panels.runs.panel import RunsPanel

_MOST_ROWS = 20  # of a static table


def runs(
    filter_string: str | None = None,
    *,
    sort: str | None = None,
    top: int | None = None,
    experiment: str | Sequence[str] | None = None,
    charts: bool = False,
) -> RunsView | RunsPanel:
    """Runs as a table to look at; `.df` is a DataFrame. In a notebook it is a live panel.

    *sort* is a metric, a param or an attribute such as start_time, with " asc" or " desc" behind
    it if you like. *top* is how many there are; without it the DataFrame has all, and a
    table on paper 20. *experiment* is a name, a list of names, or "all" (["all"] is the one of that
    name); without it the active one. In a notebook, *charts* leaves a picture of their curves
    beside the table, for those who read the saved notebook (so does a look at the Charts tab).
    Raises InvalidFilter, NotFound.
    """
    store, has_page = current_session().store, is_in_kernel()
    if has_page:
        _begin_to_import_panels()
    view = RunsView(
        store,
        _chosen_ids(experiment),
        filter_string=filter_string,
        sort=sort,
        top=top,
    )
    if not has_page:
        return view
    from nbtrack.panels.runs.panel import RunsPanel

    return RunsPanel(store, view, top=top, has_picture=charts)


def _begin_to_import_panels() -> None:
    """ipywidgets take 0.15 s: time in which the first queries can run already."""
    name = "nbtrack.panels.runs.panel"
    if name not in sys.modules:
        threading.Thread(target=_import_quietly, args=(name,), daemon=True).start()


def _import_quietly(name: str) -> None:
    with suppress(ImportError):  # whoever needs it imports it again, and says why it cannot
        importlib.import_module(name)


def _chosen_ids(experiment: str | Sequence[str] | None) -> tuple[str, ...] | None:
    session = current_session()
    if experiment is None:
        return (session.experiment.experiment_id,)
    if experiment == ALL:
        return None
    names = [experiment] if isinstance(experiment, str) else experiment
    return experiment_ids_of(session.store, names)


class RunsView:
    def __init__(
        self,
        store: Store,
        experiment_ids: tuple[str, ...] | None,
        *,
        filter_string: str | None,
        sort: str | None,
        top: int | None,
    ) -> None:
        self._store = store
        self.table = run_table_of(
            store,
            experiment_ids=experiment_ids,
            filter_string=filter_string,
            sort=sort,
            top=_MOST_ROWS if top is None else top,
        )
        order = Order(key=self.table.sort_key, is_descending=self.table.sort_descending)
        self.query = RunQuery(
            experiment_ids=experiment_ids,
            filter_string=filter_string or None,
            order_by=order.clauses,
            max_results=top,
        )

    @cached_property
    def df(self) -> pd.DataFrame:
        """The same runs with all they hold; columns as of `nbtrack.search_runs`."""
        from nbtrack.lookup.run_frame import run_frame

        return run_frame(self._store.search_run_columns(self.query))

    def __len__(self) -> int:
        return len(self.table.rows)

    def __repr__(self) -> str:
        from nbtrack.panels.runs.table import run_table_text

        return run_table_text(self.table)

    def _repr_html_(self) -> str:
        from nbtrack.panels.runs.table import run_table_html

        return run_table_html(self.table)


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
        self.shown = shown
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
            duration_seconds=_duration(run),
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


def _duration(run: Run) -> float | None:
    end = run.info.end_time
    return None if end is None else (end - run.info.start_time) / 1000
