"""Several processes change the registry at once: no number twice, none left out, no change lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nbtrack.errors import StoreBusy, StoreError
from nbtrack.model_registry.audit import verify

PATIENCE = 120.0  # seconds; only a test that fails waits that long
PROCESSES, EACH = 4, 4

REGISTER = """
import sys, nbtrack
uri, count = sys.argv[1], int(sys.argv[2])
print("ready", flush=True)
input()
for _ in range(count):
    print(nbtrack.register_model(uri, "churn").version, flush=True)
"""
PROMOTE = """
import sys, nbtrack
client, version, count = nbtrack.MlflowClient(), sys.argv[1], int(sys.argv[2])
print("ready", flush=True)
input()
for _ in range(count):
    try:
        client.transition_model_version_stage("churn", version, "Production", True)
    except nbtrack.errors.InvalidValue as exc:  # it is there already
        assert "already" in str(exc), exc
    print("done", flush=True)
"""
LOG = """
import sys, nbtrack
print("ready", flush=True)
input()
for _ in range(int(sys.argv[2])):
    with nbtrack.start_run():
        for step in range(200):
            nbtrack.log_metric("loss", 0.5, step=step)
        nbtrack.recording.session.current_session().store.fold()
    print("done", flush=True)
"""


@pytest.fixture
def launch(project, tmp_path):
    """`launch(source, *arguments)` starts a process in the project that waits to be told."""
    started = []

    def start(source: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", "import nbtrack.recording.session, nbtrack.errors\n" + source,
             *map(str, arguments)],
            env={**os.environ, "NBTRACK_DIR": str(project)},
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def run_at_once(processes):
    """Let all begin together; the lines that each has printed."""
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    found = [process.communicate(timeout=PATIENCE)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return found


def test_four_processes_register_at_once(launch, train, client, store, project):
    """Versions count up without gaps or doubles, each with its files; the model is made once."""
    uri = train().model_uri
    found = run_at_once([launch(REGISTER, uri, EACH) for _ in range(PROCESSES)])
    versions = sorted(int(version) for each in found for version in each)
    folders = {folder.name for folder in (project / "models" / "churn-1").iterdir()}

    assert versions == list(range(1, PROCESSES * EACH + 1))
    assert all(list(map(int, each)) == sorted(map(int, each)) for each in found)
    assert folders == {str(version) for version in versions}
    assert [e.kind for e in client.get_registry_events()].count("model_created") == 1
    assert len(client.search_model_versions("name = 'churn'")) == PROCESSES * EACH
    assert verify(store).is_intact
    assert not verify(store).remarks


def test_two_who_promote_at_once_leave_one_in_production(launch, churn, client, store):
    """While a third one logs and folds: each decides on what the one before has left."""
    churn(), churn()
    count = 6
    run_at_once([launch(PROMOTE, 1, count), launch(PROMOTE, 2, count), launch(LOG, 0, 3)])
    in_use = 0
    for event in client.get_registry_events():
        in_use += (event.to_value == "Production") - (event.from_value == "Production")
        assert in_use <= 1, event

    assert in_use == 1
    assert len(client.get_latest_versions("churn", ["Production"])) == 1
    assert verify(store).is_intact


def test_a_change_that_was_decided_on_the_past_is_not_recorded(churn, client, store):
    """Compare and set: what came in between is looked at first."""
    from nbtrack.errors import RegistryMoved
    from nbtrack.records.registry import EventKind, NewEvent

    churn()
    before = store.registry_head()
    client.set_registered_model_tag("churn", "k", 1)
    late = NewEvent(actor="ada", kind=EventKind.MODEL_DELETED, model_key=1, model="churn")

    with pytest.raises(RegistryMoved):
        store.registry_append([late], after=before)
    assert client.get_registered_model("churn").tags == {"k": "1"}


HOLD_FILE = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("ready", flush=True)
input()
"""


def test_a_held_file_is_told_with_its_holder(launch, churn, store, project, train):
    """StoreBusy names the program; nothing is half-done."""
    from nbtrack.records.registry import EventKind, NewEvent

    churn()
    store.close()
    head = store.registry_head()
    holder = launch(HOLD_FILE, project / "nbtrack.duckdb")
    assert holder.stdout.readline() == "ready\n"
    event = NewEvent(actor="ada", kind=EventKind.MODEL_DELETED, model_key=1, model="churn")

    with pytest.raises(StoreBusy, match=f"PID {holder.pid}"):
        store.registry_append([event], after=head, timeout=0.2)
    holder.communicate("go\n", timeout=PATIENCE)
    assert store.registry_head() == head


HOLD_LOCK = """
import sys
from pathlib import Path
from nbtrack.base.locks import held
with held(Path(sys.argv[1])) as is_ours:
    assert is_ours
    print("ready", flush=True)
    input()
"""


def test_a_held_lock_is_told_with_its_holder(launch, churn, store, project):
    from nbtrack.records.registry import EventKind, NewEvent

    churn()
    head = store.registry_head()
    holder = launch(HOLD_LOCK, project / "fold.lock")
    assert holder.stdout.readline() == "ready\n"
    event = NewEvent(actor="ada", kind=EventKind.MODEL_DELETED, model_key=1, model="churn")
    who = f"PID {holder.pid}" if Path("/proc/locks").exists() else "another process"

    with pytest.raises(StoreBusy, match=who):
        store.registry_append([event], after=head, timeout=0.2)
    holder.communicate("go\n", timeout=PATIENCE)
    assert store.registry_append([event], after=head)


def test_a_folder_that_is_not_ours_to_write_is_told(churn, client, project):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    churn()
    project.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="not yours to write"):
            client.set_registered_model_tag("churn", "k", 1)
    finally:
        project.chmod(0o700)
