"""What every question of a panel begins with, see `stores.queries.run_index`: here all runs are
kept as they stand, and only what matches is looked for, for each question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nbtrack.records.runs import RunQuery
from nbtrack.stores.postgres.connection import PgConnection, Pool
from nbtrack.stores.queries.run_index import MATCHING
from nbtrack.stores.queries.run_queries import condition_of


@contextmanager
def matched(pool: Pool, query: RunQuery) -> Iterator[PgConnection]:
    """A snapshot beside which `indexed_runs` and `matching` are right. Raises InvalidFilter."""
    where, parameters = condition_of(query)
    with pool.snapshot() as connection:
        connection.execute(MATCHING.format(where=where), parameters)
        yield connection
