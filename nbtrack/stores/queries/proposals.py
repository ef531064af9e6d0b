"""What is proposed instead of a run or an experiment that is not there: a sentence, or nothing.

Only the newest are looked at, and none that is deleted unless those are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.base.nearest import MOST_NAMES, asking, nearest
from nbtrack.records.ids import is_run_id
from nbtrack.records.runs import LifecycleStage, ViewType
from nbtrack.stores.queries.page_values import keys_in_text

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection

_FEWEST, _ENOUGH = 4, 6  # first characters of an id that tell it from others
_KEYS = """
    select run_key from stored.run_keys where starts_with(run_id, $begins)
    order by run_key desc limit $most
"""
# Keys that are written out are ten times as fast as a subquery, among a hundred thousand runs.
_RUNS = """
    select run_name, run_id from current.runs
    where lifecycle_stage = $stage and run_key in ({keys}) order by start_us desc
"""
_EXPERIMENTS = """
    select name, experiment_id from current.experiments
    where lifecycle_stage = $stage order by created_us desc limit $most
"""


def proposed_run(
    connection: Connection, typed: str, *, view_type: ViewType = ViewType.ACTIVE_ONLY
) -> str:
    """One whose id begins as *typed* does, or the newest one with a name like it."""
    is_deleted = view_type == ViewType.DELETED_ONLY
    stage = LifecycleStage.DELETED if is_deleted else LifecycleStage.ACTIVE
    if len(typed) >= _FEWEST:
        for name, run_id in _runs(connection, stage, begins=typed[:_ENOUGH]):
            return asking(f"{name!r} ({run_id})")
    if is_run_id(typed):
        return ""
    return _named_like(typed, _runs(connection, stage, begins=""))


def proposed_experiment(connection: Connection, typed: str) -> str:
    """One with a name like *typed*, which was to be an id; ids, all digits, are like no other."""
    if typed.isdecimal():
        return ""
    given = {"stage": str(LifecycleStage.ACTIVE), "most": MOST_NAMES}
    return _named_like(typed, _names_and_ids(connection, _EXPERIMENTS, given))


def _runs(connection: Connection, stage: LifecycleStage, *, begins: str) -> list[tuple[str, str]]:
    """Name and id of the newest runs with such an id, the newest first."""
    found = connection.execute(_KEYS, {"begins": begins, "most": MOST_NAMES}).fetchall()
    query = _RUNS.format(keys=keys_in_text([key for (key,) in found]))
    return _names_and_ids(connection, query, {"stage": str(stage)})


def _names_and_ids(
    connection: Connection, query: str, given: dict[str, object]
) -> list[tuple[str, str]]:
    return [(name or "", its_id) for name, its_id in connection.execute(query, given).fetchall()]


def _named_like(typed: str, rows: list[tuple[str, str]]) -> str:
    ids = dict(reversed(rows))  # the newest of a name is the one that is meant
    name = nearest(typed, dict(rows))
    return asking(None if name is None else f"{name!r} ({ids[name]})")
