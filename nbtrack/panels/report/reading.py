"""What a report says: a table with its best run, and what is drawn of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nbtrack.errors import InvalidValue
from nbtrack.lookup.metric_direction import direction, directions
from nbtrack.panels.report.charts import Picture, pictures_of
from nbtrack.panels.runs.facts import RunRow, RunTable
from nbtrack.panels.runs.reading import run_table_of
from nbtrack.panels.runs.run_scope import experiment_ids_of, read_experiments
from nbtrack.stores.store import Store

MOST_RUNS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """*metric* is that by which a run is the best, if there is one."""

    title: str
    table: RunTable
    best: RunRow | None
    metric: str | None
    pictures: Sequence[Picture]
    is_lower_better: bool = False


def read_report(
    store: Store, experiments: Sequence[str], filter_string: str | None, *, sort: str | None = None
) -> Report:
    """Of all runs of *experiments* (all, if none is named) that match; by default the best first.
    Raises NotFound, InvalidFilter; InvalidValue where no run matches."""
    ids = experiment_ids_of(store, experiments) or None
    table = _table(store, ids, filter_string, sort)
    if not table.rows:
        raise InvalidValue(_nothing(experiments, filter_string))
    metric = table.best_by
    if sort is None and metric is not None:
        table = _table(store, ids, filter_string, f"metrics.{metric}")
    best = next((row for row in table.rows if row.is_best), None)
    declared = directions(read_experiments(store, ids))
    way = None if metric is None else direction(metric, declared)
    return Report(
        title=_title(table, experiments),
        table=table,
        best=best,
        metric=metric,
        pictures=pictures_of(store, table, metric, higher_is_better=way and way == "higher"),
        is_lower_better=way == "lower",
    )


def _nothing(experiments: Sequence[str], filter_string: str | None) -> str:
    where = f" in {', '.join(map(repr, experiments))}" if experiments else ""
    if filter_string:
        return f"No run{where} matches {filter_string!r:.200}; there is nothing to report."
    return f"There are no runs yet{where}; when there is one, there is something to report."


def _table(
    store: Store, ids: tuple[str, ...] | None, filter_string: str | None, sort: str | None
) -> RunTable:
    return run_table_of(
        store, experiment_ids=ids, filter_string=filter_string, sort=sort, top=MOST_RUNS
    )


def _title(table: RunTable, experiments: Sequence[str]) -> str:
    there = dict.fromkeys(row.experiment for row in table.rows)
    return ", ".join(experiments or filter(None, there)) if len(there) < 4 else "All experiments"
