from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.team_server import TeamServer

pytest.importorskip("uvicorn")


@pytest.fixture(scope="module")
def served_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def address(served_folder: Path) -> Iterator[str]:
    """Of a server over an empty project, for all tests of a module."""
    server = TeamServer(served_folder)
    yield server.address
    assert server.stop() == 0
