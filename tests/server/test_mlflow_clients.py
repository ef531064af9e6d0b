"""The real mlflow, unchanged, with a server of ours as its tracking and registry URI."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nbtrack

mlflow = pytest.importorskip("mlflow")


@pytest.fixture(autouse=True)
def client(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(address)
    mlflow.set_registry_uri(address)
    yield mlflow.MlflowClient()
    mlflow.set_experiment(experiment_id="0")  # the active one is remembered in all of the process
    mlflow.set_registry_uri(None)
    mlflow.set_tracking_uri(before)


def ours(folder: Path) -> nbtrack.MlflowClient:
    return nbtrack.MlflowClient((folder / ".nbtrack").as_uri())


def test_a_run_is_read_back_as_it_was_logged(client: Any, served_folder: Path) -> None:
    """By MLflow's client, and by ours in the project itself."""
    mlflow.set_experiment("logged")
    with mlflow.start_run(run_name="first") as run:
        mlflow.log_params({"lr": 0.1, "a/b": "é"})
        mlflow.log_metrics({"loss": 1.0, "nan": math.nan, "inf": -math.inf}, step=2)
        mlflow.log_metric("loss", 0.5, step=7, timestamp=1_700_000_000_000)
        mlflow.set_tag("team", "red")
    run_id = run.info.run_id
    read = client.get_run(run_id)
    points = {metric.key: metric for metric in read.data._metric_objs}

    assert (read.info.run_name, read.info.status) == ("first", "FINISHED")
    assert read.data.params == {"lr": "0.1", "a/b": "é"}
    assert (points["loss"].value, points["loss"].step) == (0.5, 7)
    assert points["loss"].timestamp == 1_700_000_000_000
    assert math.isnan(points["nan"].value)
    assert points["inf"].value == -math.inf
    assert [p.step for p in client.get_metric_history(run_id, "loss")] == [2, 7]
    here = ours(served_folder).get_run(run_id)
    assert here.data.params == read.data.params
    assert here.data.metrics["loss"] == 0.5
    assert here.info.start_time == read.info.start_time


def test_searches_are_those_of_the_project(client: Any) -> None:
    experiment = mlflow.set_experiment("searched").experiment_id
    for lr in (0.1, 0.2, 0.3):
        with mlflow.start_run(tags={"even": str(lr == 0.2)}):
            mlflow.log_param("lr", lr)
            mlflow.log_metric("acc", 1 - lr)
    found = client.search_runs([experiment], "metrics.acc > 0.75", order_by=["metrics.acc ASC"])
    page = client.search_runs([experiment], max_results=2)
    rest = client.search_runs([experiment], max_results=2, page_token=page.token)

    assert [run.data.params["lr"] for run in found] == ["0.2", "0.1"]
    assert (len(page), len(rest), rest.token) == (2, 1, None)
    with pytest.raises(mlflow.MlflowException, match=r"metrics\.acc >"):
        client.search_runs([experiment], "metrics.acc >")


def test_files_go_to_the_project_and_come_back(
    client: Any, served_folder: Path, tmp_path: Path
) -> None:
    data = os.urandom(3_000_000)
    (tmp_path / "some folder").mkdir()
    (tmp_path / "some folder" / "é x.bin").write_bytes(data)
    with mlflow.start_run() as run:
        mlflow.log_artifacts(tmp_path, "files")
        mlflow.log_text("hello", "notes/a.txt")
    run_id = run.info.run_id
    path = "files/some folder/é x.bin"
    copy = client.download_artifacts(run_id, path, str(tmp_path))
    here = ours(served_folder)

    assert Path(copy).read_bytes() == data
    assert [file.path for file in client.list_artifacts(run_id)] == ["files", "notes"]
    assert [file.path for file in client.list_artifacts(run_id, "notes")] == ["notes/a.txt"]
    assert path in [file.path for file in here._store.list_artifact_records(run_id)]
    with pytest.raises(Exception, match="no-such"):
        client.download_artifacts(run_id, "no-such.txt", str(tmp_path))


def test_clients_that_would_send_parts_send_the_file(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "10")
    (tmp_path / "large.bin").write_bytes(bytes(1000))
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(tmp_path / "large.bin"))

    assert [file.file_size for file in client.list_artifacts(run.info.run_id)] == [1000]


def test_models_are_registered_loaded_and_moved(client: Any, served_folder: Path) -> None:
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit([[1.0], [2.0]], [2.0, 4.0])
    with mlflow.start_run() as run:
        logged = mlflow.sklearn.log_model(
            model, name="model", registered_model_name="price", pip_requirements=["scikit-learn"]
        )
    client.set_registered_model_alias("price", "champion", "1")
    client.transition_model_version_stage("price", "1", "Production")
    version = client.get_model_version("price", "1")
    nbtrack.MlflowClient(client.tracking_uri).require_gate("price", "Staging", "metrics.acc > 0.9")
    with pytest.raises(mlflow.exceptions.RestException, match="acc") as refused:
        client.transition_model_version_stage("price", "1", "Staging")
    assert refused.value.get_http_status_code() == 400  # which no client repeats

    for uri in (logged.model_uri, "models:/price/1", "models:/price@champion"):
        assert mlflow.pyfunc.load_model(uri).predict([[3.0]]) == pytest.approx([6.0])
    assert (version.run_id, version.current_stage) == (run.info.run_id, "Production")
    assert version.aliases == ["champion"]
    assert [each.name for each in client.search_registered_models()] == ["price"]
    assert client.get_run(run.info.run_id).outputs.model_outputs[0].model_id == logged.model_id
    here = ours(served_folder).get_model_version("price", "1")
    assert here.source == f"models:/{logged.model_id}"


AUTOLOGGED = """
import mlflow
import numpy as np
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri({address!r})
mlflow.sklearn.autolog(log_datasets=True, silent=True)
with mlflow.start_run(run_name="autologged"):
    LogisticRegression(C=0.5).fit(np.arange(4.0).reshape(4, 1), np.array([0, 0, 1, 1]))
"""


def test_mlflows_autolog_records_to_it(client: Any, address: str) -> None:
    script = AUTOLOGGED.format(address=address)
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=120)
    (run,) = client.search_runs(["0"], "attributes.run_name = 'autologged'")

    assert run.data.params["C"] == "0.5"
    assert run.data.metrics["training_accuracy_score"] == 1.0
    assert run.inputs.dataset_inputs
    assert run.info.status == "FINISHED"
