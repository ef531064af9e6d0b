from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nbtrack.stores.opening import _parsed
from tests.support.team_server import TeamServer

pytest.importorskip("uvicorn")
pytest.importorskip("urllib3")


@pytest.fixture(autouse=True)
def _in_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(tmp_path / "servers"))
    monkeypatch.setattr("nbtrack.stores.opening._parsed", _parsed.__wrapped__)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    """Of all tests of the module: each has runs of its own."""
    made = TeamServer(tmp_path_factory.mktemp("team") / "served")
    yield made
    made.kill()
