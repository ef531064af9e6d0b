"""A project whose file was made before there were logged models."""

from __future__ import annotations

import duckdb
import pytest
from test_read_only_folder import UNPRIVILEGED

from nbtrack.journal import lines
from nbtrack.records.logged_models import LoggedModelQuery
from nbtrack.records.runs import RunQuery
from nbtrack.stores.local import model_schema
from nbtrack.stores.local.duckdb import DuckDBStore

EVERYTHING = LoggedModelQuery(experiment_ids=("0",))
READ = (
    UNPRIVILEGED
    + """
import nbtrack
print([run.info.run_id for run in nbtrack.search_runs(output_format="list")])
print(nbtrack.search_logged_models(output_format="list"))
print(len(nbtrack.sql("select * from logged_models")))
"""
)


@pytest.fixture
def older(folder):
    """A file with one run and without the tables, as step 2 left it."""
    made = DuckDBStore(folder)
    made.append(lines.run_line("a" * 32, t=1, experiment_id="0", status="FINISHED"))
    made.close()
    with duckdb.connect(str(made.database)) as connection:
        for name in (*model_schema.PUBLIC_VIEWS, *model_schema.CURRENT_VIEWS):
            room = "main" if name in model_schema.PUBLIC_VIEWS else "current"
            connection.execute(f"drop view if exists {room}.{name}")
        for table in model_schema.TABLES:
            connection.execute(f"drop table stored.{table}")
        connection.execute("delete from main.migrations where number > 2")
    return folder


def test_it_gets_the_tables_when_it_is_read(older, store):
    """Runs are as they were, and models can be logged."""
    store.append(lines.model_line("m-" + "0" * 32, t=2, name="m", experiment_id="0"))
    assert [model.name for model in store.search_logged_models(EVERYTHING)] == ["m"]
    assert [run.info.run_id for run in store.search_runs(RunQuery())] == ["a" * 32]
    store.fold()
    with duckdb.connect(str(store.database), read_only=True) as connection:
        assert connection.execute("select name from logged_models").fetchall() == [("m",)]


def test_read_only_it_has_no_logged_models(older, start):
    """It is read all the same, and nothing is written."""
    before = (older / "nbtrack.duckdb").read_bytes()
    for place in (*older.rglob("*"), older):
        place.chmod(0o555 if place.is_dir() else 0o444)
    try:
        script = start(READ)
        assert script.line() == str(["a" * 32])
        assert [script.line(), script.line()] == ["[]", "0"]
    finally:
        for place in (older, *older.rglob("*")):
            place.chmod(0o755 if place.is_dir() else 0o644)
    assert (older / "nbtrack.duckdb").read_bytes() == before
