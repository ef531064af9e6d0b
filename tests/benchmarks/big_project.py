"""A project of many runs in a scratch folder, put straight into the tables of its database.

python -m tests.benchmarks.big_project FOLDER [RUNS]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.stores.local.duckdb import DuckDBStore

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RUNS = 100_000
KEYS = 20
FAMILY = 5  # of so many runs in a row the first one is the parent of the others ...
CHILDLESS = 4  # ... in one of so many families
EXPERIMENTS = 5
LONG_RUNS, LONG_POINTS = 20, 100_000
STARTED_US = 1_767_225_600_000_000  # 2026-01-01 UTC
APART_US = 60_000_000
LASTED_US = 30_000_000

_RUN_ID = "md5('run ' || {0})"
# The order of rows is that of folding: all of one run, then all of the next.
STATEMENTS = [
    f"""insert into project.stored.experiment_events by name
        select i::varchar as experiment_id, 'experiment ' || i as name, $started as created_us,
            $started as t from range(1, {EXPERIMENTS} + 1) as of(i)""",
    f"insert into project.stored.run_keys select i, {_RUN_ID.format('i')} from runs",
    f"""insert into project.stored.run_events by name
        select i as run_key, $started + i * {APART_US} as t, (1 + i % {EXPERIMENTS})::varchar
            as experiment_id, 'run ' || i as name, 'ada' as user_id, 'RUNNING' as status,
            $started + i * {APART_US} as start_us, 'w' || i % 50 as writer,
            'environment ' || i % 7 as environment, null::bigint as end_us from runs
        union all by name
        select i as run_key, $started + i * {APART_US} + {LASTED_US} as t,
            if(i % 23 = 0, 'FAILED', 'FINISHED') as status,
            $started + i * {APART_US} + {LASTED_US} + i % 977 * 1000 as end_us from runs
        order by run_key, t""",
    f"""insert into project.stored.params
        select i, 'p' || lpad(k::varchar, 2, '0'), case k % 4
                when 0 then (hash(i * 100 + k) % 1000 / 1e4)::varchar
                when 1 then (1 << (hash(i * 100 + k) % 8)::int)::varchar
                when 2 then ['SVC', 'HistGB', 'forest', 'linear'][1 + (hash(i * 100 + k) % 4)::int]
                else 'constant ' || k end,
            k % 5 > 0, $started + i * {APART_US} + k
        from runs, range({KEYS}) as of_keys(k) order by i, k""",
    f"""insert into project.stored.metrics
        select i, 'm' || lpad(k::varchar, 2, '0'), hash(i * 100 + k) % 1000000 / 1e6, 0,
            $started + i * {APART_US} + 1000 + k
        from runs, range({KEYS}) as of_keys(k) order by i, k""",
    f"""insert into project.stored.tags
        select i, unnest(['mlflow.user', 'mlflow.source.name', 'mlflow.source.type', 'team']),
            unnest(['ada', 'study ' || i % 31 || '.ipynb', 'NOTEBOOK',
                ['red', 'blue', 'green'][1 + i % 3]]), $started + i * {APART_US} from runs
        order by i""",
    f"""insert into project.stored.tags
        select i, 'mlflow.parentRunId', {_RUN_ID.format(f"(i - i % {FAMILY})")},
            $started + i * {APART_US} from runs
        where i % {FAMILY} > 0 and i // {FAMILY} % {CHILDLESS} > 0
            and i - i % {FAMILY} > 0 order by i""",
    f"""insert into project.stored.cells by name
        select i as run_key, $started + i * {APART_US} as t, 'fit()' as source,
            md5('cell ' || i % 300) as lineage, i // 300 + 1 as attempt,
            'study ' || i % 31 || '.ipynb' as notebook from runs order by i""",
]
LONG_SERIES = f"""
    insert into project.stored.metrics
    select {{run_key}}, 'loss', exp(-s / 2e4) + hash(s + {{run_key}}) % 1000 / 1e4, s,
        $started + {{run_key}}::bigint * {APART_US} + s * 250
    from range({LONG_POINTS}) as of_steps(s)
"""


def make_big_project(folder: Path, *, runs: int = RUNS) -> None:
    """*runs* runs with KEYS params and KEYS metrics of one point each; the newest LONG_RUNS of
    them have LONG_POINTS points of "loss" besides."""
    store = DuckDBStore(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with store._attachment.open(read_only=False) as connection:
        fill(connection, runs=runs)
    store.close()


def fill(connection: DuckDBPyConnection, *, runs: int) -> None:
    connection.execute(
        f"create temp table runs as select i from range(1, {runs} + 1) as numbers(i)"
    )
    for statement in STATEMENTS:
        uses_time = "$started" in statement
        connection.execute(statement, {"started": STARTED_US} if uses_time else {})
    for run_key in range(max(1, runs - LONG_RUNS + 1), runs + 1):
        connection.execute(LONG_SERIES.format(run_key=run_key), {"started": STARTED_US})


if __name__ == "__main__":
    make_big_project(Path(sys.argv[1]), runs=int(sys.argv[2]) if len(sys.argv) > 2 else RUNS)
