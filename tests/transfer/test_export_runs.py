"""`nbtrack export --mlflow|--parquet|--csv`: MLflow reads the same of what left, and what comes
back is what it was."""

from __future__ import annotations

import ast
import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

import nbtrack
from nbtrack import MlflowClient
from nbtrack.cli.main import main
from nbtrack.entities import LoggedModelOutput
from nbtrack.recording.session import current_session
from nbtrack.records.logged_models import LoggedModelQuery
from nbtrack.records.runs import ViewType
from nbtrack.transfer.exports.written_files import MARK
from nbtrack.transfer.imports.checking import count_here
from nbtrack.transfer.imports.outcome import Side
from tests.support.told_runs import files_of, registry_of, told_of

X = np.arange(8.0).reshape(4, 2)
Y = np.array([0, 1, 0, 1])


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A project with everything in it, which tests only read."""
    folder = tmp_path_factory.mktemp("leaving") / "project"
    before = nbtrack.get_tracking_uri()
    nbtrack.set_tracking_uri(str(folder / ".nbtrack"))
    try:
        _fill()
        current_session().store.flush()
    finally:
        nbtrack.set_tracking_uri(before)
    return folder


def _fill() -> None:
    import pandas as pd

    nbtrack.set_experiment("leaving <b>us</b>")
    nbtrack.set_experiment_tag("team", "=1+1")
    with nbtrack.start_run(run_name='the "first" run'):
        nbtrack.log_params({"C": -0.5, "formula": "=cmd|' /C calc'!A0", "text": "zwei\nZeilen ☃"})
        for step, value in enumerate([1.0, float("nan"), float("inf"), -1e308, 0.1]):
            nbtrack.log_metric("val/loss", value, step=step)
        nbtrack.log_metric("accuracy", 0.5)
        nbtrack.log_metric("accuracy", 0.5)
        nbtrack.log_text("hello", "notes/hello.txt")
        data = nbtrack.data.from_pandas(pd.DataFrame({"a": [1, 2]}), source="a.csv", name="a set")
        nbtrack.log_input(data, context="training", tags={"size": "small"})
        _delete_model()
        _log_model(1)
        _log_model(2)  # the version that was registered before has its files in the registry alone
        with nbtrack.start_run(nested=True, run_name="child"):
            nbtrack.log_metric("accuracy", 0.7, step=3)
    client = MlflowClient()
    client.transition_model_version_stage("flowers", "1", "Production")
    client.set_registered_model_alias("flowers", "champion", "2")
    client.update_model_version("flowers", "1", "the first")
    nbtrack.set_experiment("other")
    with nbtrack.start_run() as gone:
        nbtrack.log_metric("loss", 1.0)
    nbtrack.delete_run(gone.info.run_id)


def _log_model(times: int) -> None:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=10.0**times).fit(X, Y)
    nbtrack.sklearn.log_model(model, "model", registered_model_name="flowers")


def _delete_model() -> None:
    model = nbtrack.initialize_logged_model(name="gone")
    MlflowClient().log_outputs(model.source_run_id, [LoggedModelOutput(model.model_id, step=0)])
    MlflowClient().delete_logged_model(model.model_id)


def export(project: Path, *words: object) -> int:
    return main(["--store", str(project), "export", *map(str, words)])


def ours(project: Path) -> MlflowClient:
    return MlflowClient(str(project / ".nbtrack"))


def theirs(uri: str) -> Any:
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    import mlflow

    mlflow.set_tracking_uri(uri)
    return mlflow.MlflowClient(uri, uri)


def digests_of(project: Path) -> dict[str, str]:
    """By the same rule that an import compares both sides by."""
    store = current_session().store_for(str(project / ".nbtrack"))
    run_ids = [
        run.info.run_id
        for run in ours(project).search_runs([*_experiments(project)], run_view_type=ViewType.ALL)
    ]
    count_here(store, side := Side(), run_ids)
    return side.digests


def _experiments(project: Path) -> dict[str, str]:
    found = ours(project).search_experiments(view_type=ViewType.ALL)
    return {each.experiment_id: each.name for each in found}


# --- a folder


@pytest.fixture(scope="module")
def exported(project, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("left") / "mlruns"
    assert export(project, "--mlflow", folder) == 0
    return folder


def test_mlflow_reads_the_same_of_a_folder(project, exported, tmp_path):
    """Runs, histories, inputs, files, stages and aliases, and what the models predict."""
    from mlflow.entities import ViewType as TheirView

    there, here = theirs(exported.as_uri()), ours(project)
    found, expected = told_of(there, TheirView.ALL), told_of(here, ViewType.ALL)
    assert found["runs"] == expected["runs"]
    assert _names_of(found) == _names_of(expected)
    assert registry_of(there) == registry_of(here)
    run_id = _first(expected)
    files = files_of(there, run_id, tmp_path / "a"), files_of(here, run_id, tmp_path / "b")
    assert files[0] == files[1]
    assert {"notes/hello.txt", "model/MLmodel"} <= files[0].keys()
    _check_predictions(run_id, project)


def _names_of(told: Any) -> Any:
    return {id_: (name, stage) for id_, (name, stage, *_) in told["experiments"].items()}


def _first(told: Any) -> str:
    return next(run_id for run_id, run in told["runs"].items() if "val/loss" in run["latest"])


def _check_predictions(run_id: str, project: Path) -> None:
    """Of both versions, one of them overwritten in its run since; by MLflow and by us."""
    import mlflow

    store = str(project / ".nbtrack")
    nbtrack.set_tracking_uri(store)
    for uri in ("models:/flowers/1", "models:/flowers@champion", f"runs:/{run_id}/model"):
        theirs_ = mlflow.pyfunc.load_model(uri)._model_impl.sklearn_model
        ours_ = nbtrack.sklearn.load_model(uri)
        assert theirs_.predict_proba(X).tolist() == ours_.predict_proba(X).tolist()


def test_what_comes_back_is_what_it_was(project, exported, tmp_path, capsys):
    """By the digests that an import computes: all runs, and the registry."""
    (tmp_path / "back").mkdir()

    assert main(["import", "mlflow", str(exported), "--to", str(tmp_path / "back")]) == 0
    assert "both sides have the same digest" in capsys.readouterr().out
    assert digests_of(tmp_path / "back") == digests_of(project)
    assert registry_of(ours(tmp_path / "back")) == registry_of(ours(project))


def test_the_same_again_writes_nothing_new(project, exported, capsys):
    """Not a file of it."""
    before = {f: f.stat().st_mtime_ns for f in exported.rglob("metrics/*") if f.is_file()}

    assert export(project, "--mlflow", exported) == 0
    assert "0 new, 0 renewed, 3 as they were" in capsys.readouterr().out
    assert {f: f.stat().st_mtime_ns for f in exported.rglob("metrics/*") if f.is_file()} == before


def test_an_export_that_was_killed_goes_on(project, tmp_path, capsys):
    """Nothing in it is half, whenever it dies; the same again makes it whole."""
    folder = tmp_path / "mlruns"
    words = ["--store", str(project), "export", "--mlflow", str(folder)]
    code = f"from nbtrack.cli.main import main; main({words})"
    for wait in (0.0, 0.01, 0.05):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL) as process:
            until = time.monotonic() + 60
            while not any(folder.glob("*/meta.yaml")) and time.monotonic() < until:
                time.sleep(0.001)
            time.sleep(wait)
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
        runs = [each for each in folder.glob("*/*") if (each / "params").exists()]
        assert all((run / MARK).exists() for run in runs)
        shutil.rmtree(next(folder.glob("*/meta.yaml")).parent)  # so that there is something to do
    assert export(project, "--mlflow", folder) == 0
    assert "both sides have the same digest" in capsys.readouterr().out
    assert not (tmp_path / ".mlruns.exporting").exists()


def test_some_runs_only(project, tmp_path, capsys):
    """By name with its child, by experiment, by filter; a wrong one says what there is."""
    assert export(project, 'the "first" run', "--mlflow", tmp_path / "a") == 0
    assert export(project, "-e", "other", "--mlflow", tmp_path / "b") == 2
    assert export(project, "--filter", "metrics.accuracy > 0.6", "--mlflow", tmp_path / "c") == 0
    said = capsys.readouterr()
    assert [line.split(" to ")[0] for line in said.out.splitlines() if " to " in line] == [
        "2 runs",
        "1 run",
    ]
    assert "there is nothing to export" in said.err
    assert export(project, "-e", "othr", "--mlflow", tmp_path / "d") == 2
    assert "Did you mean 'other'" in capsys.readouterr().err


def test_what_is_not_ours_is_left_alone(project, tmp_path, capsys):
    """A folder with other things in it is refused, also one of MLflow's own."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years")

    for form in ("mlflow", "csv"):
        assert export(project, f"--{form}", tmp_path / "full") == 2
        assert "name a new folder" in capsys.readouterr().err
    assert [f.name for f in (tmp_path / "full").iterdir()] == ["thesis.txt"]


def test_what_a_folder_cannot_say_is_said(tmp_path, capsys):
    """Of `loss` and `loss/val`, one would be a file and a folder."""
    nbtrack.set_tracking_uri(str(tmp_path / "p" / ".nbtrack"))
    with nbtrack.start_run():
        nbtrack.log_metrics({"loss": 1.0, "loss/val": 2.0})

    assert export(tmp_path / "p", "--mlflow", tmp_path / "mlruns") == 1
    said = capsys.readouterr().out
    assert "metric 'loss/val' of run" in said
    assert "Not the same there as here (1)" in said


# --- through MLflow's client


def test_mlflows_client_writes_a_database(project, tmp_path, capsys):
    """New ids, which a tag ties to ours; the same again writes nothing."""
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"

    assert export(project, "--mlflow", uri) == 0, capsys.readouterr().out
    there = theirs(uri)
    _check_runs_there(project, there, tmp_path)
    _check_deleted(uri, there, tmp_path / "first")
    assert export(project, "--mlflow", uri) == 0
    assert "0 new, 0 renewed, 3 as they were" in capsys.readouterr().out
    _check_deleted(uri, there, tmp_path / "second")
    import mlflow

    found = mlflow.pyfunc.load_model("models:/flowers@champion")._model_impl.sklearn_model
    nbtrack.set_tracking_uri(str(project / ".nbtrack"))
    expected = nbtrack.sklearn.load_model("models:/flowers@champion")
    assert found.predict_proba(X).tolist() == expected.predict_proba(X).tolist()


def _check_deleted(uri: str, there: Any, back: Path) -> None:
    """A model that is deleted here is deleted there, and comes back so, once."""
    experiments = [each.experiment_id for each in there.search_experiments()]
    assert "gone" not in {m.name for m in there.search_logged_models(experiments, max_results=50)}
    assert main(["import", "mlflow", uri, "--to", str(back)]) == 0
    store = current_session().store_for(str(back / ".nbtrack"))
    query = LoggedModelQuery(experiment_ids=tuple(_experiments(back)), view_type=ViewType.ALL)
    gone = [m.lifecycle_stage for m in store.search_logged_models(query) if m.name == "gone"]
    assert gone == ["deleted"]


def _check_runs_there(project: Path, there: Any, folder: Path) -> None:
    from mlflow.entities import ViewType as TheirView

    runs = told_of(there, TheirView.ALL)["runs"]
    by_own_id = {run["tags"].pop("nbtrack.run_id"): (id_, run) for id_, run in runs.items()}
    expected = told_of(ours(project), ViewType.ALL)["runs"]
    assert by_own_id.keys() == expected.keys()
    for own_id, run in expected.items():
        id_, found = by_own_id[own_id]
        same = ("params", "latest", "inputs")
        assert {key: found[key] for key in same} == {key: run[key] for key in same}
        assert _points_there(found) == _points_there(run)
        name, _, *facts = run["info"]
        assert found["info"][0] == name
        assert found["info"][2:] == facts
        assert files_of(there, id_, folder / "a" / id_) == files_of(
            ours(project), own_id, folder / "b" / own_id
        )
    child = next(run for _, run in by_own_id.values() if run["info"][0] == "child")
    assert child["tags"]["mlflow.parentRunId"] in {id_ for id_, _ in by_own_id.values()}


def _points_there(run: Any) -> Any:
    """MLflow's database has each point once, and the largest float instead of infinity."""
    told = repr(run["points"]).replace("'inf'", f"'{sys.float_info.max!r}'")
    return {key: set(points) for key, points in ast.literal_eval(told).items()}


# --- tables


def test_parquet_has_every_point(project, tmp_path):
    """As typed columns, NaN as NaN; artifacts beside them."""
    assert export(project, "--parquet", tmp_path / "t") == 0
    assert export(project, "--parquet", tmp_path / "t") == 0  # in place of it

    points = duckdb.sql(f"from '{tmp_path}/t/metrics.parquet' where key = 'val/loss' order by step")
    assert [str(row[2]) for row in points.fetchall()] == ["1.0", "nan", "inf", "-1e+308", "0.1"]
    runs = duckdb.sql(f"select run_id, experiment from '{tmp_path}/t/runs.parquet'").fetchall()
    assert {run_id for run_id, _ in runs} == set(digests_of(project))
    assert next((tmp_path / "t/artifacts").glob("*/notes/hello.txt")).read_text() == "hello"
    versions = duckdb.sql(f"select name, version from '{tmp_path}/t/versions.parquet'").fetchall()
    assert sorted(versions) == [("flowers", "1"), ("flowers", "2")]


def test_no_cell_of_a_csv_is_a_formula(project, tmp_path):
    """A quote goes before what a spreadsheet would run; numbers and all else stay as they are."""
    assert export(project, "--csv", tmp_path / "t") == 0

    with open(tmp_path / "t" / "params.csv", encoding="utf-8", newline="") as file:
        params = {row["key"]: row["value"] for row in csv.DictReader(file)}
    assert params["formula"] == "'=cmd|' /C calc'!A0"
    assert (params["C"], params["text"]) == ("-0.5", "zwei\nZeilen ☃")
    for table in (tmp_path / "t").glob("*.csv"):
        with open(table, encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [c for c in cells if c[:1] in "=@+\t\r" and c], table


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_comes_back_of_tables_is_what_it_was(project, tmp_path, capsys, form):
    """Runs, experiments, models, predictions and the registry; the same again adds nothing."""
    assert export(project, f"--{form}", tmp_path / "t") == 0
    back = tmp_path / "back"
    back.mkdir()
    words = ["import", form, str(tmp_path / "t"), "--to", str(back)]

    assert main(words) == 0
    assert main(words) == 0

    said = capsys.readouterr().out
    assert "3 new, 0 grown" in said
    assert "0 new, 0 grown, 3 as they were" in said
    assert digests_of(back) == digests_of(project)
    assert told_of(ours(back), ViewType.ALL) == told_of(ours(project), ViewType.ALL)
    assert registry_of(ours(back)) == registry_of(ours(project))
    assert _models_of(back) == _models_of(project)
    for uri in ("models:/flowers/1", "models:/flowers@champion"):
        found = [_prediction(place, uri) for place in (back, project)]
        assert found[0] == found[1]


def _models_of(project: Path) -> dict[str, Any]:
    """But the one that a version needs, as its files were nowhere else."""
    models = ours(project).search_logged_models([*_experiments(project)])
    return {
        each.model_id: (each.name, each.params, each.tags.get("mlflow.x"), each.source_run_id)
        for each in models
        if each.source_run_id
    }


def _prediction(project: Path, uri: str) -> Any:
    nbtrack.set_tracking_uri(str(project / ".nbtrack"))
    try:
        return nbtrack.sklearn.load_model(uri).predict_proba(X).tolist()
    finally:
        nbtrack.set_tracking_uri(None)


def test_broken_rows_of_tables_are_said(project, tmp_path, capsys):
    """A point that is no number, a run twice, a file that is gone: the others come."""
    assert export(project, "--csv", tmp_path / "t") == 0
    runs = (tmp_path / "t/runs.csv").read_text().splitlines()
    child = next(line.partition(",")[0] for line in runs if ",child," in line)
    points = (tmp_path / "t/metrics.csv").read_text()
    (tmp_path / "t/metrics.csv").write_text(
        points.replace(f"{child},accuracy,0.7", f"{child},accuracy,x")
    )
    outside = "../../etc" + runs[-1][32:]
    (tmp_path / "t/runs.csv").write_text("\n".join([*runs, runs[-1], outside]))
    next((tmp_path / "t/artifacts").glob("*/notes/hello.txt")).unlink()

    assert main(["import", "csv", str(tmp_path / "t"), "--to", str(tmp_path / "back")]) == 1

    said = capsys.readouterr().out
    assert f"run {child}: its value in metrics.csv is 'x'" in said
    assert "the table of runs has it 2 times" in said
    assert "run ../../etc: its id is not made of 32 hexadecimal digits" in said
    assert "notes/hello.txt: it is not there" in said
    assert len(digests_of(tmp_path / "back")) == 1


def test_a_notebook_exports_as_the_command_does(project, tmp_path):
    """`nbtrack.export_runs` takes what the command takes; one form at a time."""
    nbtrack.set_tracking_uri(str(project / ".nbtrack"))

    done = nbtrack.export_runs("child", mlflow=tmp_path / "mlruns")

    assert (done.new, done.is_whole) == (1, True)
    with pytest.raises(nbtrack.NbtrackError, match="one of them"):
        nbtrack.export_runs(csv=tmp_path / "a", parquet=tmp_path / "b")
