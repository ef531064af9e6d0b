"""What is known of the keys before they were read, so that a page need not wait for that.

Of 100,000 runs with 20 params and metrics the inventory takes half a second and a page a tenth of
it. For the first page, the static table has read one already: its runs say well enough what
columns there are. For a new filter, the keys of all runs do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from nbtrack.panels.runs.facts import RunTable
from nbtrack.panels.runs.known_keys import Known, KnownKeys
from nbtrack.records.runs import Experiment, RunQuery
from nbtrack.records.views import KeyFacts, KeyInventory

_MANY_RUNS = 2_000  # below, the inventory is as fast as anybody looks
NUMBER = 0  # of no inventory that was read


def is_worth_it(table: RunTable) -> bool:
    return table.total is not None and table.total > _MANY_RUNS


def glance(table: RunTable, experiments: list[Experiment], *, all_runs: int) -> Known:
    runs = table.total or len(table.rows)
    inventory = KeyInventory(
        params=_facts([row.params for row in table.rows], runs),
        metrics=_facts([row.metrics for row in table.rows], runs),
        tags=_facts([row.tags for row in table.rows], runs),
    )
    return Known(inventory, experiments, runs, all_runs, NUMBER)


def glance_at_all(keys: KnownKeys, scope: RunQuery) -> Known | None:
    """The keys of all runs in place of those in *scope*; None where these are known, or soon."""
    every = keys.at_once(RunQuery(experiment_ids=scope.experiment_ids))
    if every is None or every.runs <= _MANY_RUNS or keys.at_once(scope) is not None:
        return None
    return every._replace(number=NUMBER)


def _facts(values: Sequence[Mapping[str, object]], runs: int) -> list[KeyFacts]:
    keys = sorted({key for each in values for key in each})
    return [_fact(key, [each[key] for each in values if key in each], values, runs) for key in keys]


def _fact(
    key: str, found: list[object], values: Sequence[Mapping[str, object]], runs: int
) -> KeyFacts:
    """What all of these have, all runs are taken to have."""
    numbers = [_number(value) for value in found]
    finite = [number for number in numbers if number is not None and math.isfinite(number)]
    return KeyFacts(
        key=key,
        runs=runs if len(found) == len(values) else len(found),
        distinct=min(2, len(_distinct(found))),
        is_number=None not in numbers,
        low=min(finite, default=None),
        high=max(finite, default=None),
    )


def _distinct(found: Iterable[object]) -> set[str]:
    return {repr(value) for value in found}


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
