"""What is known of the keys before they were read, so that a page need not wait for that.

Of 100,000 runs with 20 params and metrics the inventory takes half a second and a page a tenth of
it. For the first page, the static table has read one already: its runs say well enough what
columns there are. For a new filter, the keys of all runs do.
"""

from __future__ import annotations

from nbtrack.lookup.key_facts import inventory_of, meaning_of_runs
from nbtrack.panels.runs.facts import RunTable
from nbtrack.panels.runs.known_keys import MANY_RUNS, Known, KnownKeys, wishes
from nbtrack.records.runs import Experiment, RunData, RunQuery

NUMBER = 0  # of no inventory that was read


def is_worth_it(table: RunTable) -> bool:
    return table.total is not None and table.total > MANY_RUNS


def glance(table: RunTable, experiments: list[Experiment], *, all_runs: int) -> Known:
    runs = table.total or len(table.rows)
    data = [
        RunData(params=dict(row.params), metrics=dict(row.metrics), tags=dict(row.tags))
        for row in table.rows
    ]
    ids = [e.experiment_id for e in experiments if e.name == table.experiment]
    meaning = meaning_of_runs(data, **wishes(experiments, ids if table.experiment else None))
    return Known(inventory_of(data, runs=runs), experiments, runs, all_runs, NUMBER, meaning)


def glance_at_all(keys: KnownKeys, scope: RunQuery) -> Known | None:
    """The keys of all runs in place of those in *scope*; None where these are known, or soon."""
    every = keys.at_once(RunQuery(experiment_ids=scope.experiment_ids))
    if every is None or every.runs <= MANY_RUNS or keys.at_once(scope) is not None:
        return None
    return every._replace(number=NUMBER)
