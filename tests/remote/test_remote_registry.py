"""The registry of a server: it decides, at once, and everybody has the same one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import nbtrack
from nbtrack.errors import GateFailed, InvalidValue, RegistryMoved, StoreBusy
from nbtrack.model_registry.changes import event
from nbtrack.records.registry import EventKind, RegistryQuery
from nbtrack.remote.store import RemoteStore
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.remote.test_remote_store import begin_script
from tests.support.team_server import TeamServer

Machine = Callable[[str], RemoteStore]

REGISTERS = """
import nbtrack
from sklearn.linear_model import LinearRegression

nbtrack.set_tracking_uri({address!r})
model = LinearRegression().fit([[1.0], [2.0]], [2.0, 4.0])
with nbtrack.start_run() as run:
    nbtrack.log_metric("score", 0.5)
    nbtrack.sklearn.log_model(model, name="model", registered_model_name="price")
nbtrack.require_gate("price", rule="metrics.score > 0.9")
print(run.info.run_id)
"""
LOADS = """
import nbtrack
nbtrack.set_tracking_uri({address!r})
for uri in ("models:/price/1", "runs:/{run_id}/model"):
    print(*nbtrack.pyfunc.load_model(uri).predict([[3.0]]))
"""


def output_of(machine: Path, script: str, **words: object) -> str:
    process = begin_script(machine, script, **words)
    told, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return told.strip()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    made = TeamServer(tmp_path_factory.mktemp("team") / "served")
    yield made
    made.kill()


@pytest.fixture(scope="module")
def registered(server: TeamServer) -> str:
    return output_of(server.folder.parent / "a", REGISTERS, address=server.address)


def test_a_version_is_loaded_on_another_machine(
    server: TeamServer, registered: str, tmp_path: Path
) -> None:
    told = output_of(tmp_path / "b", LOADS, address=server.address, run_id=registered)
    there = nbtrack.MlflowClient((server.folder / ".nbtrack").as_uri())
    verified = subprocess.run(
        [sys.executable, "-m", "nbtrack", "--store", str(server.folder), "registry", "verify"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert [float(each) for each in told.split()] == pytest.approx([6.0, 6.0])
    assert there.get_model_version("price", "1").run_id == registered
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.usefixtures("registered")
def test_gates_are_judged_by_the_server(server: TeamServer, machine: Machine) -> None:
    """A client that leaves the gate out is refused all the same."""
    store = machine("b")
    client = nbtrack.MlflowClient(server.address)
    with pytest.raises(GateFailed, match=r"0\.9"):
        client.transition_model_version_stage("price", "1", "Production")
    head = store.registry_head()
    key = store.search_registered_models(RegistryQuery())[0].event_number
    facts = {"model": "price", "model_key": key, "version": 1, "from_value": "None"}
    moved = event(EventKind.STAGE_CHANGED, to_value="Production", **facts)

    with pytest.raises(GateFailed):
        store.registry_append([moved], after=head)
    with pytest.raises(InvalidValue):
        store.registry_append([replace(moved, kind=EventKind.HEAD_RENEWED)], after=head)
    with pytest.raises(InvalidValue):
        store.registry_append([replace(moved, kind=EventKind.VERSION_CREATED)], after=head)
    assert store.registry_head() == head


@pytest.mark.usefixtures("registered")
def test_of_two_who_change_it_at_once_one_does(server: TeamServer, machine: Machine) -> None:
    first, second = machine("b"), machine("c")
    head = second.registry_head()
    client = nbtrack.MlflowClient(server.address)
    client.set_registered_model_tag("price", "seen", "yes")
    key = first.search_registered_models(RegistryQuery())[0].event_number
    facts = {"model": "price", "model_key": key, "details": {"key": "seen"}}

    with pytest.raises(RegistryMoved):
        second.registry_append([event(EventKind.MODEL_TAG_SET, to_value="no", **facts)], after=head)
    assert client.get_registered_model("price").tags == {"seen": "yes"}


@pytest.mark.usefixtures("registered")
def test_without_the_server_nothing_is_changed(server: TeamServer) -> None:
    client = nbtrack.MlflowClient(server.address)
    assert client.get_registered_model("price").name == "price"
    server.kill()

    with pytest.raises(StoreBusy, match="nothing in it was changed"):
        client.create_registered_model("another")
    server.begin()
    there = DuckDBStore(server.folder / ".nbtrack")
    assert [each.name for each in there.search_registered_models(RegistryQuery())] == ["price"]
    there.close()
