"""Runs put together by what they share, with the mean and spread of their metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbtrack.records.views import GroupedMetric, RunGroup
from nbtrack.stores.filters.clauses import run_column
from nbtrack.stores.queries.page_values import texts_bound

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection

_NONE = GroupedMetric(mean=None, std=None, count=0)


def read_groups(connection: Connection, *, by: str, metrics: Sequence[str]) -> list[RunGroup]:
    """Of the runs in the index's table `matching`. Raises InvalidFilter."""
    expression, join, parameters = _grouping(by)
    connection.execute(_GROUPED.format(value=expression, join=join), parameters)
    groups = connection.execute(_GROUPS).fetchall()
    means: dict[str | None, dict[str, GroupedMetric]] = {}
    names, of_keys = texts_bound(metrics)
    for value, key, *found in connection.execute(_MEANS.format(keys=names), of_keys).fetchall():
        means.setdefault(value, {})[key] = _grouped(*found)
    return [
        RunGroup(
            value=value,
            runs=runs,
            newest_us=newest_us,
            newest_name=newest_name,
            metrics={key: means.get(value, {}).get(key, _NONE) for key in metrics},
        )
        for value, runs, newest_us, newest_name in groups
    ]


def _grouping(by: str) -> tuple[str, str, dict[str, str]]:
    """(SQL of the value, its join, parameters)"""
    if by == "cell":
        return "g.lineage", "left join current.cells g using (run_key)", {}
    column = run_column("experiment_id" if by == "experiment" else by)
    if column.table is None:
        return f"{column.expression}::varchar", "", {}
    join = f"left join {column.table} g on g.run_key = r.run_key and g.key = $group_key"
    return f"g.{column.expression}::varchar", join, {"group_key": column.key or ""}


def _grouped(mean: float | None, std: float | None, count: int) -> GroupedMetric:
    return GroupedMetric(mean=mean, std=std, count=count)


_GROUPED = """
    create or replace temp table grouped as
    select r.run_key, r.run_name, r.start_us, {value} as value
    from indexed_runs r {join}
    where r.run_key in (select run_key from matching)
"""
_GROUPS = """
    select value, count(*), coalesce(max(start_us), 0) as newest_us,
        arg_max(run_name, start_us) as newest_name from grouped
    group by value order by newest_us desc, value
"""
_MEANS = """
    select g.value, m.key, avg(m.value), stddev_samp(m.value), count(*)
    from current.latest_metrics m join grouped g using (run_key)
    where m.key in ({keys}) and isfinite(m.value)
    group by g.value, m.key
"""
