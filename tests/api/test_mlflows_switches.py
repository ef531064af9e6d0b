"""What MLflow's code switches on or waits for: it works here, where nobody has to wait."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.entities import Metric
from nbtrack.errors import InvalidValue


@pytest.fixture(autouse=True)
def switched_back(project: Path) -> Iterator[None]:
    yield
    nbtrack.config.enable_async_logging(False)


def asked(**how: Any) -> list[Any]:
    """What every logging function gives back that MLflow has in an asynchronous form."""
    client = nbtrack.MlflowClient()
    with nbtrack.start_run() as run:
        return [
            nbtrack.log_metric("a", 1, **how),
            nbtrack.log_metrics({"b": 1}, **how),
            nbtrack.log_params({"c": 1}, **how),
            nbtrack.set_tag("d", 1, **how),
            nbtrack.set_tags({"e": 1}, **how),
            client.log_metric(run.run_id, "f", 1, **how),
            client.log_batch(run.run_id, [Metric("g", 1, 0)], **how),
            client.set_tag(run.run_id, "h", 1, **how),
        ]


def test_waiting_for_an_asynchronous_call() -> None:
    """What it logged is there, before and after."""
    for waited_for in asked(synchronous=False):
        waited_for.wait()
    with nbtrack.start_run():
        nbtrack.log_param("p", 5, synchronous=False).wait()


def test_by_default_there_is_nothing_to_wait_for() -> None:
    """As in MLflow: a param's value comes back."""
    assert asked() == asked(synchronous=True) == [None] * 8
    with nbtrack.start_run() as run:
        assert nbtrack.log_param("p", 5) == 5
        assert nbtrack.MlflowClient().log_param(run.run_id, "p", 6) == 6


def test_the_switch_counts_where_a_call_does_not_say() -> None:
    """And only there."""
    nbtrack.config.enable_async_logging()
    assert None not in asked()
    assert asked(synchronous=True) == [None] * 8
    nbtrack.config.enable_async_logging(False)
    assert asked() == [None] * 8


def test_a_stream_is_stored_piece_by_piece() -> None:
    """From where it stands; a stream of text is refused, and nothing is left of it."""
    data = bytes(range(256)) * 10_000
    stream = io.BytesIO(b"skipped" + data)
    stream.seek(7)
    client = nbtrack.MlflowClient()
    with nbtrack.start_run() as run:
        nbtrack.log_stream(stream, "some/file.bin")
        client.log_stream(run.run_id, io.BytesIO(b""), "empty.bin")
        with pytest.raises(InvalidValue, match="binary mode"):
            nbtrack.log_stream(io.StringIO("text"), "text.txt")  # type: ignore[arg-type]
    place = nbtrack.artifacts.download_artifacts(f"runs:/{run.run_id}/some/file.bin")
    with open(place, "rb") as file:
        assert file.read() == data
    assert [file.path for file in client.list_artifacts(run.run_id)] == ["empty.bin", "some"]


def test_the_registry_is_where_the_runs_are(tmp_path: Any) -> None:
    """Another place for it is refused, with what to do."""
    assert nbtrack.get_registry_uri() == nbtrack.config.get_registry_uri()
    assert nbtrack.get_registry_uri() == nbtrack.get_tracking_uri()
    nbtrack.set_registry_uri(nbtrack.get_tracking_uri())
    nbtrack.MlflowClient(registry_uri=nbtrack.get_tracking_uri())
    elsewhere = str(tmp_path / "elsewhere")
    for call in (nbtrack.set_registry_uri, lambda uri: nbtrack.MlflowClient(registry_uri=uri)):
        with pytest.raises(InvalidValue, match="set_tracking_uri"):
            call(elsewhere)


def test_the_doctor_tells_of_this_process(capsys: pytest.CaptureFixture[str]) -> None:
    """As in a terminal."""
    nbtrack.doctor()
    said = capsys.readouterr().out
    assert "versions" in said
    assert str(nbtrack.project_folder()) in said


def in_a_thread(call: Any) -> Any:
    """What *call* returns in a thread that has not asked for its model before."""
    with ThreadPoolExecutor() as threads:
        return threads.submit(call).result()


def test_a_variable_names_the_active_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """For each thread, until it is told to measure none."""
    model = nbtrack.create_external_model(name="m")
    monkeypatch.setenv("MLFLOW_ACTIVE_MODEL_ID", model.model_id)

    def log(value: float) -> None:
        with nbtrack.start_run():
            nbtrack.log_metric("loss", value)

    in_a_thread(lambda: log(1))
    in_a_thread(nbtrack.clear_active_model)
    in_a_thread(lambda: log(2))
    assert [each.value for each in nbtrack.get_logged_model(model.model_id).metrics] == [1]


def test_a_variable_that_names_no_model_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_ACTIVE_MODEL_ID", "my-model")
    assert in_a_thread(nbtrack.get_active_model_id) is None
    assert "MLFLOW_ACTIVE_MODEL_ID is 'my-model'" in caplog.text


def test_a_metric_of_what_is_no_dataset_is_refused() -> None:
    with nbtrack.start_run(), pytest.raises(InvalidValue, match="A dataset is wanted, not int"):
        nbtrack.log_metric("loss", 1, dataset=3)
