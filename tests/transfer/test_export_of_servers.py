"""`nbtrack export` of a project whose records are on a server, or in PostgreSQL: what comes back
from the export is what was there."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from nbtrack import MlflowClient
from nbtrack.cli.main import main
from nbtrack.entities import Metric, Param, RunTag
from nbtrack.recording.session import current_session
from nbtrack.records.runs import ViewType
from nbtrack.transfer.exports import leaving_records
from tests.support.postgres import postgres
from tests.support.team_server import TeamServer
from tests.support.told_runs import files_of, told_of

KINDS = ("server", "database")


class Made(NamedTuple):
    """*words* name the project to a command, *original* is the same one on this machine."""

    words: list[str]
    original: str
    server: TeamServer


@pytest.fixture(scope="module", params=KINDS)
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("made")
    original, served = folder / "original" / ".nbtrack", folder / "served"
    runs = _log_runs(str(original))
    if request.param == "server":
        shutil.copytree(original, served / ".nbtrack")
        server = TeamServer(served)
        words = ["--store", server.address]
    else:
        database = postgres().new_database()
        server = TeamServer(served, database=database)
        push = ["push", *runs, "--store", str(original), "--to", server.address]
        assert main(push) == 0
        words = ["--store", database, "--artifacts", str(served)]
    before = set(current_session()._stores)
    yield Made(words, str(original), server)
    for uri in set(current_session()._stores) - before:  # while what they ask is still there
        current_session()._stores.pop(uri).close()
    server.kill()


def _log_runs(project: str) -> list[str]:
    client = MlflowClient(project)
    experiment = client.create_experiment("flowers", tags={"team": "a"})
    parent = client.create_run(experiment, run_name="=1+1").info.run_id
    points = [Metric("loss", 1 / (s + 1), 1_700_000_000_000 + s, s) for s in range(300)]
    odd = [Metric("odd", v, 7, s) for s, v in enumerate([float("nan"), float("inf"), -0.5])]
    tags = [RunTag("note", "zwei\nZeilen ☃")]
    client.log_batch(parent, [*points, *odd], [Param("depth", "3")], tags)
    client.log_text(parent, "hello", "notes/hello.txt")
    child = client.create_run(experiment, tags={"mlflow.parentRunId": parent}).info.run_id
    client.log_metric(child, "loss", 0.5, step=1)
    client.set_terminated(child, "FAILED")
    client.set_terminated(parent)
    deleted = client.create_run(experiment).info.run_id
    client.log_param(deleted, "why", "not")
    client.set_terminated(deleted)
    client.delete_run(deleted)
    model = client.create_logged_model(experiment, name="gone")
    client.delete_logged_model(model.model_id)
    store = current_session()._stores.pop(client._store.uri)
    store.close()
    return [parent, deleted]


def _told(client: MlflowClient, place: Path) -> dict[str, Any]:
    found = told_of(client, ViewType.ALL)
    for run in found["runs"].values():
        run["points"] = {key: sorted(points) for key, points in run["points"].items()}
    found["files"] = {run_id: files_of(client, run_id, place / run_id) for run_id in found["runs"]}
    return found


@pytest.fixture
def export(made, capsys) -> Callable[..., str]:
    def run(*words: str | Path) -> str:
        for _ in range(5):  # a busy machine is late with an answer, and it says so
            code = main(["export", *map(str, words), *made.words])
            said = capsys.readouterr()
            if code == 0 or "answer" not in said.err:
                break
        assert code == 0, said
        return said.out

    return run


def test_there_and_back(made, export, tmp_path, capsys):
    """As MLflow's folder, as Parquet and CSV, and from there into a project of this machine: what
    is said of the original runs, is said of these."""
    expected = _told(MlflowClient(made.original), tmp_path / "there")
    assert len(expected["runs"]) == 3

    for form, kind in (("mlflow", "mlflow"), ("parquet", "parquet"), ("csv", "csv")):
        said = export(f"--{form}", tmp_path / form)
        assert "3 runs to" in said, said
        to = tmp_path / f"{form}-back"
        to.mkdir()
        code = main(["import", kind, str(tmp_path / form), "--to", str(to)])
        said = capsys.readouterr().out
        assert (code, "All of it is here" in said) == (0, True), said
        found = _told(MlflowClient(str(to / ".nbtrack")), tmp_path / f"{form}-files")
        assert found["runs"] == expected["runs"], form
        assert found["files"] == expected["files"], form
        names = {(name, stage) for name, stage, *_ in found["experiments"].values()}
        assert names == {(n, stage) for n, stage, *_ in expected["experiments"].values()}
    assert "0 new, 0 renewed, 3 as they were" in export("--mlflow", tmp_path / "mlflow")
    assert "'=1+1" in (tmp_path / "csv" / "runs.csv").read_text()
    if "--artifacts" not in made.words:  # a push brings runs, and this model is of none
        (model,) = csv.DictReader((tmp_path / "csv" / "models.csv").read_text().splitlines())
        assert (model["name"], model["lifecycle_stage"]) == ("gone", "deleted")


def test_some_runs_and_a_report(export, made, tmp_path):
    """A run that is named, with its child; and a page."""
    said = export("=1+1", "--parquet", tmp_path / "some")
    assert "2 runs to" in said, said
    words = made.words[:2]  # a page has no files
    assert main(["export", "--html", str(tmp_path / "page.html"), "-e", "flowers", *words]) == 0
    page = (tmp_path / "page.html").read_text()
    assert "=1+1" in page
    assert "<svg" in page


def test_points_come_in_parts(made, export, monkeypatch, tmp_path):
    """However many a run has, no more than so many are fetched at once, and written at once."""
    monkeypatch.setattr(leaving_records, "_POINTS_AT_ONCE", 50)
    monkeypatch.setattr(leaving_records, "_SEGMENT_CHARACTERS", 4000)
    export("--parquet", tmp_path / "parts")
    import duckdb

    file = tmp_path / "parts" / "metrics.parquet"
    assert duckdb.execute(f"select count(*) from '{file}'").fetchall() == [(304,)]


@pytest.mark.parametrize("made", ["server"], indirect=True)
def test_a_server_that_is_away_leaves_tables_as_they_are(made, export, tmp_path, capsys):
    """What this machine knows of it is not written over what it said."""
    export("--csv", tmp_path / "csv")
    before = (tmp_path / "csv" / "runs.csv").read_text()
    made.server.kill()
    code = main(["export", "--csv", str(tmp_path / "csv"), *made.words])
    said = capsys.readouterr().err
    made.server.begin()
    assert (code, "nothing was written" in said) == (2, True), said
    assert (tmp_path / "csv" / "runs.csv").read_text() == before
