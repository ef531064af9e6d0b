from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nbtrack.remote.shipped import ShippedStore
from nbtrack.remote.store import RemoteStore
from nbtrack.stores.opening import _parsed, open_store
from tests.support.mlflow_server import MlflowServer
from tests.support.postgres import postgres
from tests.support.store_sides import Sides, opened_sides, unique
from tests.support.team_server import TeamServer

pytest.importorskip("uvicorn")
pytest.importorskip("urllib3")


@pytest.fixture(autouse=True)
def _in_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(tmp_path / "here"))
    monkeypatch.setattr("nbtrack.stores.opening._parsed", _parsed.__wrapped__)


@pytest.fixture(scope="session")
def folder_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    """One of each kind for all tests that need no project of their own."""
    made = TeamServer(tmp_path_factory.mktemp("on-folder"))
    yield made
    made.kill()


@pytest.fixture(scope="session")
def database_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    database = postgres().new_database()
    made = TeamServer(tmp_path_factory.mktemp("on-postgresql"), database=database)
    yield made
    made.kill()


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    pytest.importorskip("mlflow")
    made = MlflowServer(tmp_path_factory.mktemp("mlflow"))
    yield made
    made.kill()


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


SERVERS = {
    "our server on a folder": "folder_server",
    "our server on postgresql": "database_server",
    "mlflow server": "mlflow_server",
}


@pytest.fixture(scope="module", params=["folder", *SERVERS])
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sides]:
    """For what a module makes once."""
    folder = tmp_path_factory.mktemp("sides")
    server: TeamServer | MlflowServer | None = None
    if request.param in SERVERS:
        server = request.getfixturevalue(SERVERS[request.param])
    uri = server.address if server else str(folder / ".nbtrack")
    with opened_sides(request.param, uri, folder, server) as found:
        yield found


@pytest.fixture
def sides(opened: Sides, monkeypatch: pytest.MonkeyPatch) -> Sides:
    if opened.server is not None:
        assert isinstance(opened.one, ShippedStore)
        monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(opened.one.folder.parent))
    return opened


@pytest.fixture
def experiment(sides: Sides, request: pytest.FixtureRequest) -> str:
    """The id that it has here; on a server of MLflow's it has another one, too."""
    return sides.client.create_experiment(unique(request.node.originalname))
