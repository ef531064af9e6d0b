"""A project with runs made by id, and the command line run in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nbtrack import MlflowClient
from nbtrack.cli.main import main
from tests.support.begun_project import begun_project


@pytest.fixture
def client(tmp_path: Path) -> MlflowClient:
    return MlflowClient(str(begun_project(tmp_path / ".nbtrack")))


@pytest.fixture
def nbtrack(tmp_path, capsys) -> Callable[..., tuple[int, str, str]]:
    """Runs `nbtrack --store <the project> ...` and returns (exit code, stdout, stderr)."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["--store", str(tmp_path), *words])
        return (code, *capsys.readouterr())

    return run
