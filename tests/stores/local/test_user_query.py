"""The user's own SQL reads, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbtrack.errors import InvalidValue
from nbtrack.journal import lines
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.support.naming import naming

WRITING = [
    "insert into tail.metrics values (1, 'm', 777, 9, 9)",
    "explain analyze insert into tail.metrics values (1, 'm', 777, 9, 9)",
    "explain analyze delete from tail.metrics",
    "copy tail.metrics from '{folder}/points.csv'",
    "create table mine (n integer)",
    "drop view runs",
    "set variable artifact_root = 'elsewhere'",
    "attach ':memory:' as other",
    "select 1; select 2",
]


@pytest.fixture
def logged(store: DuckDBStore) -> DuckDBStore:
    store.append(lines.run_line("a", t=1, name="one", status="FINISHED", start_us=1))
    store.append(lines.metric_line("a", "m", 0.5, step=1, t=1))
    return store


def test_what_writes_is_refused(logged: DuckDBStore, tmp_path: Path) -> None:
    """Not even what the next reads show can be changed."""
    (tmp_path / "points.csv").write_text("1,m,777,9,9\n")
    for query in WRITING:
        with naming(query):
            with pytest.raises(InvalidValue, match="answers one SELECT"):
                logged.query(query.format(folder=tmp_path))
            assert logged.query("select value from metrics")["value"].tolist() == [0.5]
            assert logged.query("select run_name from runs")["run_name"].tolist() == ["one"]


READING = [
    "select * from runs",
    "from runs",
    "explain select * from runs",
    "describe runs",
    "explain analyze select * from runs",
    "copy (from runs) to '{folder}/runs.csv'",
]


def test_what_reads_is_answered(logged: DuckDBStore, tmp_path: Path) -> None:
    """Plans, and copies into files, too."""
    for query in READING:
        with naming(query):
            assert len(logged.query(query.format(folder=tmp_path))) >= 1
