"""A project of its own for each test, and models to register in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression

import nbtrack
from nbtrack.models.model_info import ModelInfo
from nbtrack.recording.session import current_session
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.support.begun_project import begun_project


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("NBTRACK_USER", "ada")
    nbtrack.set_tracking_uri(begun_project(tmp_path / ".nbtrack"))
    yield tmp_path / ".nbtrack"
    while nbtrack.active_run() is not None:
        nbtrack.end_run()
    nbtrack.set_tracking_uri(None)


@pytest.fixture
def store(project: Path) -> DuckDBStore:
    found = current_session().store
    assert isinstance(found, DuckDBStore)
    return found


@pytest.fixture
def client() -> nbtrack.MlflowClient:
    return nbtrack.MlflowClient()


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`as_user("eve")`: what follows is done by eve."""

    def become(name: str) -> None:
        monkeypatch.setenv("NBTRACK_USER", name)
        current_session().renew_settings()

    become("ada")
    return become


@pytest.fixture(scope="session")
def classifier() -> LogisticRegression:
    return LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])


@pytest.fixture
def train(classifier: LogisticRegression) -> Callable[..., ModelInfo]:
    """`train(f1=0.9)`: a run with these metrics that has logged a model."""

    def run_and_log(params: dict[str, Any] | None = None, **metrics: float) -> ModelInfo:
        with nbtrack.start_run():
            nbtrack.log_metrics(metrics)
            nbtrack.log_params(params or {})
            return nbtrack.sklearn.log_model(classifier, name="model")

    return run_and_log


@pytest.fixture
def churn(train: Callable[..., ModelInfo]) -> Callable[..., Any]:
    """`churn(f1=0.9)`: the next version of the registered model churn."""

    def register(tags: dict[str, Any] | None = None, **metrics: float) -> Any:
        return nbtrack.register_model(train(**metrics).model_uri, "churn", tags=tags)

    return register
