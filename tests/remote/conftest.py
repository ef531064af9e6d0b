from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nbtrack.remote.store import RemoteStore
from nbtrack.stores.opening import _parsed, open_store
from tests.support.team_server import TeamServer

pytest.importorskip("uvicorn")
pytest.importorskip("urllib3")


@pytest.fixture(autouse=True)
def _in_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(tmp_path / "here"))
    monkeypatch.setattr("nbtrack.stores.opening._parsed", _parsed.__wrapped__)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TeamServer]:
    made = TeamServer(tmp_path / "served")
    yield made
    made.kill()


@pytest.fixture
def machine(
    tmp_path: Path, server: TeamServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], RemoteStore]]:
    """The store of the server, as it is opened on a machine of that name."""
    opened: list[RemoteStore] = []

    def open_there(name: str) -> RemoteStore:
        monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(tmp_path / name))
        store = open_store(server.address)
        assert isinstance(store, RemoteStore)
        opened.append(store)
        return store

    yield open_there
    for store in opened:
        store.close()
