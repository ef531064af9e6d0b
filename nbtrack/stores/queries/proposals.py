"""What is proposed instead of a run or an experiment that is not there: a sentence, or nothing.

Only the newest are looked at, and none that is deleted unless those are asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbtrack.base.nearest import MOST_NAMES, asking, nearest
from nbtrack.records.runs import LifecycleStage, ViewType

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_WHOLE_ID = re.compile(r"[0-9a-f]{32}")
_FEWEST, _ENOUGH = 4, 6  # first characters of an id that tell it from others
_RUNS = """
    select run_name, run_id from current.runs
    where lifecycle_stage = $stage order by start_us desc limit $most
"""
_EXPERIMENTS = """
    select name, experiment_id from current.experiments
    where lifecycle_stage = $stage order by created_us desc limit $most
"""


def proposed_run(
    connection: DuckDBPyConnection, typed: str, *, view_type: ViewType = ViewType.ACTIVE_ONLY
) -> str:
    """One whose id begins as *typed* does, or the newest one with a name like it."""
    is_deleted = view_type == ViewType.DELETED_ONLY
    stage = LifecycleStage.DELETED if is_deleted else LifecycleStage.ACTIVE
    rows = _rows(connection, _RUNS, stage)
    for name, run_id in rows:
        if len(typed) >= _FEWEST and run_id.startswith(typed[:_ENOUGH]):
            return asking(f"{name!r} ({run_id})")
    return "" if _WHOLE_ID.fullmatch(typed) else _named_like(typed, rows)


def proposed_experiment(connection: DuckDBPyConnection, typed: str) -> str:
    """One with a name like *typed*, which was to be an id; ids, all digits, are like no other."""
    if typed.isdecimal():
        return ""
    return _named_like(typed, _rows(connection, _EXPERIMENTS, LifecycleStage.ACTIVE))


def _rows(
    connection: DuckDBPyConnection, query: str, stage: LifecycleStage
) -> list[tuple[str, str]]:
    """Name and id of each, the newest first."""
    found = connection.execute(query, {"stage": str(stage), "most": MOST_NAMES}).fetchall()
    return [(name or "", its_id) for name, its_id in found]


def _named_like(typed: str, rows: list[tuple[str, str]]) -> str:
    ids = dict(reversed(rows))  # the newest of a name is the one that is meant
    name = nearest(typed, dict(rows))
    return asking(None if name is None else f"{name!r} ({ids[name]})")
