"""Users of a server, as clients of nbtrack meet them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import nbtrack
from nbtrack.errors import NotAllowed, NotIdentified
from nbtrack.journal import lines
from nbtrack.model_registry.changes import event
from nbtrack.models.digests import files_in
from nbtrack.records.registry import EventKind, RegistryHead, StagedFolder
from nbtrack.records.runs import RunQuery
from nbtrack.remote.store import RemoteStore
from nbtrack.server.grants import MODEL, Grant
from nbtrack.server.nbtrack_protocol.registry import sweep
from nbtrack.server.roles import Role
from nbtrack.server.served import Served
from nbtrack.server.users import Users
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.remote.test_remote_store import wait_until
from tests.support.team_server import TeamServer

Machine = Callable[[str], RemoteStore]


@pytest.fixture
def tokens(server: TeamServer) -> dict[Role, str]:
    users = Users(server.folder / ".nbtrack")
    return {role: users.add(f"{role}-ann", role) for role in Role}


def log_a_run(store: RemoteStore, run_id: str) -> None:
    facts = {"experiment_id": "0", "name": "mine", "status": "FINISHED", "start_us": 1}
    store.append(lines.run_line(run_id, t=1, writer=store.writer, **facts))


def test_an_editor_logs_and_nobody_else_does(
    server: TeamServer,
    machine: Machine,
    tokens: dict[Role, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What a viewer logs waits: nothing of it is lost when he becomes an editor."""
    store = machine("a")
    log_a_run(store, "a" * 32)
    with pytest.raises(NotIdentified, match="Say who you are"):
        store.ship()
    wait_until(lambda: f"could not send to {server.address}: NotIdentified" in caplog.text)
    monkeypatch.setenv("NBTRACK_TOKEN", tokens[Role.VIEWER])
    with pytest.raises(NotAllowed, match="editor"):
        store.ship()
    waiting = store.outbox.waiting_lines()
    monkeypatch.setenv("NBTRACK_TOKEN", tokens[Role.EDITOR])
    assert store.ship()
    monkeypatch.setenv("NBTRACK_TOKEN", tokens[Role.VIEWER])

    assert waiting == 1
    assert [run.info.run_id for run in store.search_runs(RunQuery())] == ["a" * 32]


def test_a_version_that_is_refused_leaves_no_copy(
    server: TeamServer, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which was sent before: he may log and register, but not that model; nor does one that nobody
    told of, a day later."""
    users = Users(server.folder / ".nbtrack")
    grants = [Grant(kind=MODEL, name="mine", role=Role.EDITOR)]
    monkeypatch.setenv("NBTRACK_TOKEN", users.add("bob", Role.VIEWER, grants=grants))
    store, model = machine("a"), tmp_path / "model"
    model.mkdir()
    (model / "MLmodel").write_text("flavors: {}\n")
    facts = {"model": "others", "model_key": 1, "version": 1}
    details = {"place": "others-1/1", "files": files_in(model)}
    created = event(EventKind.VERSION_CREATED, details=details, **facts)
    staged = StagedFolder(folder=model, place="others-1/1")
    with pytest.raises(NotAllowed):
        store.registry_append([created], after=RegistryHead(), staged=staged)
    copies = server.folder / ".nbtrack" / "models"
    left = [*copies.glob(".nbtrack-tmp-*")]
    served = Served((server.folder / ".nbtrack").as_uri())
    for old, name in ((90_000, "old"), (0, "new")):
        (copies / f".nbtrack-tmp-{name}").mkdir(parents=True)
        os.utime(copies / f".nbtrack-tmp-{name}", (time.time() - old,) * 2)
    sweep(served)

    assert left == []
    assert [each.name for each in copies.iterdir()] == [".nbtrack-tmp-new"]


def test_the_server_says_who_changed_the_registry(
    server: TeamServer, machine: Machine, tokens: dict[Role, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the client calls himself; and a gate is an admin's to make."""
    machine("a")
    monkeypatch.setenv("NBTRACK_USER", "somebody else")
    client = nbtrack.MlflowClient(server.address)
    monkeypatch.setenv("NBTRACK_TOKEN", tokens[Role.EDITOR])
    client.create_registered_model("price")
    with pytest.raises(NotAllowed, match="admin"):
        client.require_gate("price", rule="metrics.f1 > 0.9")
    monkeypatch.setenv("NBTRACK_TOKEN", tokens[Role.ADMIN])
    client.require_gate("price", rule="metrics.f1 > 0.9")
    there = DuckDBStore(server.folder / ".nbtrack")
    events = [(event.kind, event.actor) for event in there.registry_events()]
    there.close()

    assert events == [("model_created", "editor-ann"), ("gate_set", "admin-ann")]
