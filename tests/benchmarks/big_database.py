"""The project of `big_project` in a PostgreSQL database: of each run its params and metrics, in the
tables that lines would fill and in those that are kept of them.

python -m tests.benchmarks.big_database postgresql://… [RUNS]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import psycopg

from nbtrack.stores.postgres.schema import RUNS_IN_PARTITION, create_partition
from nbtrack.stores.postgres.store import PostgresStore
from tests.benchmarks.big_project import APART_US, EXPERIMENTS, KEYS, LASTED_US, RUNS, STARTED_US

_STARTED = f"({STARTED_US} + i::bigint * {APART_US})"
_KEYS = f"generate_series(0, {KEYS - 1}) k"
_OF_ALL = f"from generate_series(1, {{runs}}) i, {_KEYS} order by i, k"
STATEMENTS = [
    f"""insert into stored.experiment_events (experiment_id, name, created_us, t)
        select i::text, 'experiment ' || i, {STARTED_US}, {STARTED_US}
        from generate_series(1, {EXPERIMENTS}) i""",
    "insert into stored.run_keys select i, md5('run ' || i) from generate_series(1, {runs}) i",
    f"""insert into stored.key_names
        select 100 + k, 'p' || lpad(k::text, 2, '0') from {_KEYS}
        union all select 200 + k, 'm' || lpad(k::text, 2, '0') from {_KEYS}""",
    f"""insert into stored.run_events (run_key, t, experiment_id, name, user_id, status, start_us)
        select i, {_STARTED}, 1 + i % {EXPERIMENTS}, 'run ' || i, 'ada', 'RUNNING', {_STARTED}
        from generate_series(1, {{runs}}) i""",
    f"""insert into stored.run_events (run_key, t, status, end_us)
        select i, {_STARTED} + {LASTED_US}, 'FINISHED', {_STARTED} + {LASTED_US}
        from generate_series(1, {{runs}}) i""",
    f"""insert into current.run_rows (run_key, run_id, experiment_id, run_name, user_id, status,
            start_us, end_us, lifecycle_stage, seen_us)
        select i, md5('run ' || i), 1 + i % {EXPERIMENTS}, 'run ' || i, 'ada', 'FINISHED',
            {_STARTED}, {_STARTED} + {LASTED_US}, 'active', {_STARTED} + {LASTED_US}
        from generate_series(1, {{runs}}) i""",
    f"""insert into stored.params
        select i, 'p' || lpad(k::text, 2, '0'), (hashint4(i * 100 + k) % 1000)::text, true,
            {_STARTED} + k {_OF_ALL}""",
    f"""insert into current.param_values
        select i, 100 + k, (hashint4(i * 100 + k) % 1000)::text, true {_OF_ALL}""",
    f"""insert into stored.points select i, 200 + k, 0, {_STARTED} + k,
            abs(hashint4(i * 100 + k)::float8) / 2147483648 {_OF_ALL}""",
    f"""insert into current.latest_points
        select i, 200 + k, 0, {_STARTED} + k, abs(hashint4(i * 100 + k)::float8) / 2147483648,
            {_STARTED} + k {_OF_ALL}""",
    "update stored.changes set n = n + 1",
    "analyze",
]


def make_big_database(address: str, *, runs: int = RUNS) -> None:
    """*runs* runs with KEYS params and KEYS metrics of one point each."""
    with tempfile.TemporaryDirectory() as folder:
        store = PostgresStore(address, Path(folder))
        store.prepare()
        store.release()
    with psycopg.connect(address, autocommit=True) as connection:
        for number in range(runs // RUNS_IN_PARTITION + 1):
            connection.execute(create_partition(number).encode())
        for statement in STATEMENTS:
            connection.execute(statement.replace("{runs}", str(runs)).encode())


if __name__ == "__main__":
    make_big_database(sys.argv[1], runs=int(sys.argv[2]) if len(sys.argv) > 2 else RUNS)
