"""The table of runs behind `%runs`, `nbtrack.runs()` and `nbtrack runs`: static and script-free."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from nbtrack.errors import ExperimentNotFound, InvalidValue
from nbtrack.notebook.metric_direction import Direction, declared_directions, direction
from nbtrack.notebook.run_table_facts import RunRow, RunTable
from nbtrack.records import Experiment, Run, RunQuery, RunStatus
from nbtrack.session import PARENT_TAG, current_session
from nbtrack.stores import Store

if TYPE_CHECKING:
    import pandas as pd

_ATTRIBUTES = ("start_time", "end_time", "duration", "run_name", "status", "user_id", "run_id")
_QUOTES = '`"'
_MOST_ERRORS = 5  # each is a look at the database


def runs(filter_string: str | None = None, *, sort: str | None = None, top: int = 20) -> RunsView:
    """Runs of the active experiment, as a table to look at; `.df` is a DataFrame.

    *sort* is a metric, a param or an attribute such as start_time, with " asc" or " desc" behind
    it if you like. Raises InvalidFilter.
    """
    session = current_session()
    return RunsView(
        session.store,
        (session.experiment.experiment_id,),
        filter_string=filter_string,
        sort=sort,
        top=top,
    )


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
            store, experiment_ids=experiment_ids, filter_string=filter_string, sort=sort, top=top
        )
        order = _Order(key=self.table.sort_key, is_descending=self.table.sort_descending)
        self._query = RunQuery(
            experiment_ids=experiment_ids,
            filter_string=filter_string or None,
            order_by=order.clauses,
            max_results=top,
        )

    @cached_property
    def df(self) -> pd.DataFrame:
        """The same runs with all they hold; columns as of `nbtrack.search_runs`."""
        from nbtrack.run_frame import run_frame

        return run_frame(self._store.search_run_columns(self._query))

    def __len__(self) -> int:
        return len(self.table.rows)

    def __repr__(self) -> str:
        from nbtrack.notebook.run_table import run_table_text

        return run_table_text(self.table)

    def _repr_html_(self) -> str:
        from nbtrack.notebook.run_table import run_table_html

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
    experiment = _experiment(store, experiment_ids)
    declared = declared_directions(experiment.tags if experiment else {})
    order = _order(store, experiment_ids, filter_string, sort, declared=declared)
    query = RunQuery(
        experiment_ids=experiment_ids,
        filter_string=filter_string or None,
        order_by=order.clauses,
        max_results=None if top is None else top + 1,
    )
    found = store.search_runs(query)
    shown = found[:top]
    best_by, best_id = _best(store, query, shown, metric=order.metric, declared=declared)
    return RunTable(
        rows=_rows(store, shown, best_id=best_id),
        param_keys=list(dict.fromkeys(key for run in shown for key in run.data.params)),
        metric_keys=list(dict.fromkeys(key for run in shown for key in run.data.metrics)),
        total=store.count_runs(query) if len(found) > len(shown) else None,
        sort_key=order.key,
        sort_descending=order.is_descending,
        best_by=best_by,
        experiment=experiment.name if experiment else None,
        filter_text=filter_string or None,
    )


class _Order(NamedTuple):
    key: str | None = None  # with its kind: metrics.f1
    metric: str | None = None
    is_descending: bool = True

    @property
    def clauses(self) -> tuple[str, ...]:
        if self.key is None:
            return ()
        kind, _, name = self.key.partition(".")
        return (f"{kind}.{_quoted(name)} {'DESC' if self.is_descending else 'ASC'}",)


def _order(
    store: Store,
    experiment_ids: tuple[str, ...] | None,
    filter_string: str | None,
    sort: str | None,
    *,
    declared: Mapping[str, Direction],
) -> _Order:
    """Without a word on it, the better end of a metric comes first, the larger of others."""
    if not sort or not sort.strip():
        return _Order()
    name, _, word = sort.strip().rpartition(" ")
    if not name or word.lower() not in ("asc", "desc"):
        name, word = sort.strip(), ""
    key = _full_key(store, experiment_ids, filter_string, name.strip())
    metric = key.removeprefix("metrics.") if key.startswith("metrics.") else None
    is_descending = word.lower() == "desc"
    if not word:
        is_descending = metric is None or direction(metric, declared) != "lower"
    return _Order(key=key, metric=metric, is_descending=is_descending)


def _full_key(
    store: Store,
    experiment_ids: tuple[str, ...] | None,
    filter_string: str | None,
    name: str,
) -> str:
    kind, dot, key = name.partition(".")
    if dot and kind in ("metrics", "params", "attributes", "tags"):
        return f"{kind}.{key.strip(_QUOTES)}"
    if name in _ATTRIBUTES:
        return f"attributes.{name}"
    before = f"({filter_string}) and " if filter_string else ""
    for kind in ("metrics", "params"):
        has_it = f"{before}{kind}.{_quoted(name.strip(_QUOTES))} IS NOT NULL"
        query = RunQuery(experiment_ids=experiment_ids, filter_string=has_it, max_results=1)
        if store.search_runs(query):
            return f"{kind}.{name.strip(_QUOTES)}"
    raise InvalidValue(
        f"Runs cannot be sorted by {name!r}: none of them has a metric or param of that name. "
        f"Besides those there are {', '.join(_ATTRIBUTES)}."
    )


def _quoted(key: str) -> str:
    return f'"{key}"' if "`" in key else f"`{key}`"


def _best(
    store: Store,
    query: RunQuery,
    shown: Sequence[Run],
    *,
    metric: str | None,
    declared: Mapping[str, Direction],
) -> tuple[str | None, str | None]:
    """The metric of which the better side is known, and the run that is best by it."""
    present = [metric] if metric else []
    present += [key for run in shown for key in run.data.metrics]
    key = next((key for key in present if direction(key, declared)), None)
    if key is None:
        return None, None
    is_higher = direction(key, declared) == "higher"
    candidates = shown
    if query.max_results is not None and len(shown) == query.max_results - 1:
        order = _Order(key=f"metrics.{key}", metric=key, is_descending=is_higher)
        candidates = store.search_runs(replace(query, order_by=order.clauses, max_results=1))
    having = [run for run in candidates if _is_number(run.data.metrics.get(key))]
    sign = 1 if is_higher else -1
    best = max(having, key=lambda run: sign * run.data.metrics[key], default=None)
    return key, None if best is None else best.info.run_id


def _is_number(value: float | None) -> bool:
    return value is not None and value == value


def _rows(store: Store, shown: Sequence[Run], *, best_id: str | None) -> list[RunRow]:
    failed = [run.info.run_id for run in shown if run.info.status == RunStatus.FAILED]
    errors = {run_id: _error(store, run_id) for run_id in failed[:_MOST_ERRORS]}
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
            parent_id=run.data.tags.get(PARENT_TAG),
            is_best=run.info.run_id == best_id,
            error=errors.get(run.info.run_id),
        )
        for run in shown
    ]


def _duration(run: Run) -> float | None:
    end = run.info.end_time
    return None if end is None else (end - run.info.start_time) / 1000


def _error(store: Store, run_id: str) -> str | None:
    cell = store.read_cell(run_id)
    return None if cell is None else cell["error"]


def _experiment(store: Store, experiment_ids: tuple[str, ...] | None) -> Experiment | None:
    """The one that is shown; None for all of them."""
    if experiment_ids is None or len(experiment_ids) != 1:
        return None
    try:
        return store.get_experiment(experiment_ids[0])
    except ExperimentNotFound:  # the active one, before its first run
        known = current_session().experiment
        return known if known.experiment_id == experiment_ids[0] else None
