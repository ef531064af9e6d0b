"""SQL of the user's own over a database, and the commands that tend one: gc, doctor, sql."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nbtrack.cli.main import main
from nbtrack.errors import InvalidValue
from nbtrack.journal import lines
from nbtrack.records.executions import Execution
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.local.schema import PUBLIC_VIEWS
from nbtrack.stores.registry.registry_schema import PUBLIC_VIEWS as REGISTRY_VIEWS
from tests.stores.postgres.test_same_answers import some_lines
from tests.support.postgres import postgres

if TYPE_CHECKING:
    from nbtrack.stores.postgres.store import PostgresStore

KEPT, GONE = "a" * 32, "b" * 32


@pytest.fixture(scope="module")
def address() -> str:
    return postgres().new_database()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files") / ".nbtrack"


@pytest.fixture(scope="module")
def store(address: str, folder: Path) -> Iterator[PostgresStore]:
    from nbtrack.stores.postgres.store import PostgresStore

    opened = PostgresStore(address, folder)
    opened.prepare()
    opened.append("".join(some_lines(1)))
    yield opened
    opened.close()


def test_the_views_are_those_of_a_folder(store: PostgresStore, tmp_path: Path) -> None:
    own = DuckDBStore(tmp_path / ".nbtrack")
    own.append("".join(some_lines(1)))
    own.fold()
    for view in (*PUBLIC_VIEWS, *REGISTRY_VIEWS):
        wanted, found = (each.query(f"select * from {view}") for each in (own, store))
        assert list(found.columns) == list(wanted.columns), view
        if view not in ("bad_lines", "environments", "texts"):
            assert len(found) == len(wanted), view
    points = "select run_id, key, value, step from metrics where value = $v order by all"
    wanted = own.query(points, {"v": 3.0}).values.tolist()
    own.close()
    found = store.query(points.replace("all", "1, 2, 3, 4"), {"v": 3.0}).values.tolist()

    assert found == wanted
    assert found


@pytest.mark.parametrize(
    "sql",
    [
        "delete from stored.tags", "select 1; select 2", "drop view views.runs",
        "with gone as (delete from stored.tags returning 1) select * from gone",
        "copy (select 1) to program 'id'", "select pg_read_file('/etc/passwd')",
        'select "pg_read_file"(\'/etc/passwd\')', "select U&\"\\0070g_read_file\"('/etc/passwd')",
        "select lo_import('/etc/passwd')", "select query_to_xml('select 1', true, true, '')",
        "select set_config('transaction_read_only', 'off', true)", "select * from pg_authid",
        "select * from nowhere", "select $missing", "begin", "explain analyze select 1",
    ],
)  # fmt: skip
def test_what_is_no_question_about_the_record_is_refused(store: PostgresStore, sql: str) -> None:
    before = store.version()
    with pytest.raises(InvalidValue, match="one SELECT"):
        store.query(sql)

    assert store.version() == before
    assert store.query("select count(*) as n from tags")["n"][0] > 0


def test_names_of_ones_own_are_no_functions(store: PostgresStore) -> None:
    """`pg_loss` is a metric of PPO; where texts may be quoted otherwise, such words are refused."""
    asked = "select count(*) as n from latest_metrics where key in ('pg_loss', 'lo_rank')"

    assert store.query(asked)["n"][0] == 0
    for sql in ("select '' || pg_read_file('x')", "select E'\\'' || pg_read_file('x') || ''"):
        with pytest.raises(InvalidValue, match="one SELECT"):
            store.query(sql)


def test_cells_of_a_client_that_may_go_on_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server does not know whether a notebook between two runs is alive."""
    from nbtrack.stores.postgres.store import PostgresStore

    address, folder = postgres().new_database(), tmp_path / ".nbtrack"
    made = PostgresStore(address, folder)
    made.prepare()
    for kernel, started_us in (("a" * 32, 1_000_000), ("b" * 32, lines.now_us())):
        told_of = Execution(
            kernel=kernel, number=1, source="c" * 64, started_us=started_us, seconds=0.1
        )
        made.append(lines.execution_line(told_of, t=started_us))
    made.close()
    told(capsys, "gc", "--yes", "--store", address, "--artifacts", str(tmp_path))
    left = told(capsys, "sql", "select kernel from executions", "--csv", "--store", address)

    assert left == (0, f"kernel\n{'b' * 32}\n")


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(words)
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def test_the_commands_that_tend_a_project_tend_a_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A deleted run goes, with its files; one that a client may log to yet does not."""
    from nbtrack.stores.postgres.store import PostgresStore

    address, folder = postgres().new_database(), tmp_path / ".nbtrack"
    at: list[str] = ["--store", address]
    files: list[str] = ["--artifacts", str(tmp_path)]
    empty = told(capsys, "sql", "select 1", *at)
    made = PostgresStore(address, folder)
    made.prepare()
    for run, facts in (
        (GONE, {"status": "FINISHED"}), (KEPT, {"status": "RUNNING", "writer": "c" * 32}),
    ):  # fmt: skip
        made.append(lines.run_line(run, t=1, start_us=1, name="x", **facts))
        made.append(lines.run_line(run, t=2, lifecycle_stage="deleted"))
        _write(folder / "artifacts" / run / "a.txt")
    made.close()
    shown = told(capsys, "gc", *at, *files)
    freed = told(capsys, "gc", "--yes", *at, *files)
    asked = told(capsys, "sql", "select run_id, status from runs", "--csv", *at)
    seen = told(capsys, "doctor", *at, *files)
    left = told(capsys, "export", "--csv", str(tmp_path / "tables"), *at)

    assert empty[0] == 2
    assert "no project in that database" in empty[1]
    assert told(capsys, "gc", *at)[1].count("--artifacts FOLDER") == 1
    assert "1 deleted run" in shown[1]
    assert "it has not ended" in shown[1]
    assert freed[0] == 0
    assert not (folder / "artifacts" / GONE).exists()
    assert (folder / "artifacts" / KEPT / "a.txt").exists()
    assert asked == (0, f"run_id,status\n{KEPT},RUNNING\n")
    assert "127.0.0.1" in seen[1]
    assert "All is well" in seen[1]
    assert (left[0], "--artifacts FOLDER" in left[1]) == (2, True)


def _write(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("x")
