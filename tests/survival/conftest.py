"""Real processes on a real project: small scripts, started, talked to and killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from script_process import Script, launch

from nbtrack.stores.local.duckdb import DuckDBStore
from tests.support.begun_project import begun_project


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The project folder; nothing is in it yet."""
    return tmp_path / "project" / ".nbtrack"


@pytest.fixture
def begun(folder: Path) -> Path:
    """With an empty database in it, which not every script needs to make for itself."""
    return begun_project(folder)


@pytest.fixture
def store(folder: Path) -> Iterator[DuckDBStore]:
    """The project as this process, which logs nothing itself, reads it."""
    opened = DuckDBStore(folder)
    yield opened
    opened.close()


@pytest.fixture
def start(tmp_path: Path, folder: Path) -> Iterator[Callable[..., Script]]:
    """`start(source, *arguments)` runs *source* as a script in the project, to the test's end."""
    started: list[Script] = []

    def start_one(source: str, *arguments: object, **environment: str) -> Script:
        (tmp_path / "project").mkdir(exist_ok=True)
        file = tmp_path / f"script_{len(started)}.py"
        file.write_text(source)
        environment = {"NBTRACK_DIR": str(folder), **environment}
        started.append(launch(file, *arguments, cwd=tmp_path / "project", **environment))
        return started[-1]

    yield start_one
    for script in started:
        script.clear_away()
