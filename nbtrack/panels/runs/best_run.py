"""Which run is the best: one that came to its end, among at least two, by one metric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from nbtrack.lookup.metric_direction import Direction, direction
from nbtrack.lookup.run_order import Order, quoted
from nbtrack.records.runs import Run, RunQuery, RunStatus
from nbtrack.stores.store import Store


class Best(NamedTuple):
    metric: str | None = None
    run_id: str | None = None


def find_best(
    store: Store,
    scope: RunQuery,
    shown: Sequence[Run],
    *,
    keys: Iterable[str],
    declared: Mapping[str, Direction],
    is_cut: bool,
) -> Best:
    """The best of all runs in *scope*; *is_cut* says that *shown* are not all of them.

    By the first of *keys* that most of those shown have, and of which the better side is known.
    """
    key = _most_common(shown, [key for key in keys if direction(key, declared)])
    if key is None:
        return Best()
    is_higher = direction(key, declared) == "higher"
    if is_cut:
        candidates = _best_two(store, scope, Order(f"metrics.{key}", is_higher))
    else:
        candidates = [run for run in shown if _competes(run, key)]
    if len(candidates) < 2:
        return Best()
    sign = 1 if is_higher else -1
    best = max(candidates, key=lambda run: sign * run.data.metrics[key])
    return Best(key, best.info.run_id)


def _most_common(shown: Sequence[Run], keys: Sequence[str]) -> str | None:
    having = Counter(key for key in keys for run in shown if _competes(run, key))
    return max(having, key=lambda key: having[key], default=None)


def _competes(run: Run, key: str) -> bool:
    value = run.data.metrics.get(key)
    is_broken = run.info.status in (RunStatus.FAILED, RunStatus.KILLED)
    return not is_broken and value is not None and value == value


def _best_two(store: Store, scope: RunQuery, order: Order) -> list[Run]:
    metric = str(order.metric)
    condition = f"metrics.{quoted(metric)} IS NOT NULL and status NOT IN ('FAILED', 'KILLED')"
    if scope.filter_string:
        condition = f"({scope.filter_string}) and {condition}"
    ahead = replace(scope, filter_string=condition, order_by=order.clauses, max_results=2)
    return [run for run in store.search_runs(ahead) if _competes(run, metric)]
