from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from parity_engines import Case, with_mlflow, with_nbtrack


@pytest.fixture(scope="session")
def empty_mlflow_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    mlflow = pytest.importorskip("mlflow")
    from mlflow.store.db import utils

    # Its revisions are 67 files that each new database would have read again.
    utils._get_latest_schema_revision = cache(utils._get_latest_schema_revision)
    folder = tmp_path_factory.mktemp("mlflow")
    before = Path.cwd()
    os.chdir(folder)  # MLflow notes this folder as the place of Default's artifacts
    try:
        client = mlflow.MlflowClient(f"sqlite:///{folder}/template.db")
        client.search_experiments()
    finally:
        os.chdir(before)
    return folder / "template.db"


@pytest.fixture
def both(tmp_path: Path, empty_mlflow_database: Path) -> Callable[[Case], tuple[Any, Any]]:
    """What a case returns under MLflow, and under nbtrack."""

    def run(case: Case) -> tuple[Any, Any]:
        with with_mlflow(tmp_path / "theirs", empty_mlflow_database) as mlflow:
            theirs = case(mlflow, tmp_path / "theirs")
        with with_nbtrack(tmp_path / "ours") as nbtrack:
            ours = case(nbtrack, tmp_path / "ours")
        return theirs, ours

    return run
