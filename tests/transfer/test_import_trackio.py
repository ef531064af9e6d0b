"""`nbtrack import trackio`: a folder that trackio 0.43.0 itself wrote is runs here."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from nbtrack import MlflowClient
from nbtrack.cli.main import main
from nbtrack.records.runs import Run
from nbtrack.transfer.sources.trackio_parquet import projects_in
from tests.support.told_runs import files_of

# Two runs of `trackio.init`, `log` with NaN, an Image and a Table, `finish`.
PACKED = Path(__file__).parent / "others" / "trackio-0.43.0.zip"
PARQUET = PACKED.with_name("trackio-0.43.0-parquet.zip")
Import = Callable[..., tuple[int, str]]


@pytest.fixture
def made(tmp_path) -> Path:
    shutil.unpack_archive(PACKED, tmp_path / "trackio")
    return tmp_path / "trackio"


@contextmanager
def changed(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "wine.db")) as connection, connection:
        yield connection


@pytest.fixture
def bring(made, tmp_path, capsys) -> Import:
    def run(*words: str) -> tuple[int, str]:
        (tmp_path / "here").mkdir(exist_ok=True)
        code = main(["import", "trackio", *words, "--to", str(tmp_path / "here")])
        return code, "".join(capsys.readouterr())

    return run


@pytest.fixture
def ours(tmp_path) -> MlflowClient:
    return MlflowClient(str(tmp_path / "here" / ".nbtrack"))


def runs_in(client: MlflowClient, experiment: str = "wine") -> dict[str, Run]:
    found = client.get_experiment_by_name(experiment)
    return {r.data.tags["mlflow.runName"]: r for r in client.search_runs([found.experiment_id])}


def points_of(client: MlflowClient, run: Run, key: str) -> list[tuple[int, str]]:
    return sorted((p.step, repr(p.value)) for p in client.get_metric_history(run.info.run_id, key))


def test_what_trackio_wrote_is_here(made, bring, ours, tmp_path):
    """With its ids, steps, values that JSON has no words for, media and tables."""
    code, said = bring(str(made))

    assert (code, "All of it is here" in said) == (0, True), said
    runs = runs_in(ours)
    assert runs.keys() == {"first", "second ☃"}
    first = runs["first"]
    assert first.info.run_id == "dfacb5dea335436693859e23061a03c8"
    assert points_of(ours, first, "odd") == [(0, "0.0"), (1, "nan"), (2, "inf"), (3, "3.0")]
    assert points_of(ours, first, "loss")[-1] == (10**12, "9.0")
    assert first.data.params == {"lr": "0.1", "net.a": "[1, 2]"}
    assert first.data.metrics.keys() == {"loss", "odd", "nested.a", "x_0_/_b_", "flag"}
    assert (first.data.tags["summary.text"], first.data.tags["trackio.group"]) == ("hello", "g")
    assert first.info.start_time == 1_796_046_442_829
    files = files_of(ours, first.info.run_id, tmp_path / "files")
    assert files["tables/table/1000000000002.json"] == b'[{"a": 1}, {"a": 2}]'
    assert [f for f in files if f.startswith("media/first/1000000000001/") and f.endswith(".png")]


def test_parquet_of_a_space_says_the_same(made, bring, tmp_path):
    """What trackio makes of the same project there, beside each other and as a page has it."""
    shutil.unpack_archive(PARQUET, tmp_path / "parquet")
    of_page = tmp_path / "wine"
    shutil.copytree(tmp_path / "parquet" / "media", of_page / "media")
    (of_page / "aux").mkdir()
    shutil.copy(tmp_path / "parquet" / "wine.parquet", of_page / "metrics.parquet")
    shutil.copy(tmp_path / "parquet" / "wine_configs.parquet", of_page / "aux" / "configs.parquet")

    said = bring(str(made))[1]
    digest = next(line for line in said.splitlines() if line.startswith("digest"))
    for folder in (tmp_path / "parquet", of_page):
        code, said = bring(str(folder))
        assert (code, "2 runs" in said, "0 new" in said, digest in said) == (0, True, True, True), (
            said
        )
    (of_page / "metrics.parquet").write_bytes(b"PAR1")
    assert bring(str(of_page))[0] == 2


def test_again_adds_what_is_new(made, bring, ours):
    bring(str(made))
    with changed(made) as project:
        row = "(run_id, timestamp, run_name, step, metrics)"
        (run_id,) = project.execute(
            "select run_id from metrics where run_name like 'sec%'"
        ).fetchone()
        values = (run_id, "2026-11-30T13:50:00+00:00", "second ☃", 1, '{"loss": 0.5}')
        project.execute(f"insert into metrics {row} values (?, ?, ?, ?, ?)", values)

    code, said = bring(str(made / "wine.db"))

    assert ("0 new, 1 grown, 1 as they were" in said, code) == (True, 0), said
    assert points_of(ours, runs_in(ours)["second ☃"], "loss") == [(0, "1.0"), (1, "0.5")]


def test_what_is_broken_or_leads_elsewhere_is_said(made, bring, ours, tmp_path):
    """A row that is no object, and a picture that would be a file of ours."""
    (tmp_path / "secret.png").write_bytes(b"mine")
    with changed(made) as project:
        project.execute("update metrics set metrics = '[1]' where run_name like 'sec%'")
        image = '{"a": {"_type": "trackio.image", "file_path": "../../secret.png"}}'
        project.execute("update metrics set metrics = ? where step = 3", (image,))

    code, said = bring(str(made), "-e", "mine")

    assert code == 1
    assert "a row of it is '[1]'" in said
    assert "it is not in the folder of trackio's media" in said
    assert runs_in(ours, "mine").keys() == {"first"}


def test_runs_before_trackio_had_ids(made, bring, ours):
    """Then a run is its name."""
    with changed(made) as project:
        for table in ("metrics", "configs", "system_metrics"):
            project.execute(f"create table old as select * from {table}")
            project.execute("alter table old drop column run_id")
            project.execute(f"drop table {table}")
            project.execute(f"alter table old rename to {table}")
    assert bring(str(made))[0] == 0
    assert "0 new, 0 grown, 2 as they were" in bring(str(made))[1]
    assert runs_in(ours).keys() == {"first", "second ☃"}


def test_rows_without_an_id_and_a_copy(made, bring, ours):
    """They are of the run of that name; and a copy beside it has the runs only once."""
    with changed(made) as project:
        project.execute("create table old as select * from metrics")
        project.execute("drop table metrics")
        project.execute("alter table old rename to metrics")
        project.execute("update metrics set run_id = null where run_name like 'sec%'")
    shutil.copy(made / "wine.db", made / "wine2.db")
    code, said = bring(str(made))
    assert (code, "wine.db has it, too" in said, "None" in said) == (1, True, False), said
    found = ours.search_runs([ours.get_experiment_by_name("wine").experiment_id])
    assert {r.data.tags["mlflow.runName"] for r in found if r.data.metrics} == {
        "first", "second ☃"
    }  # fmt: skip


def test_projects_of_parquet_are_told_by_their_whole_names(tmp_path):
    for name in ("wine", "wine_configs", "wine_red", "wine_red_system"):
        (tmp_path / f"{name}.parquet").touch()
    assert projects_in(tmp_path).keys() == {"wine", "wine_red"}


def test_what_is_no_project_is_refused(bring, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.db").write_bytes(b"<html>")
    with closing(sqlite3.connect(tmp_path / "y.db")) as other, other:
        other.execute("create table metrics (id integer)")
    for place in ("empty", "x.db", "y.db", "nowhere"):
        code, said = bring(str(tmp_path / place))
        assert (code, said.count("\n")) == (2, 1), said
