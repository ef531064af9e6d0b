"""A real MLflow server as the place where runs are logged, and read from."""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.errors import InvalidValue, StoreBusy, StoreError
from nbtrack.journal import lines
from nbtrack.recording.experiments import use_experiment
from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.registry import RegistryHead, RegistryQuery
from nbtrack.records.runs import Metric, RunQuery, ViewType
from nbtrack.remote.mlflow_server.ids import RUN_ID_TAG, Ids
from nbtrack.remote.mlflow_server.kind import SECONDS
from nbtrack.remote.mlflow_server.rest import Rest
from nbtrack.remote.mlflow_server.sending import Sender
from nbtrack.remote.mlflow_server.store import MlflowStore
from nbtrack.remote.outbox import Sent
from nbtrack.stores.opening import folder_of, open_store, wait_for_kind
from nbtrack.transfer.copies.sides import ServerSide
from tests.support.mlflow_server import MlflowServer

mlflow = pytest.importorskip("mlflow")

Machine = Callable[[str], MlflowStore]
SCRIPT = """
import nbtrack, os, sys
import numpy as np
from sklearn.linear_model import LinearRegression
nbtrack.set_tracking_uri(sys.argv[1])
nbtrack.set_experiment("from a script")
with nbtrack.start_run(run_name="parent", tags={"team": "red"}):
    nbtrack.log_params({"lr": 0.1, "long": "y" * 900})
    for step in range(2500):
        nbtrack.log_metric("loss", 1 / (step + 1), step=step)
    nbtrack.log_metrics({"nan": float("nan"), "inf": -float("inf")})
    nbtrack.log_text("hello", "notes/a b.txt")
    nbtrack.log_input(nbtrack.data.from_numpy(np.zeros(3), name="zeros"), context="train")
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    nbtrack.sklearn.log_model(model, name="model")
    with nbtrack.start_run(run_name="child", nested=True):
        nbtrack.log_metric("m", 1)
if len(sys.argv) > 2:
    nbtrack.start_run(run_name="killed")
    nbtrack.log_metric("m", 2)
    os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="module")
def server(mlflow_server: MlflowServer) -> MlflowServer:
    return mlflow_server


@pytest.fixture
def theirs(server: MlflowServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return mlflow.MlflowClient(server.address, server.address)


@pytest.fixture
def machine(
    tmp_path: Path, server: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    """The store of the server, as it is opened on a machine of that name."""
    opened: list[MlflowStore] = []

    def open_there(name: str) -> MlflowStore:
        monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(tmp_path / name))
        wait_for_kind(server.address)  # the machine may be busy
        store = open_store(server.address)
        assert isinstance(store, MlflowStore)
        opened.append(store)
        return store

    yield open_there
    for store in opened:
        store.close()


def begun(store: MlflowStore, experiment_id: str = "0") -> RunWriter:
    run = os.urandom(16).hex()
    store.append(
        lines.run_line(
            run, t=lines.now_us(), experiment_id=experiment_id, name="x", status="RUNNING",
            start_us=lines.now_us(), user_id="me", writer=store.writer,
        )
    )  # fmt: skip
    return RunWriter(store, run, artifact_uri=f"{store.folder}/artifacts/{run}")


def shipped(store: MlflowStore) -> bool:
    until = time.monotonic() + 120
    while not store.ship() and time.monotonic() < until:
        time.sleep(0.2)
    return not store.outbox.waiting_lines() and not store.outbox.waiting_files()


def logged(theirs: Any, experiment: str) -> dict[str, Any]:
    """Runs by name."""
    found = theirs.get_experiment_by_name(experiment)
    return {run.info.run_name: run for run in theirs.search_runs([found.experiment_id])}


def of_ours(theirs: Any, run_id: str) -> list[Any]:
    found = theirs.search_experiments(view_type=ViewType.ALL)
    ids = [each.experiment_id for each in found]
    return list(theirs.search_runs(ids, f"tags.`{RUN_ID_TAG}` = '{run_id}'"))


def test_a_script_logs_to_it_and_is_killed(
    server: MlflowServer, theirs: Any, machine: Machine, tmp_path: Path
) -> None:
    """All that it logged is there, as MLflow's own client sees it; what it left running is killed,
    by whoever comes next."""
    places = {"NBTRACK_SERVERS_DIR": str(tmp_path / "here"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SCRIPT, server.address]
    subprocess.run(command, env={**os.environ, **places}, check=True, timeout=200)
    killed = subprocess.run(
        [*command, "killed"], env={**os.environ, **places}, timeout=200, check=False
    )
    done = subprocess.run(
        [sys.executable, "-m", "nbtrack", "sync", server.address],
        env={**os.environ, **places}, timeout=200, capture_output=True, text=True, check=False,
    )  # fmt: skip
    runs = logged(theirs, "from a script")
    parent, child = runs["parent"], runs["child"]
    points = theirs.get_metric_history(parent.info.run_id, "loss")

    assert killed.returncode == -9
    assert done.returncode == 0, done.stderr
    assert "nothing waits" in done.stdout.lower()
    assert len(points) == 2500
    assert [p.step for p in sorted(points, key=lambda p: p.step)] == list(range(2500))
    assert parent.data.params == {"lr": "0.1", "long": "y" * 900}
    assert math.isnan(parent.data.metrics["nan"])
    assert parent.data.tags["team"] == "red"
    assert (parent.info.status, runs["killed"].info.status) == ("FINISHED", "KILLED")
    assert child.data.tags["mlflow.parentRunId"] in {
        run.info.run_id for run in theirs.search_runs([parent.info.experiment_id])
    }
    (read,) = parent.inputs.dataset_inputs
    assert (read.dataset.name, read.tags[0].value) == ("zeros", "train")
    model = theirs.download_artifacts(parent.info.run_id, "model", str(tmp_path))
    assert mlflow.sklearn.load_model(model).predict([[2.0]]) == pytest.approx([2.0])
    file = theirs.download_artifacts(parent.info.run_id, "notes/a b.txt", str(tmp_path))
    assert Path(file).read_text() == "hello"


def test_what_is_sent_once_more_is_there_once(theirs: Any, machine: Machine) -> None:
    """As after a kill of ours, before anything was noted."""
    store = machine("one")
    experiment = use_experiment(store, "sent again")
    run = begun(store, experiment.experiment_id)
    for step in range(1, 1500):
        run.log_metric("m", float(step), step=step)
    assert shipped(store)
    for note in store.outbox.folder.glob("*.sent"):
        note.unlink()
    (store.folder / "mlflow.ids.jsonl").write_text("")
    again = machine("one")
    assert shipped(again)
    (there,) = of_ours(theirs, run.run_id)

    points = theirs.get_metric_history(there.info.run_id, "m")
    assert Counter(p.step for p in points) == Counter(range(1, 1500))
    assert theirs.get_experiment(there.info.experiment_id).name == "sent again"


def test_its_store_in_files_keeps_points_once_and_first_params(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It would keep a point that it is sent again, and says that it is broken of a second value."""
    monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(tmp_path / "here"))
    server = MlflowServer(tmp_path / "there", has_database=False)
    theirs = mlflow.MlflowClient(server.address, server.address)
    try:
        wait_for_kind(server.address)
        store = open_store(server.address)
        assert isinstance(store, MlflowStore)
        run = begun(store)
        run.log_metrics({"m": 1.0, "nan": math.nan}, step=1)
        run.log_param("p", "1")
        assert shipped(store)
        (segment,) = store.outbox.segments()
        run.log_batch([Metric("m", value, 9, step) for step, value in ((2, 2.0), (3, -math.inf))])
        store.outbox.note_sent(segment, Sent())  # as after a kill
        store.outbox.note_trying(segment)
        assert shipped(store)
        run.log_params({"p": "2", "q": "3"})
        assert shipped(store)
        (there,) = of_ours(theirs, run.run_id)
        found = {
            key: [p.step for p in theirs.get_metric_history(there.info.run_id, key)]
            for key in ("m", "nan")
        }
        store.close()
    finally:
        server.kill()

    assert found == {"m": [1, 2, 3], "nan": [1]}
    assert there.data.metrics["m"] == -math.inf
    assert there.data.params == {"p": "1", "q": "3"}
    assert "does not take param 'p'" in caplog.text
    assert not list(store.outbox.folder.glob("*.trying"))


def test_what_others_log_there_is_read(theirs: Any, machine: Machine, tmp_path: Path) -> None:
    """Searches with our filters, points, files, experiments, parents; what changes is seen."""
    experiment = theirs.create_experiment("of others", tags={"why": "x"})
    run = theirs.create_run(experiment, run_name="first").info.run_id
    child = theirs.create_run(experiment, tags={"mlflow.parentRunId": run}).info.run_id
    points = [mlflow.entities.Metric("loss", 50 - step, 1000 + step, step) for step in range(50)]
    theirs.log_batch(run, points, [mlflow.entities.Param("lr", "0.1")])
    theirs.log_text(run, "theirs", "d/note.txt")
    store = machine("two")
    query = RunQuery(
        experiment_ids=(experiment,), filter_string="metrics.loss < 2 OR params.lr = 'x'"
    )
    (found,) = store.search_runs(query)
    (series,) = store.read_series([run], ["loss"], x="step")
    files = open_artifacts(found.info.artifact_uri, run_id=run)

    assert (found.info.run_id, found.data.params) == (run, {"lr": "0.1"})
    assert [p.value for p in store.read_metrics(run, "loss")] == [50.0 - s for s in range(50)]
    assert len(store.read_metrics(run, "loss")) == 50
    assert len(series.x) == 50
    assert [file.path for file in store.list_artifact_records(run)] == ["d/note.txt"]
    assert files.read("d/note.txt") == b"theirs"
    assert [each.info.run_id for each in store.read_child_runs(run)] == [child]
    assert store.get_experiment(experiment).tags == {"why": "x"}

    theirs.set_tag(run, "seen", "yes")
    theirs.set_terminated(run)
    theirs.delete_run(child)
    assert store.get_run(run).data.tags["seen"] == "yes"
    assert store.get_run(run).info.status == "FINISHED"
    store._looked.clear()
    active = store.search_runs(RunQuery(experiment_ids=(experiment,)))
    assert [each.info.run_id for each in active] == [run]
    assert shipped(store)
    assert len(theirs.search_runs([experiment], run_view_type=ViewType.ALL)) == 2


def test_a_look_at_what_is_known_writes_nothing(theirs: Any, machine: Machine) -> None:
    """One that was resumed has an end there, and one that ended may have none."""
    experiment = theirs.create_experiment("looked at")
    resumed, endless, named = (theirs.create_run(experiment).info.run_id for _ in range(3))
    theirs.set_terminated(resumed)
    theirs.update_run(resumed, status="RUNNING")
    theirs.update_run(endless, status="FINISHED")
    theirs.log_batch(named, [mlflow.entities.Metric("nan", math.nan, 1, 1)])
    store, query = machine("one"), RunQuery(experiment_ids=(experiment,))
    assert theirs.get_run(resumed).info.end_time
    assert len(store.search_runs(query)) == 3
    store.fold()
    before = store.version()
    for run in (resumed, endless, named):
        store.get_run(run)
    store._looked.clear()
    found = {run.info.run_id: run.info for run in store.search_runs(query)}

    assert store.version() == before
    assert (found[resumed].status, found[resumed].end_time) == ("RUNNING", None)
    assert found[endless].status == "FINISHED"


def test_runs_of_others_are_written_to_and_ours_are_changed_there(
    theirs: Any, machine: Machine
) -> None:
    """A run has one id for all who come with nbtrack."""
    one, two = machine("one"), machine("two")
    run = begun(one)
    run.set_tag("mine", "1")
    run.set_tag("lr", "10")
    run.set_tag("long", "y" * 9000)
    assert shipped(one)
    (there,) = of_ours(theirs, run.run_id)
    found = two.get_run(there.info.run_id)
    other = RunWriter(two, found.info.run_id, artifact_uri=found.info.artifact_uri)
    other.log_metric("added", 3.0)
    other.set_tag("from", "two")
    assert shipped(two)
    theirs.set_tag(there.info.run_id, "mlflow.note.content", "by hand")
    theirs.set_tag(there.info.run_id, "lr", "1")
    read = one.get_run(run.run_id)

    assert found.info.run_id == run.run_id
    assert len(of_ours(theirs, run.run_id)) == 1
    assert theirs.get_run(there.info.run_id).data.metrics == {"added": 3.0}
    assert read.data.tags["mlflow.note.content"] == "by hand"
    assert read.data.tags["mine"] == "1"
    assert read.data.tags["lr"] == "1"
    assert read.data.tags["long"] == "y" * 9000
    assert read.data.tags["from"] == "two"


def test_what_it_does_not_take_is_said_and_the_rest_is_there(
    theirs: Any, machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    store = machine("one")
    run = begun(store)
    run.log_param("p", "1")
    assert shipped(store)
    run.log_params({"p": "2", "q": "3"})
    assert shipped(store)
    (there,) = of_ours(theirs, run.run_id)

    assert there.data.params == {"p": "1", "q": "3"}
    assert "does not take param 'p'" in caplog.text
    assert store.get_run(run.run_id).data.params["p"] == "2"


def test_a_child_that_is_sent_first_finds_its_parent(theirs: Any, machine: Machine) -> None:
    store = machine("one")
    child, parent = begun(store), os.urandom(16).hex()
    child.set_tag("mlflow.parentRunId", parent)
    assert shipped(store)
    t = lines.now_us()
    facts = {"experiment_id": "0", "status": "RUNNING", "start_us": t, "writer": store.writer}
    store.append(lines.run_line(parent, t=t, **facts))
    assert shipped(store)
    (found,), (there,) = of_ours(theirs, child.run_id), of_ours(theirs, parent)

    assert found.data.tags["mlflow.parentRunId"] == there.info.run_id
    assert store.get_run(child.run_id).data.tags["mlflow.parentRunId"] == parent


def test_a_run_that_it_refuses_holds_up_no_others(
    theirs: Any, machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    """Its experiment is there by no name, and so cannot be made."""
    store = machine("one")
    refused, run = begun(store, "no-such-experiment"), begun(store)
    refused.log_metric("m", 1.0)
    run.log_metric("m", 2.0)
    assert shipped(store)
    refused.log_metric("m", 3.0)
    run.log_metric("m", 4.0)
    assert shipped(store)
    (there,) = of_ours(theirs, run.run_id)

    assert there.data.metrics == {"m": 4.0}
    assert of_ours(theirs, refused.run_id) == []
    assert f"does not take run {refused.run_id}" in caplog.text
    assert (store.folder / "mlflow.ids.jsonl").read_text().count('"begun"') == 2


def test_an_experiment_that_was_deleted_there_is_there_again(
    server: MlflowServer, theirs: Any, machine: Machine
) -> None:
    """Also one that was deleted for good."""
    store = machine("one")
    experiments = [use_experiment(store, name).experiment_id for name in ("hidden", "gone")]
    for each in experiments:
        begun(store, each)
    assert shipped(store)
    for name in ("hidden", "gone"):
        theirs.delete_experiment(theirs.get_experiment_by_name(name).experiment_id)
    server.forget_experiment("gone")
    runs = [begun(store, each) for each in experiments]
    assert shipped(store)
    found = [run for each in runs for run in of_ours(theirs, each.run_id)]

    assert [theirs.get_experiment(run.info.experiment_id).name for run in found] == [
        "hidden", "gone",
    ]  # fmt: skip


def test_its_registry_is_read_and_not_changed(
    server: MlflowServer, theirs: Any, machine: Machine
) -> None:
    theirs.create_registered_model("kept", tags={"a": "b"})
    run = theirs.create_run("0").info.run_id
    theirs.create_model_version("kept", f"mlflow-artifacts:/0/{run}/artifacts/model", run)
    theirs.set_registered_model_alias("kept", "best", "1")
    store = machine("one")
    (model,) = store.search_registered_models(RegistryQuery())
    (version,) = store.search_model_versions(RegistryQuery(name="kept"))

    assert (model.name, model.aliases, model.tags) == ("kept", {"best": "1"}, {"a": "b"})
    assert (version.version, version.run_id) == ("1", run)
    with pytest.raises(InvalidValue, match="on a server"):
        store.first_rows("select 1", most=1, seconds=1.0)
    with pytest.raises(InvalidValue, match="a server of MLflow's"):
        ServerSide(server.address, store.folder)


def test_one_that_was_slow_to_say_what_it_is_gets_what_is_logged(
    server: MlflowServer, theirs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the same process, which took it for one of ours."""
    monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(tmp_path))
    monkeypatch.setattr("nbtrack.stores.opening.HURRY_SECONDS", 0.0)
    store: Any = open_store(server.address)
    run = begun(store)
    run.log_metric("m", 1.0)
    run.log_text("hello", "a.txt")
    assert shipped(store)
    run.log_metric("m", 2.0)
    assert shipped(store)
    (there,) = of_ours(theirs, run.run_id)
    found, absence = store.get_run(run.run_id), store.absence
    with pytest.raises(StoreError, match="MLflow's own client"):
        store.registry_append([], after=RegistryHead())
    store.close()

    assert not isinstance(store, MlflowStore)
    assert (there.data.metrics, found.data.metrics, absence) == ({"m": 2.0}, {"m": 2.0}, "")
    file = theirs.download_artifacts(there.info.run_id, "a.txt", str(tmp_path))
    assert Path(file).read_text() == "hello"


class _Old(BaseHTTPRequestHandler):
    """As one of MLflow 1.30, which has no datasets; as a proxy before one that is away, once
    *is_away*. Its answers to what it has not are pages."""

    is_away = False
    told: list[str] = []  # noqa: RUF012 - one server of the test

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        what = self.path.partition("/mlflow/")[2].partition("?")[0]
        info = {"run_id": "theirs", "artifact_uri": "mlflow-artifacts:/0"}
        known = (
            "runs/search",
            "runs/create",
            "runs/log-batch",
            "runs/update",
            "experiments/search",
        )
        is_known = what in known and not self.is_away
        self.told.append(what if is_known else f"no {what}")
        self.send_response(200 if is_known else 404)
        self.end_headers()
        made = {"run": {"info": info}} if what == "runs/create" else {}
        self.wfile.write(json.dumps(made).encode() if is_known else b"<!doctype html>")

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        """Silent."""


def test_what_an_older_one_has_no_address_for_holds_up_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The run ends there all the same; a proxy that says so of everything is asked again later."""
    run, other = "a" * 32, "b" * 32
    facts: Any = {"experiment_id": "0", "status": "RUNNING", "start_us": 1, "writer": "w"}
    text = lines.run_line(run, t=1, **facts)
    text += lines.input_line(run, t=2, name="d", digest="1", source_type="s", source="{}")
    text += lines.experiment_tag_line("0", "team", None, t=2)
    text += lines.run_line(run, t=3, status="FINISHED", end_us=3000)
    _Old.is_away = False
    with HTTPServer(("127.0.0.1", 0), _Old) as door:
        threading.Thread(target=door.serve_forever, daemon=True).start()
        sender = Sender(Rest(f"http://127.0.0.1:{door.server_port}"), Ids(tmp_path))
        sender.send(text.encode())
        assert _Old.told[-1] == "runs/update", _Old.told
        assert "no runs/log-inputs" in _Old.told
        assert "too old to keep datasets" in caplog.text
        _Old.is_away = True
        with pytest.raises(StoreBusy):
            sender.send(text.replace(run, other).encode())
        with pytest.raises(StoreBusy):
            sender.send(lines.input_line(run, t=4, name="e", digest="2").encode())
        door.shutdown()


def test_a_server_that_does_not_answer_is_asked_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(tmp_path))
    store = open_store("http://127.0.0.1:9")

    assert not isinstance(store, MlflowStore)
    assert not list(tmp_path.rglob("kind.json"))
    store.close()


def test_who_logs_does_not_wait_for_what_a_server_is(
    server: MlflowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It accepts, and is silent. What the answer was is kept for later ones."""
    monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        store = open_store(address)
        took = time.monotonic() - began
        store.close()

    assert took < SECONDS  # which an answer may take
    assert not list(tmp_path.rglob("kind.json"))
    wait_for_kind(server.address)
    assert json.loads((folder_of(server.address) / "kind.json").read_text())["version"]
