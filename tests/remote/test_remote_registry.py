"""The registry of a server: it decides, at once, and everybody has the same one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import nbtrack
from nbtrack.errors import (
    GateFailed,
    InvalidValue,
    ModelChanged,
    NameTaken,
    RegistryMoved,
    StoreBusy,
)
from nbtrack.model_registry.changes import event
from nbtrack.model_registry.copies import place_of
from nbtrack.models.digests import files_in
from nbtrack.records.registry import EventKind, NewEvent, RegistryHead, RegistryQuery, StagedFolder
from nbtrack.remote.store import RemoteStore
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.remote.test_remote_store import begin_script
from tests.support.cut_line import CutLine
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


def keys(store: RemoteStore) -> dict[str, int]:
    """Of the registered models, by name."""
    return {m.name: m.event_number for m in store.search_registered_models(RegistryQuery())}


@pytest.fixture
def free(server: TeamServer, registered: str) -> str:
    """A model without a gate, of the same run as the one that has one."""
    client = nbtrack.MlflowClient(server.address)
    if not client.search_registered_models("name = 'free'"):
        client.create_registered_model("free")
        client.create_model_version("free", f"runs:/{registered}/model")
    return "free"


def test_a_gate_is_that_of_the_model_that_is_changed(
    server: TeamServer, machine: Machine, free: str
) -> None:
    """Not of another one, whose name the event has."""
    store = machine("b")
    head, of_free = store.registry_head(), {"model": free, "model_key": keys(store)[free]}
    facts = {"version": 1, "from_value": "None", "to_value": "Production"}
    others = {"model": free, "model_key": keys(store)["price"]}
    wrong: list[NewEvent] = [
        event(EventKind.STAGE_CHANGED, **others, **facts),
        event(EventKind.STAGE_CHANGED, **of_free, **{**facts, "from_value": "Staging"}),
        event(EventKind.STAGE_CHANGED, **of_free, **{**facts, "to_value": "elsewhere"}),
        event(EventKind.GATE_REMOVED, **others, details={"key": "Production"}),
        event(EventKind.MODEL_TAG_SET, **others, to_value="x", details={"key": "k"}),
        event(EventKind.ALIAS_SET, **of_free, version=1, from_value="7", details={"key": "best"}),
    ]
    for each in wrong:
        with pytest.raises(InvalidValue):
            store.registry_append([each], after=head)
    renamed = event(EventKind.MODEL_RENAMED, **of_free, from_value=free, to_value="new")
    made = event(EventKind.MODEL_CREATED, model="new", model_key=head.number + 1)
    for taken in (
        [replace(made, model="price")],
        [replace(renamed, to_value="price")],
        [made, renamed],
        [renamed, renamed],
    ):
        with pytest.raises(NameTaken):
            store.registry_append(taken, after=head)
    alias = {**of_free, "version": 1, "to_value": "9", "details": {"key": "best"}}
    store.registry_append([event(EventKind.ALIAS_SET, **alias, digest="sha256:0")], after=head)
    client = nbtrack.MlflowClient(server.address)
    noted = client.get_registry_events(free)[-1]

    assert (noted.digest, noted.to_value) == (client.get_model_version(free, "1").digest, "1")
    assert client.get_model_version("price", "1").current_stage == "None"


class NewVersion:
    """A folder that is no model of a run, to be registered as one."""

    def __init__(self, folder: Path, store: RemoteStore) -> None:
        self.folder, self._store = folder / "evil", store
        self.folder.mkdir()
        (self.folder / "MLmodel").write_text("evil: 1\n")

    def register(
        self,
        name: str,
        version: int,
        place: str,
        run_id: str | None,
        *,
        files: Mapping[str, str] | None = None,
        after: RegistryHead | None = None,
    ) -> None:
        score = {"metrics": {"score": 1.0}}
        files = files_in(self.folder) if files is None else files
        details = {"place": place, "files": files, "source": "x", "evidence": score}
        facts = {"model": name, "model_key": keys(self._store)[name], "version": version}
        made = event(EventKind.VERSION_CREATED, run_id=run_id, details=details, **facts)
        staged = StagedFolder(folder=self.folder, place=place)
        after = after or self._store.registry_head()
        self._store.registry_append([made], after=after, staged=staged)


def test_the_files_of_a_version_stay_its_own(
    server: TeamServer, machine: Machine, registered: str, free: str, tmp_path: Path
) -> None:
    new = NewVersion(tmp_path, store := machine("b"))
    there = server.folder / ".nbtrack" / "models"
    place = place_of("price", keys(store)["price"], 1)
    before, left_before = files_in(there / place), sorted(there.glob(".nbtrack-tmp-*"))
    for version in (1, 2, 7):
        for taken in (place, place_of(free, keys(store)[free], 1), "x-1/../price-1/1"):
            with pytest.raises(InvalidValue):
                new.register(free, version, taken, registered)

    own, other_files = place_of(free, keys(store)[free], 2), {"MLmodel": "0" * 64}
    with pytest.raises(InvalidValue, match="no file MLmodel"):
        new.register(free, 2, own, None, files={})
    with pytest.raises(ModelChanged):
        new.register(free, 2, own, None, files=other_files)
    with pytest.raises(RegistryMoved):
        new.register(free, 2, own, None, after=RegistryHead())

    assert sorted(there.glob(".nbtrack-tmp-*")) == left_before
    assert files_in(there / place) == before
    assert [v.version for v in store.search_model_versions(RegistryQuery(name=free))] == ["1"]


def test_a_version_has_a_model(machine: Machine, free: str, tmp_path: Path) -> None:
    new = NewVersion(tmp_path, store := machine("b"))
    (new.folder / "MLmodel").rename(new.folder / "other")

    with pytest.raises(InvalidValue, match="no file MLmodel"):
        new.register(free, 2, place_of(free, keys(store)[free], 2), None)


def test_a_version_is_of_the_run_that_made_its_model(
    server: TeamServer, machine: Machine, registered: str, tmp_path: Path
) -> None:
    """One of no run has no metrics, whatever a client says of them."""
    new = NewVersion(tmp_path, store := machine("b"))
    place = place_of("price", keys(store)["price"], 2)
    for run_id in (registered, "0" * 32):
        with pytest.raises(InvalidValue, match="judged by the run"):
            new.register("price", 2, place, run_id)
    new.register("price", 2, place, None)
    client = nbtrack.MlflowClient(server.address)

    with pytest.raises(GateFailed):
        client.transition_model_version_stage("price", "2", "Production")
    facts = {"model": "price", "model_key": keys(store)["price"], "version": 2}
    moved = event(EventKind.STAGE_CHANGED, from_value="None", to_value="Production", **facts)
    with pytest.raises(GateFailed):
        store.registry_append([moved], after=store.registry_head())
    client.create_model_version("price", "models:/price/1")  # a copy is of the same run
    assert client.get_model_version("price", "3").run_id == registered


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
    assert "another" not in {m.name for m in there.search_registered_models(RegistryQuery())}
    there.close()


def test_a_change_whose_answer_was_lost_is_made_once(server: TeamServer, registered: str) -> None:
    """The line breaks when the server has answered: the client sends it again, and hears what
    became of it."""
    line = CutLine(int(server.address.rpartition(":")[2]))
    client = nbtrack.MlflowClient(line.address)
    client.create_registered_model("lost")
    copies = server.folder / ".nbtrack" / "models"
    left_before = sorted(copies.glob(".nbtrack-tmp-*"))
    line.loses_answer_to = b"POST /api/nbtrack/1/registry HTTP"
    made = client.create_model_version("lost", f"runs:/{registered}/model")
    line.close()

    assert line.loses_answer_to is None
    assert made.version == "1"
    there = DuckDBStore(server.folder / ".nbtrack")
    assert [each.version for each in there.search_model_versions(RegistryQuery(name="lost"))] == [
        "1"
    ]
    there.close()
    assert sorted(copies.glob(".nbtrack-tmp-*")) == left_before
