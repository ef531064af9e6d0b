"""SIGKILL at every line of a registration: no version without its files, no half version."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

import nbtrack
from nbtrack.cli import model_leftovers
from nbtrack.cli.main import main
from nbtrack.model_registry.audit import verify

PATIENCE = 200.0  # seconds; only a test that fails waits that long

# Forks a child for each number k, which kills itself at the k-th line that it runs of the modules
# below, until one is through. The files are hashed, copied and renamed by other modules: their
# calls are the steps in between.
KILL_AT_EVERY_LINE = """
import os, signal, sys, threading
import nbtrack, nbtrack.recording.session
from nbtrack.model_registry import changes, copies, versions
from nbtrack.stores.registry import registry_append, registry_chain
from nbtrack.model_registry import stages

what, begin, stride = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
watched = {m.__file__ for m in (changes, copies, versions, stages, registry_append, registry_chain)}

def change():
    client = nbtrack.MlflowClient()
    if what == "register":
        nbtrack.register_model(sys.argv[4], "churn", tags={"k": 1})
    else:
        version = max(int(v.version) for v in client.search_model_versions("name = 'churn'"))
        target = client.get_model_version("churn", version).current_stage
        target = "Staging" if target == "Production" else "Production"
        client.transition_model_version_stage("churn", version, target, True)

def killed_at(k):
    left = k
    def trace(frame, event, argument):
        nonlocal left
        if frame.f_code.co_filename not in watched:
            return None
        def line(frame, event, argument):
            nonlocal left
            if event == "line":
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return line
        return line
    sys.settrace(trace)
    change()
    sys.settrace(None)

change()  # everything is imported
nbtrack.recording.session.current_session().store.close()
k = begin
while True:
    child = os.fork()
    if child == 0:
        killed_at(k)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(k, os.waitstatus_to_exitcode(status), flush=True)
    if status == 0:
        break
    k += stride
"""


def run(project, tmp_path, *arguments):
    """[(line, exit code)] of every child; the last one was through."""
    done = subprocess.run(
        [sys.executable, "-c", KILL_AT_EVERY_LINE, *map(str, arguments)],
        env={**os.environ, "NBTRACK_DIR": str(project)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return [tuple(map(int, line.split())) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_a_registration_that_is_killed_is_whole_or_not_there(
    project, tmp_path, train, client, store, monkeypatch
):
    """At whichever line: versions have no gaps, each loads, the record is intact, and what is left
    of the killed ones goes with gc."""
    uri = train().model_uri
    store.close()
    kills = run(project, tmp_path, "register", 1, 17, uri)
    versions = sorted(int(v.version) for v in client.search_model_versions("name = 'churn'"))

    assert len(kills) > 11
    assert [code for _, code in kills[:-1]] == [-signal.SIGKILL] * (len(kills) - 1)
    assert versions == list(range(1, len(versions) + 1))
    # The one before the kills, the one that was through, and those killed after the commit.
    assert 2 <= len(versions) < len(kills) / 2
    for version in versions:
        nbtrack.sklearn.load_model(f"models:/churn/{version}")
        assert client.get_model_version("churn", version).tags == {"k": "1"}
    assert verify(store).is_intact
    left_over = [f for f in (project / "models").iterdir() if f.name != "churn-1"]
    assert left_over  # or no kill has come in the middle of a copy
    monkeypatch.setattr(model_leftovers, "SETTLED_SECONDS", -1)
    main(["--store", str(tmp_path), "gc", "--yes"])
    assert [folder.name for folder in (project / "models").iterdir()] == ["churn-1"]
    assert sorted(int(f.name) for f in (project / "models" / "churn-1").iterdir()) == versions


@pytest.mark.slow
def test_a_transition_that_is_killed_is_whole_or_not_there(project, tmp_path, churn, client, store):
    """One version is in use, whichever of the two events was the last that was reached."""
    churn(), churn()
    client.transition_model_version_stage("churn", 1, "Production")
    store.close()
    kills = run(project, tmp_path, "promote", 1, 13)

    assert len(kills) > 5
    assert verify(store).is_intact
    stages = [v.current_stage for v in client.search_model_versions("name = 'churn'")]
    assert sorted(stages) in (["Archived", "Production"], ["Archived", "Staging"])
    moves = client.get_registry_events()[3:]
    archived = [e.version for e in moves if e.to_value == "Archived"]
    assert archived == [1]
