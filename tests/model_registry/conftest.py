"""A project of its own for each test, and models to register in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression

import nbtrack
from nbtrack.models.model_info import ModelInfo
from nbtrack.recording.session import current_session
from nbtrack.stores.local.duckdb import DATABASE_NAME, DuckDBStore
from tests.support.begun_project import begun_project
from tests.support.filled_project import fill_project


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


def fitted() -> LogisticRegression:
    return LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])


@pytest.fixture(scope="session")
def classifier() -> LogisticRegression:
    return fitted()


@pytest.fixture
def train(classifier: LogisticRegression) -> Callable[..., ModelInfo]:
    """`train(f1=0.9)`: a run with these metrics that has logged a model."""

    def run_and_log(params: dict[str, Any] | None = None, **metrics: float) -> ModelInfo:
        with nbtrack.start_run():
            nbtrack.log_metrics(metrics)
            nbtrack.log_params(params or {})
            return nbtrack.sklearn.log_model(classifier, name="model")

    return run_and_log


def log_and_register() -> None:
    with nbtrack.start_run():
        info = nbtrack.sklearn.log_model(fitted(), name="model")
    nbtrack.register_model(info.model_uri, "churn")


def one_version() -> None:
    log_and_register()


def two_versions() -> None:
    fill_project(current_session().store.folder, one_version)
    log_and_register()


def three_versions() -> None:
    fill_project(current_session().store.folder, two_versions)
    log_and_register()


VERSIONS = (one_version, two_versions, three_versions)


@pytest.fixture
def churn(train: Callable[..., ModelInfo]) -> Callable[..., Any]:
    """`churn(f1=0.9)`: the next version of the registered model churn.

    The first ones come in a copy of a project that was made once, if they are ada's, as they are,
    and nothing else has been written.
    """
    left, ready = None, list(VERSIONS)

    def register(tags: dict[str, Any] | None = None, **metrics: float) -> Any:
        nonlocal left
        folder = current_session().store.folder
        is_as_made = _is_begun(folder) if left is None else _state(folder) == left
        if tags or metrics or not (ready and is_as_made and os.environ["NBTRACK_USER"] == "ada"):
            ready.clear()
            return nbtrack.register_model(train(**metrics).model_uri, "churn", tags=tags)
        fill_project(folder, ready.pop(0))
        left = _state(folder)
        return nbtrack.MlflowClient().get_model_version("churn", len(VERSIONS) - len(ready))

    return register


def _is_begun(project: Path) -> bool:
    """And nothing more."""
    return [path.name for path in project.iterdir()] == [DATABASE_NAME]


def _state(project: Path) -> tuple[object, ...]:
    """Of what is written there, as far as one sees it from outside."""
    file = (project / DATABASE_NAME).stat()
    return project, file.st_size, file.st_mtime_ns, sorted(path.name for path in project.rglob("*"))
