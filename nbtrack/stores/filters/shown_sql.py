"""A search written out as SQL over the public views, for a user to read, change and run."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from nbtrack.records.runs import RunQuery, ViewType
from nbtrack.stores.filters.any_text import ANY_TEXT, IN_PUBLIC_VIEWS
from nbtrack.stores.filters.clauses import run_filter, run_order
from nbtrack.stores.filters.filter_keys import RUNS, Holds, Table

_VALUE_VIEWS = {"params": "params", "metrics": "latest_metrics", "tags": "tags"}
# What a filter is about, in the words of the public views instead of those of `current`.
_PUBLIC = replace(
    RUNS,
    id="run_id",
    attributes={
        **RUNS.attributes,
        "start_time": ("epoch_us(r.start_time)", Holds.TIME),
        "end_time": ("epoch_us(r.end_time)", Holds.TIME),
        "duration": ("r.duration_seconds", Holds.NUMBER),
        ANY_TEXT: (IN_PUBLIC_VIEWS, Holds.ANY_TEXT),
    },
    tables={
        name: Table(name=view, holds=RUNS.tables[name].holds) for name, view in _VALUE_VIEWS.items()
    },
    natural_order="r.start_time desc, r.run_id",
)
_STAGES = {ViewType.ACTIVE_ONLY: "active", ViewType.DELETED_ONLY: "deleted"}
_PARAMETER = re.compile(r"\$([fo]\d+)")


def run_select(query: RunQuery, columns: Sequence[tuple[str, str]] = ()) -> str:
    """One SELECT for `nbtrack.sql`: the same runs in the same order.

    *columns* are (params, metrics or tags; key). Raises InvalidFilter.
    """
    order = run_order(query.order_by, subject=_PUBLIC)
    pieces = [
        "select r.run_id, r.run_name, r.status, r.start_time, r.duration_seconds"
        + "".join(map(_value_column, columns)),
        f"from runs r{f' {_written(order.joins, order.parameters)}' if order.joins else ''}",
        f"where {' and '.join(_conditions(query))}",
        f"order by {_written(order.order_by, order.parameters)}",
    ]
    if query.max_results is not None:
        pieces.append(f"limit {query.max_results}")
    return "\n".join(pieces)


def _value_column(column: tuple[str, str]) -> str:
    kind, key = column
    name = f"{kind}.{key}".replace('"', '""')
    of_run = f"v.run_id = r.run_id and v.key = {_literal(key)}"
    return f',\n    (select value from {_VALUE_VIEWS[kind]} v where {of_run}) as "{name}"'


def _conditions(query: RunQuery) -> list[str]:
    clause = run_filter(query.filter_string, subject=_PUBLIC)
    found = []
    if query.view_type in _STAGES:
        found.append(f"r.lifecycle_stage = '{_STAGES[query.view_type]}'")
    if query.experiment_ids is not None:
        found.append(f"r.experiment_id in ({', '.join(map(_literal, query.experiment_ids))})")
    if clause.sql != "true":
        sql = clause.sql.replace("current.inputs", "inputs")
        found.append(_written(sql, clause.parameters))
    return found or ["true"]


def _written(sql: str, parameters: Mapping[str, object]) -> str:
    """With the values in their places: the text of the SQL itself is all ours."""
    return _PARAMETER.sub(lambda name: _literal(parameters[name[1]]), sql)


def _literal(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, float) and not math.isfinite(value):
        return f"'{value}'::double"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"
