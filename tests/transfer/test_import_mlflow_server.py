"""`nbtrack import mlflow` from a server and from its database: the same comes over whichever way,
also from PostgreSQL."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack import MlflowClient
from nbtrack.cli.main import main
from nbtrack.errors import InvalidValue
from nbtrack.recording.session import current_session
from nbtrack.records.logged_models import LoggedModelQuery
from nbtrack.records.runs import ViewType
from nbtrack.stores.opening import wait_for_kind
from nbtrack.transfer.imports.checking import count_here
from nbtrack.transfer.imports.marks import DELETED_MODEL
from nbtrack.transfer.imports.outcome import Side
from nbtrack.transfer.sources.opening import open_source
from nbtrack.transfer.sources.source_records import BrokenRecord
from tests.support.mlflow_server import MlflowServer
from tests.support.postgres import postgres
from tests.support.told_runs import files_of, registry_of, told_of
from tests.transfer.import_command import bring

pytest.importorskip("mlflow")
HERE = Path(__file__).parent
RUNS = 90  # beside the others: more than one request asks for the points of


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MlflowServer, Path]]:
    """A server with everything, and its folder."""
    folder = tmp_path_factory.mktemp("served")
    server = MlflowServer(folder)
    words = [str(HERE / "make_mlflow_store.py"), str(folder / "client"), server.address]
    subprocess.run([sys.executable, *words], check=True, capture_output=True, timeout=600)
    # Where MLflow has them by itself, so that whoever reads the database finds them.
    (folder / "mlartifacts").symlink_to(folder / "artifacts")
    yield server, folder
    server.kill()


def told(to: Path, place: Path) -> dict[str, Any]:
    """All that is there then, with the digest of all runs."""
    client = MlflowClient(str(to / ".nbtrack"))
    found = told_of(client, ViewType.ALL)
    store, side = current_session().store_for(client.tracking_uri), Side()
    count_here(store, side, sorted(found["runs"]))
    of_all = LoggedModelQuery(experiment_ids=tuple(found["experiments"]), view_type=ViewType.ALL)
    models = [
        (
            m.model_id,
            m.name,
            m.status,
            m.params,
            len(m.metrics or ()),
            m.lifecycle_stage,
            store.list_model_files(m.model_id),
        )
        for m in store.search_logged_models(of_all)
    ]
    return {
        **found,
        "registry": registry_of(client),
        "models": sorted(models, key=str),
        "files": {run_id: files_of(client, run_id, place / run_id) for run_id in found["runs"]},
        "digest": side.digest,
    }


@pytest.fixture(scope="module")
def many(served: tuple[MlflowServer, Path]) -> MlflowServer:
    """The same with RUNS more, of which the last one is broken."""
    server, folder = served
    _add_runs(folder / "mlflow.db", RUNS)
    return server


def test_three_ways_bring_the_same(served, tmp_path, capsys, monkeypatch):
    """Through the server, from its SQLite, from PostgreSQL: runs, files, models, digests; and by
    the same way once more, nothing."""
    server, folder = served
    monkeypatch.chdir(folder)  # where the server ran
    ways = {
        "http": server.address,
        "sqlite": folder / "mlflow.db",
        "postgres": _in_postgres(folder),
    }
    found = {}
    for way, source in ways.items():
        code, said = bring(source, tmp_path / way, capsys)
        assert (code, "All of it is here" in said) == (0, True), (way, said)
        found[way] = told(tmp_path / way, tmp_path / f"{way}-files")
    for way, source in ways.items():
        again = bring(source, tmp_path / way, capsys)[1]
        assert "0 new, 0 grown, 5 as they were" in again, (way, again)

    http = found["http"]
    training = next(run for run in http["runs"].values() if "odd" in run["latest"])
    assert found["sqlite"] == http
    assert found["postgres"] == http
    assert len(http["runs"]) == 5
    assert {run["info"][5] for run in http["runs"].values()} == {"active", "deleted"}
    assert {"notes/hello.txt", "data.json"} <= {p for f in http["files"].values() for p in f}
    assert training["points"]["odd"][0] == (0, 7, "nan")
    assert training["inputs"]
    assert training["outputs"]
    deleted = {name: stage == "deleted" for _, name, *_, stage, _ in http["models"]}
    assert deleted == {"model": False, "unfinished": False, "gone": True}
    gone = next(model for model in http["models"] if model[1] == "gone")
    assert (gone[4], [*gone[6]]) == (1, ["weights/ä b.txt"])
    _, _, aliases, versions = http["registry"]["flowers"]
    assert aliases == {"champion": "3"}
    assert [(each[0], each[1]) for each in versions] == [(1, "Production"), (3, "None")]


def _in_postgres(folder: Path) -> str:
    """What is in the server's database, in tables that MLflow's own definitions make."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    import mlflow.store.model_registry.dbmodels.models
    import mlflow.store.tracking.dbmodels.models  # noqa: F401 - their tables are among them
    from mlflow.store.db.base_sql_model import Base

    address = postgres().new_database()
    theirs = sqlalchemy.create_engine(f"sqlite:///{folder}/mlflow.db")
    ours = sqlalchemy.create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
    made = sqlalchemy.MetaData()
    for each in Base.metadata.sorted_tables:
        table = each.to_metadata(made)
        # Rows come in any order; and MLflow adds constraints once more when it makes a database.
        table.constraints = {table.primary_key}
        table.indexes.clear()
    made.create_all(ours)
    with theirs.connect() as source, ours.begin() as target:
        for table in made.sorted_tables:
            if rows := [dict(row) for row in source.execute(table.select()).mappings()]:
                target.execute(table.insert(), rows)
    for engine in (theirs, ours):
        engine.dispose()
    return address


def test_a_killed_import_of_a_server_goes_on(many, tmp_path, capsys):
    """No run is there by half, and the next import has all, once; a broken one is listed."""
    here = tmp_path / "here"
    here.mkdir()
    script = f"""
from nbtrack.cli.main import main
main(["import", "mlflow", {many.address!r}, "--to", {str(here)!r}])
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.DEVNULL)
    journal = here / ".nbtrack" / "journal"
    while process.poll() is None and not any(f.stat().st_size for f in journal.glob("*.jsonl")):
        threading.Event().wait(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    ours = MlflowClient(str(here / ".nbtrack"))
    assert all(_is_whole(ours, run) for run in ours.search_runs(["77"], max_results=1000))

    code, said = bring(many.address, here, capsys)
    assert code == 1
    assert f"run {RUNS - 1:032x}: its start is {1 << 60}, which is no time" in said
    assert "What came over is the same on both sides" in said
    runs = ours.search_runs(["77"], max_results=1000)
    assert len(runs) == RUNS - 1
    assert all(_is_whole(ours, run) for run in runs)


def _is_whole(client: MlflowClient, run: Any) -> bool:
    number = int(run.info.run_id, 16)
    points = client.get_metric_history(run.info.run_id, "k1")
    return [(p.step, p.value) for p in points] == [(s, s + number) for s in range(20)]


def _add_runs(database: Path, number: int) -> None:
    """By SQL, as it is quicker; the last one began in no year that there is."""
    ids = [f"{n:032x}" for n in range(number)]
    with sqlite3.connect(database, timeout=60) as connection:
        connection.execute(
            "insert into experiments (experiment_id, name, artifact_location, lifecycle_stage)"
            " values (77, 'many', 'mlflow-artifacts:/77', 'active')"
        )
        connection.executemany(
            "insert into runs (run_uuid, name, status, start_time, end_time, lifecycle_stage,"
            " artifact_uri, experiment_id, user_id)"
            " values (?, ?, 'FINISHED', 5, 6, 'active', ?, 77, 'me')",
            [(i, f"run {i}", f"mlflow-artifacts:/77/{i}/artifacts") for i in ids],
        )
        points = [(f"k{k}", s + n, i, s) for n, i in enumerate(ids) for k in (0, 1)
                  for s in range(20)]  # fmt: skip
        for table in ("metrics", "latest_metrics"):
            connection.executemany(
                f"insert or replace into {table} (key, value, timestamp, run_uuid, step, is_nan)"
                " values (?, ?, 9, ?, ?, 0)", points,
            )  # fmt: skip
        connection.execute("update runs set start_time = 1 << 60 where run_uuid = ?", (ids[-1],))
    connection.close()


def test_points_beyond_one_answer(many, monkeypatch):
    """Where an answer for many runs is cut, what it has whole is used, and the rest is asked for
    page by page."""
    monkeypatch.setattr("nbtrack.transfer.sources.mlflow_histories.HISTORY_PAGE", "50")
    reader = open_source("mlflow", many.address)
    ids = [run_id for run_id in reader.run_ids() if run_id.startswith("0000")][:7]
    for run_id in ids:
        found = {key: points for key, *points in reader.points(run_id)}
        assert [list(each[0]) for each in found.values()] == [
            [s + int(run_id, 16) for s in range(20)]
        ] * 2
    reader.close()


def test_points_of_runs_that_nobody_read_are_not_kept(many):
    """They are dropped with the page of runs that they were asked for with."""
    reader: Any = open_source("mlflow", many.address)
    ids = [run_id for run_id in reader.run_ids() if run_id.startswith("0000")]
    pages = [{run_id: frozenset(["k1"]) for run_id in ids[start : start + 9]} for start in (0, 20)]
    for page in pages:
        assert [p.key for p in reader._histories.points(next(iter(page)), page)] == ["k1"]
    assert set(reader._histories._ahead) == set(pages[1])


def test_runs_that_the_server_cannot_read_are_gone_round(many, served):
    """It fails on the whole page that they are in, and tells nothing of them but that."""
    broken = [f"{n:032x}" for n in (0, 40, 41)]
    _set_user(served[1] / "mlflow.db", None, broken)
    reader = open_source("mlflow", many.address)
    try:
        found = list(reader.run_ids())
    finally:
        _set_user(served[1] / "mlflow.db", "me", broken)
    everything = {*open_source("mlflow", many.address).run_ids()}
    words = [word for word in found if "by its start" in word]
    assert len(found) == len({*found}) == len(everything)
    # MLflow 3 reads one row more than it gives.
    assert everything - {*found} - {*broken} <= {f"{39:032x}"}
    assert not {*found} & {*broken}
    with pytest.raises(BrokenRecord, match="the server fails on it"):
        reader.run(words[0])


def test_a_model_that_is_gone_for_good_is_said(served):
    """A run still names it; models that the server tells are said nothing of."""
    database, gone = served[1] / "mlflow.db", f"m-{7:032x}"
    with sqlite3.connect(database, timeout=60) as connection:
        (run_id,) = connection.execute("select run_uuid from runs order by 1 limit 1").fetchone()
        connection.execute(
            "insert into inputs (input_uuid, source_type, source_id, destination_type,"
            " destination_id, step) values ('x', 'RUN_OUTPUT', ?, 'MODEL_OUTPUT', ?, 0)",
            (run_id, gone),
        )
    connection.close()
    reader = open_source("mlflow", served[0].address)
    try:
        links = [link.model_id for each in reader.run_ids() for link in reader.run(each).links]
    finally:
        with sqlite3.connect(database, timeout=60) as connection:
            connection.execute("delete from inputs where input_uuid = 'x'")
        connection.close()
    assert {gone} < {*links}
    [(what, why)] = reader.leftovers().items()  # so that nobody is told that all of it is here
    assert what.startswith("1 of the logged models")
    assert why.endswith(f"which may have been deleted: {gone}")


def test_models_that_an_export_deleted_are_asked_for(served):
    """Of no run, so that a tag of their experiment alone says which they are."""
    import mlflow

    client = mlflow.MlflowClient(served[0].address, served[0].address)
    home = client.create_experiment("exported to")
    model_id = client.create_logged_model(home, name="of no run").model_id
    client.set_experiment_tag(home, f"{DELETED_MODEL}m-{1:032x}", model_id)
    client.delete_logged_model(model_id)
    found = {m.model_id: m for m in open_source("mlflow", served[0].address).logged_models()}
    assert found[model_id].is_deleted


def test_a_registered_version_leaves_for_a_server(served, tmp_path, capsys, monkeypatch):
    """And comes back: the server asks of which model its files are."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    here = tmp_path / "here" / ".nbtrack"
    client = MlflowClient(str(here))
    model_id = client.create_logged_model(client.create_experiment("leaves"), name="m").model_id
    (tmp_path / "MLmodel").write_text("flavors: {}")
    client.log_model_artifacts(model_id, str(tmp_path))
    client.finalize_logged_model(model_id, "READY")
    client.create_registered_model("leaves")
    client.create_model_version("leaves", f"models:/{model_id}")
    code = main(["--store", str(here), "export", "--mlflow", served[0].address])
    assert code == 0, capsys.readouterr()
    bring(served[0].address, tmp_path / "back", capsys)
    back = MlflowClient(str(tmp_path / "back" / ".nbtrack"))
    [version] = back.search_model_versions("name = 'leaves'")
    assert back.get_model_version_download_uri("leaves", version.version)


def _set_user(database: Path, user: str | None, run_ids: list[str]) -> None:
    with sqlite3.connect(database, timeout=60) as connection:
        connection.executemany(
            "update runs set user_id = ? where run_uuid = ?", [(user, r) for r in run_ids]
        )
    connection.close()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("http://me:secret@127.0.0.1:9/x", "No MLflow server answers at http://127.0.0.1:9/x"),
        ("postgresql://me:secret@127.0.0.1:9/db", "postgresql://127.0.0.1:9/db cannot be read"),
        ("postgresql+psycopg2://me:se/secret@host/db", "is no address of a database"),
        ("postgresql://me:se@secret@127.0.0.1:9/db", "is no address of a database"),
        ("postgresql+psycopg2://127.0.0.1:9/db?password=%zzsecret", "is no address of a database"),
        ("postgresql:///db?host=127.0.0.1&password=%ecsecret", "is no address of a database"),
        ("postgresql:///me:secret@h/d", "postgresql://… is no address of a database"),
        ("postgresql:/me:secret@h/d", "postgresql: goes on with //"),
        ("http:me:secret@h", "http: goes on with //"),
        ("http://me:secret@[::1:9/x", "http://[::1:9/x is no address of a server"),
    ],
)
def test_what_cannot_be_read_is_said(source, words, tmp_path, capsys):
    """In a sentence, without a password."""
    code = main(["import", "mlflow", source, "--to", str(tmp_path)])
    error = capsys.readouterr().err
    assert (code, words in error, "secret" in error) == (2, True, False), error


def test_without_psycopg(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    code = main(["import", "mlflow", "postgresql://host/db", "--to", str(tmp_path)])
    error = capsys.readouterr().err
    assert (code, "nbtrack[server]" in error) == (2, True), error


def test_another_database_is_none_of_mlflow(tmp_path, capsys):
    address = postgres().new_database()
    code = main(["import", "mlflow", address, "--to", str(tmp_path)])
    error = capsys.readouterr().err
    assert (code, "is no database of MLflow" in error) == (2, True), error


def test_a_part_of_a_server_is_not_exported(served, tmp_path):
    """By a notebook as little as by the command: what this machine knows of it is not all."""
    wait_for_kind(served[0].address)
    nbtrack.set_tracking_uri(served[0].address)
    with pytest.raises(InvalidValue, match=r"nbtrack import mlflow http.* --to FOLDER"):
        nbtrack.export_runs(csv=tmp_path / "csv")
    assert not (tmp_path / "csv").exists()
