"""`nbtrack import mlflow`: real stores of MLflow 1, 2 and 3 come over, and MLflow's client and ours
read the same of them."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

import nbtrack
from nbtrack import MlflowClient
from nbtrack.cli.main import main
from nbtrack.model_registry.audit import verify
from nbtrack.recording.session import current_session
from nbtrack.records.runs import ViewType
from tests.support.told_runs import files_of, own_tags, paths_of, registry_of, told_of

HERE = Path(__file__).parent
OLD_STORES = sorted((HERE / "stores").glob("*.zip"))
KINDS = ("file", "sqlite")
Import = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A store of the MLflow that is installed, in files and in a database, with everything."""
    folder = tmp_path_factory.mktemp("mlflow")
    words = [sys.executable, str(HERE / "make_mlflow_store.py"), str(folder), "both"]
    subprocess.run(words, check=True, capture_output=True, timeout=400)
    return folder


@pytest.fixture(params=KINDS)
def source(made, tmp_path, request) -> Path:
    """A copy, which a test may damage; what it says of places is that of the first one."""
    return _copied(made / request.param, tmp_path)


def _copied(store: Path, folder: Path) -> Path:
    shutil.copytree(store, folder / "there")
    return _source_in(folder / "there")


def _source_in(folder: Path) -> Path:
    database = folder / "mlflow.db"
    return database if database.exists() else folder / "mlruns"


@pytest.fixture
def bring(tmp_path, capsys) -> Import:
    """Runs the import into the project of the test: (exit code, what it said)."""

    def run(source: Path | str) -> tuple[int, str]:
        (tmp_path / "here").mkdir(exist_ok=True)
        code = main(["import", "mlflow", str(source), "--to", str(tmp_path / "here")])
        return code, capsys.readouterr().out

    return run


@pytest.fixture
def ours(tmp_path) -> MlflowClient:
    return MlflowClient(str(tmp_path / "here" / ".nbtrack"))


def theirs(source: Path) -> Any:
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    import mlflow

    uri = f"sqlite:///{source}" if source.is_file() else source.as_uri()
    return mlflow.MlflowClient(uri, uri)


# --- everything comes over


def test_both_clients_say_the_same(source, bring, ours, made, tmp_path):
    """Experiments, runs, points, inputs, artifacts, models and their predictions."""
    code, said = bring(source)

    from mlflow.entities import ViewType as TheirView

    there = theirs(source)
    assert (code, "All of it is here" in said) == (0, True), said
    found, expected = told_of(ours, ViewType.ALL), told_of(there, TheirView.ALL)
    assert found["experiments"] == expected["experiments"]
    assert found["runs"] == expected["runs"]
    assert registry_of(ours) == registry_of(there)
    run_id = _training_in(expected)
    files = files_of(ours, run_id, tmp_path / "a"), files_of(there, run_id, tmp_path / "b")
    assert files[0] == files[1]
    assert {"notes/hello.txt", "data.json"} <= files[0].keys()
    store = current_session().store_for(ours.tracking_uri)
    reasons = {event.reason for event in store.registry_events()}
    assert (verify(store).is_intact, reasons) == (True, {f"imported from MLflow ({source})"})
    _check_models(source, ours, run_id)


def _training_in(told: dict[str, Any]) -> str:
    return next(run_id for run_id, run in told["runs"].items() if "odd" in run["latest"])


def _model_of(ours: MlflowClient, run_id: str) -> str:
    """The one of its outputs that is not deleted, which no search finds."""
    found = ours.search_logged_models([ours.get_run(run_id).info.experiment_id])
    outputs = {each.model_id for each in ours.get_run(run_id).outputs.model_outputs}
    assert len(outputs) == 2
    return next(each.model_id for each in found if each.model_id in outputs)


def _check_models(source: Path, ours: MlflowClient, run_id: str) -> None:
    """Its predictions, by the run, by the registry, and as the logged model that it is."""
    from sklearn.datasets import load_iris

    there, model_id = theirs(source), _model_of(ours, run_id)
    made, kept = there.get_logged_model(model_id), ours.get_logged_model(model_id)
    assert (kept.name, kept.params, own_tags(kept.tags)) == (made.name, made.params, made.tags)
    assert _measures(kept) == _measures(made)
    X, y = load_iris(return_X_y=True)
    nbtrack.set_tracking_uri(ours.tracking_uri)
    for uri in (f"runs:/{run_id}/model", f"models:/{model_id}", "models:/flowers@champion"):
        model = nbtrack.pyfunc.load_model(uri)
        assert (model.predict(X) == y).mean() > 0.95
    nbtrack.set_tracking_uri(None)


def _measures(model: Any) -> list[tuple[Any, ...]]:
    return sorted({(m.key, m.step, m.timestamp, repr(m.value)) for m in model.metrics or ()})


@pytest.mark.parametrize("packed", OLD_STORES, ids=lambda file: file.stem)
def test_older_layouts(packed, bring, ours, tmp_path):
    """MLflow 1.30 and 2.22, in a folder that was moved since."""
    shutil.unpack_archive(packed, tmp_path / "there")
    code, said = bring(_source_in(tmp_path / "there"))

    told = told_of(ours, ViewType.ALL)
    run_id = _training_in(told)
    run = told["runs"][run_id]
    names = {(name, stage) for name, stage, *_ in told["experiments"].values()}
    assert (code, len(told["runs"])) == (0, 5), said
    assert names == {("Default", "active"), ("iris", "active"), ("gone", "deleted")}
    assert run["info"][0] == 'the "first" <b>run</b>'
    assert run["tags"]["note"] == "zwei\nZeilen, 'quotes', ☃"
    assert len(run["points"]["loss"]) == 31
    assert run["points"]["odd"][0] == (0, 7, "nan")
    assert bool(run["inputs"]) is ("2.22" in packed.name)
    assert files_of(ours, run_id, tmp_path / "a")["notes/hello.txt"] == b"hello"
    if "1.30.0-file" not in packed.name:  # which has no registry
        (_, _, aliases, versions) = registry_of(ours)["flowers"]
        assert [each[0] for each in versions] == [1, 3]
        assert aliases == ({"champion": "3"} if "2.22" in packed.name else {})


# --- again, and after a kill


def test_a_second_import_adds_what_is_new(source, bring, ours):
    """Nothing twice; what has grown there grows here, and what was changed here stays."""
    bring(source)
    before = told_of(ours, ViewType.ALL)
    run_id = _training_in(before)
    model_id = _model_of(ours, run_id)
    measures = len(ours.get_logged_model(model_id).metrics)

    again = bring(source)
    assert "0 new, 0 grown, 5 as they were" in again[1], again
    assert told_of(ours, ViewType.ALL) == before

    there = theirs(source)
    there.log_metric(run_id, "loss", 9.0, step=40)
    there.log_metric(run_id, "new key", 1.5, timestamp=7, step=2)
    there.set_tag(run_id, "stage", "two")
    there.set_registered_model_alias("flowers", "champion", "1")
    child = next(r for r in before["runs"] if "mlflow.parentRunId" in before["runs"][r]["tags"])
    ours.set_tag(child, "mine", "kept")
    code, said = bring(source)

    after = told_of(ours, ViewType.ALL)["runs"]
    assert ("0 new, 1 grown, 4 as they were" in said, code) == (True, 1), said
    assert f"Not the same here as there (1):\n  {child}" in said  # it was changed here
    assert len(after[run_id]["points"]["loss"]) == len(before["runs"][run_id]["points"]["loss"]) + 1
    assert after[run_id]["points"]["new key"] == [(2, 7, "1.5")]
    assert after[run_id]["tags"]["stage"] == "two"
    assert after[child]["tags"]["mine"] == "kept"
    assert len(ours.get_logged_model(model_id).metrics) == measures
    assert ours.get_registered_model("flowers").aliases == {"champion": "1"}


def test_a_killed_import_goes_on(made, bring, ours, tmp_path):
    """Wherever it is killed, no run is there by half, and the next import has all, once."""
    source = _database(made, tmp_path / "there", runs=150)
    script = f"""
from nbtrack.cli.main import main
print("begins", flush=True)
main(["import", "mlflow", {str(source)!r}, "--to", {str(tmp_path / "here")!r}])
"""
    (tmp_path / "here").mkdir()
    chance = random.Random(5)
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        process.stdout.readline()  # type: ignore[union-attr]  # it is a pipe
        _wait_for_growth(tmp_path / "here" / ".nbtrack", chance.randrange(2_000_000), process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]
        runs = ours.search_runs(["1"], max_results=50_000)
        assert all(len(run.data.metrics) == 4 for run in runs)
        assert all(
            _is_whole(ours, run.info.run_id) for run in chance.sample(list(runs), min(3, len(runs)))
        )
    code, said = bring(source)

    assert (code, "All of it is here" in said) == (0, True), said
    assert len(ours.search_runs(["1"], max_results=50_000)) == 150
    points = ours.get_metric_history(f"{7:032x}", "k1")
    assert [(p.step, p.value) for p in points] == [(s, s / 7) for s in range(50)]


def _is_whole(client: MlflowClient, run_id: str) -> bool:
    lengths = [len(client.get_metric_history(run_id, f"k{k}")) for k in range(4)]
    return lengths == [50] * 4 and client.get_run(run_id).data.params == {"p": "1"}


def _wait_for_growth(folder: Path, size: int, process: subprocess.Popen[bytes]) -> None:
    """Until the newest journal has that many bytes, or all is done."""
    while process.poll() is None:
        with suppress(FileNotFoundError):
            if any(f.stat().st_size >= size for f in folder.glob("journal/*.jsonl")):
                return
        time.sleep(0.005)


# --- what is broken, or not to be trusted


def test_a_broken_run_is_listed_and_the_others_come(made, bring, ours, tmp_path):
    """A meta.yaml that is cut, a line of a metric that is none: said, and not here."""
    source = _copied(made / "file", tmp_path)
    runs = sorted(file.parent for file in source.glob("[1-9]*/*/meta.yaml"))
    first = next(run for run in runs if (run / "metrics" / "odd").exists())
    second = next(run for run in runs if run != first and (run / "metrics").exists())
    (first / "metrics" / "odd").write_text("7 nan 0\n7 wha")
    (second / "meta.yaml").write_text((second / "meta.yaml").read_text()[:60])
    code, said = bring(source)

    here = {run.info.run_id for run in _all_runs(ours)}
    assert code == 1
    assert re.search(rf"run {first.name}: the metric 'odd' has the line '7 wha'", said), said
    assert f"run {second.name}: its meta.yaml" in said
    assert len(here) == 3
    assert {first.name, second.name}.isdisjoint(here)
    assert "What came over is the same on both sides" in said

    (first / "metrics" / "odd").write_text("7 nan 0\n")
    assert bring(source)[0] == 1  # the other one still is
    lines = (first / "metrics" / "loss").read_text().splitlines()
    assert len(ours.get_metric_history(first.name, "loss")) == len(lines)
    assert len(ours.get_metric_history(first.name, "odd")) == 1

    meta = next((first / "inputs").glob("*/meta.yaml"))
    told = meta.read_text()
    meta.write_text(re.sub("source_id: .*", "source_id: ../../secret", told))
    assert f"run {first.name}: it names '../../secret', which is no id" in bring(source)[1]
    meta.write_text(yaml.safe_dump({**yaml.safe_load(told), "tags": ["a", "b"]}))
    assert f"run {first.name}: the tags of an input" in bring(source)[1]


def _all_runs(client: MlflowClient) -> list[Any]:
    ids = [e.experiment_id for e in client.search_experiments(view_type=ViewType.ALL)]
    return list(client.search_runs(ids, run_view_type=ViewType.ALL))


def test_missing_rows(made, bring, ours, tmp_path):
    """A run whose experiment has no row is listed; one without points comes as it is."""
    source = _database(made, tmp_path / "there", runs=3)
    with sqlite3.connect(source) as connection:
        connection.execute("update runs set experiment_id = 77 where run_uuid = ?", (f"{1:032x}",))
        connection.execute("delete from metrics where run_uuid = ?", (f"{2:032x}",))
        connection.execute(
            "update experiments set lifecycle_stage = 'deleted' where name = 'Default'"
        )
        connection.execute(
            "insert into trace_info (request_id, experiment_id, timestamp_ms, status)"
            " values ('tr-1', 1, 5, 'OK')"
        )
        connection.execute("insert into registered_models (name) values ('a prompt')")
        connection.execute(
            "insert into registered_model_tags (name, key, value)"
            " values ('a prompt', 'mlflow.prompt.is_prompt', 'true')"
        )
        connection.execute(
            "update runs set start_time = 1 << 60 where run_uuid = ?", (f"{0:032x}",)
        )
    code, said = bring(source)

    assert code == 1
    assert "traces: 1 of them, and nbtrack keeps none" in said
    assert "prompt 'a prompt': nbtrack keeps no prompts" in said
    assert ours.get_experiment("0").lifecycle_stage == "active"
    assert f"run {1:032x}: its experiment '77' is not there" in said
    assert f"run {0:032x}: its start is {1 << 60}, which is no time" in said
    assert [run.info.run_id for run in _all_runs(ours)] == [f"{2:032x}"]


def test_files_that_cannot_be_had(made, bring, ours, tmp_path):
    """Unreadable, a link that leads out, an address elsewhere: listed, and the rest comes."""
    source = _copied(made / "file", tmp_path)
    artifacts = next(source.glob("[1-9]*/*/artifacts/data.json")).parent
    run_id = artifacts.parent.name
    (tmp_path / "secret").write_text("secret")
    (artifacts / "link").symlink_to(tmp_path / "secret")
    (artifacts / "folder").symlink_to(tmp_path)
    os.mkfifo(artifacts / "pipe")
    code, said = bring(source)

    assert code == 1
    assert f"run {run_id}: folder: a link that leads elsewhere; link: a link" in said
    assert "pipe, socket or device" in said
    assert {"data.json", "notes/hello.txt"} <= set(paths_of(ours, run_id, None))
    assert "secret" not in {p.name for p in (tmp_path / "here").rglob("*")}

    os.unlink(artifacts / "pipe")
    for link in ("link", "folder"):
        (artifacts / link).unlink()
    code, said = bring(source)
    assert (code, "1 grown" in said) == (0, True), said


def test_no_store_makes_us_copy_another_folder(made, bring, ours, tmp_path):
    """An artifact_uri is text from somebody: only MLflow's own folders are looked into."""
    source = _copied(made / "sqlite", tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    (home / "id_rsa").write_text("secret")
    with sqlite3.connect(source) as connection:
        connection.execute("update runs set artifact_uri = ?", (str(home),))
        connection.execute(
            "update model_versions set source = ?, storage_location = null", (str(home),)
        )
    code, said = bring(source)

    assert code == 1
    assert "no folder of MLflow's" in said
    assert "is no place in a run or a logged model" in said
    assert "id_rsa" not in {p.name for p in (tmp_path / "here").rglob("*")}


def test_names_that_are_taken(made, bring, ours, tmp_path):
    """Another experiment of that name, another one of that id: the one that comes is renamed."""
    main(
        [
            "import",
            "mlflow",
            str(_database(made, tmp_path / "one", runs=1)),
            "--to",
            str(tmp_path / "here"),
        ]
    )
    own = ours.create_experiment("iris")
    source = _copied(made / "sqlite", tmp_path)
    code, said = bring(source)

    assert code == 0
    assert "experiment 'iris' (id 1) is 'iris (2)' (id" in said
    assert ours.get_experiment(own).name == "iris"
    assert ours.get_experiment("1").name == "many"
    again = bring(source)[1]
    assert "5 as they were" in again
    assert len(ours.search_experiments(view_type=ViewType.ALL)) == 5


def test_what_cannot_be_imported_is_said(bring, tmp_path, capsys):
    """In a sentence, without a password."""
    for source, words in [
        ("mysql://me:secret@host/db", "at mysql: cannot be imported"),
        (tmp_path / "nothing", "There is no file or folder"),
        (tmp_path, "is no store of MLflow"),
        (__file__, "no SQLite database"),
    ]:
        code = main(["import", "mlflow", str(source), "--to", str(tmp_path)])
        error = capsys.readouterr().err
        assert (code, words in error, "secret" in error) == (2, True, False), error


def _database(made: Path, folder: Path, *, runs: int) -> Path:
    """One that MLflow made, with runs of 4 keys and 50 points each, put there by SQL."""
    folder.mkdir()
    (folder / "mlruns").mkdir()
    file = Path(shutil.copyfile(made / "empty.db", folder / "mlflow.db"))
    ids = [f"{n:032x}" for n in range(runs)]
    with sqlite3.connect(file) as connection:
        connection.executemany(
            "insert into runs (run_uuid, name, status, start_time, end_time, lifecycle_stage,"
            " artifact_uri, experiment_id) values (?, ?, 'FINISHED', 5, 6, 'active', '', 1)",
            [(run_id, f"run {run_id}") for run_id in ids],
        )
        connection.executemany("insert into params values ('p', '1', ?)", [(i,) for i in ids])
        connection.executemany(
            "insert into metrics (key, value, timestamp, run_uuid, step, is_nan)"
            " values (?, ?, 9, ?, ?, 0)",
            [(f"k{k}", s / 7, i, s) for i in ids for k in range(4) for s in range(50)],
        )
    return file
