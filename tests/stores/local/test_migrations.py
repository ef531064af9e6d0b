"""The list of steps that bring a database file up to date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from nbtrack.errors import StoreTooNew
from nbtrack.journal import lines
from nbtrack.stores.local import migrations
from nbtrack.stores.local.attachment import Attachment
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.local.migrations import Step
from tests.support.held_database import connected


def add_table(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create table project.stored.extra (n integer)")


def fail_half_way(connection: duckdb.DuckDBPyConnection) -> None:
    add_table(connection)
    raise RuntimeError("power cut")


def tables(store: DuckDBStore) -> set[str]:
    with connected(store.database, read_only=True) as connection:
        return {name for (name,) in connection.execute(
            "select table_name from duckdb_tables()").fetchall()}  # fmt: skip


def noted(store: DuckDBStore) -> list[int]:
    with connected(store.database, read_only=True) as connection:
        found = connection.execute("select number from migrations order by number").fetchall()
    return [number for (number,) in found]


@pytest.fixture
def folded(store: DuckDBStore) -> DuckDBStore:
    """A project whose file is as this version makes it."""
    store.append(lines.run_line("a", t=1, status="FINISHED"))
    store.fold()
    return store


def test_steps_are_numbered_in_order() -> None:
    """A released step is never edited, moved or removed."""
    assert [step.number for step in migrations.STEPS] == list(range(1, len(migrations.STEPS) + 1))


def test_a_new_file_has_all_steps_noted(folded: DuckDBStore) -> None:
    """With the version that ran them."""
    assert noted(folded) == [step.number for step in migrations.STEPS]


def test_points_that_an_older_nbtrack_kept_as_damaged_come_back(folded: DuckDBStore) -> None:
    """It folds what this one logs, until this one has folded for the first time."""
    points = lines.Points([0.5, 0.25, 0.125, 0.0], [0, 1, 2, 3], [1, 2, 3, 4])
    text = lines.points_lines("a", "loss", points) + lines.points_lines("b", "new", points)
    folded.close()
    with connected(folded.database) as connection:
        kept = [[line] for line in ("torn", *text.splitlines())]
        connection.executemany("insert into stored.bad_lines values (?, 1)", kept)
        connection.execute("delete from migrations where number >= 6")
    again = DuckDBStore(folded.folder)
    again.append(lines.run_line("b", t=2, status="FINISHED"))
    assert again.fold()

    for run_id, key in (("a", "loss"), ("b", "new")):
        assert [point.value for point in again.read_metrics(run_id, key)] == points.values
    assert again.query("select line from bad_lines")["line"].tolist() == ["torn"]
    again.close()


def test_a_new_file_is_as_all_steps_would_make_it(
    folded: DuckDBStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those for older files are only noted in it."""
    steps = [replace(step, is_for_older=False) for step in migrations.STEPS]
    monkeypatch.setattr(migrations, "STEPS", steps)
    other = DuckDBStore(tmp_path / "other" / ".nbtrack")
    other.append(lines.run_line("a", t=1, status="FINISHED"))
    assert other.fold()

    assert shape(folded) == shape(other)


def shape(store: DuckDBStore) -> list[tuple[object, ...]]:
    with connected(store.database, read_only=True) as connection:
        return connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns()"
            " where database_name not in ('system', 'temp') order by all"
        ).fetchall()


def test_a_new_step_is_applied_once(folded: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the next fold, and no more after that; the record is kept."""
    later = Step(len(migrations.STEPS) + 1, "add a table", add_table)
    monkeypatch.setattr(migrations, "STEPS", [*migrations.STEPS, later])
    for _ in range(2):
        folded.append(lines.run_line("b", t=2, status="FINISHED"))
        folded.fold()
    assert "extra" in tables(folded)
    assert noted(folded) == [step.number for step in migrations.STEPS]
    assert folded.get_run("a").info.status == "FINISHED"


def test_whoever_reads_first_applies_a_new_step(
    folded: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its queries are made for the newest tables, so they cannot wait for a fold."""
    later = Step(len(migrations.STEPS) + 1, "add a table", add_table)
    monkeypatch.setattr(migrations, "STEPS", [*migrations.STEPS, later])
    assert folded.get_run("a").info.status == "FINISHED"
    assert "extra" in tables(folded)


def test_a_step_that_fails_leaves_nothing(
    folded: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its table nor the note; the next attempt begins from the start."""
    number = len(migrations.STEPS) + 1
    steps = list(migrations.STEPS)
    monkeypatch.setattr(migrations, "STEPS", [*steps, Step(number, "fail", fail_half_way)])
    with pytest.raises(RuntimeError, match="power cut"):
        folded.fold()
    assert "extra" not in tables(folded)

    monkeypatch.setattr(migrations, "STEPS", [*steps, Step(number, "work", add_table)])
    folded.fold()
    assert "extra" in tables(folded)


def test_a_newer_file_is_refused_and_left_alone(folded: DuckDBStore) -> None:
    """The message says which version reads it."""
    with connected(folded.database) as connection:
        connection.execute("insert into migrations values (99, 'later', '7.0.0', 0)")
    before = folded.database.read_bytes()
    with pytest.raises(StoreTooNew, match=r"nbtrack>=7\.0\.0"):
        folded.get_run("a")
    with pytest.raises(StoreTooNew):
        folded.fold()
    assert folded.database.read_bytes() == before


def test_an_empty_database_of_duckdb_becomes_a_project(tmp_path: Path) -> None:
    """A file that somebody made with `duckdb.connect` is brought up to date like an old one."""
    file = tmp_path / "nbtrack.duckdb"
    connected(file).close()
    attachment = Attachment(file)
    for read_only in (True, False, True):
        with attachment.open(read_only=read_only) as connection:
            assert connection.execute("from project.stored.metrics").fetchall() == []
    attachment.close()


def test_the_views_of_the_file_can_be_read_by_any_tool(
    folded: DuckDBStore, write: Callable[..., object]
) -> None:
    """Without nbtrack, all public views answer."""
    from nbtrack.stores.local.schema import PUBLIC_VIEWS

    with connected(folded.database, read_only=True) as connection:
        for view in PUBLIC_VIEWS:
            connection.execute(f"select * from {view}").fetchall()
        assert connection.execute("select run_id from runs").fetchall() == [("a",)]
