"""SIGKILL in the middle of storing a file."""

from __future__ import annotations

from nbtrack.artifact_store.opening import open_artifacts

# The source is a pipe that never ends: the copy is half done when the kill comes.
COPY = """
import os, sys, nbtrack
run = nbtrack.start_run()
nbtrack.log_text("whole", "whole.txt")
nbtrack.log_text("old", "sub/replaced.bin")
print(run.run_id)
from nbtrack.artifact_store.staging import Staging
from pathlib import Path
def endless():
    yield b"x" * 1_000_000
    print("half")
    input()
target = Path(run.artifact_uri) / sys.argv[1]
with Staging() as staging:
    staging.add(target, endless())
"""


def test_a_write_killed_in_the_middle_leaves_no_half_file(start, store):
    """Neither on disk under its name, nor listed, nor recorded."""
    script = start(COPY, "new/half.bin")
    run_id = script.line()
    script.wait_for("half")
    script.kill()

    artifacts = open_artifacts(store.get_run(run_id).info.artifact_uri)
    assert sorted(info.path for info in artifacts.walk()) == ["sub/replaced.bin", "whole.txt"]
    assert artifacts.list("new") == []
    recorded = [file.path for file in store.list_artifact_records(run_id)]
    assert recorded == ["sub/replaced.bin", "whole.txt"]


def test_a_replacement_killed_in_the_middle_leaves_the_old_file(start, store):
    """What was there before is there, whole, with the digest that was recorded."""
    script = start(COPY, "sub/replaced.bin")
    run_id = script.line()
    script.wait_for("half")
    script.kill()

    artifacts = open_artifacts(store.get_run(run_id).info.artifact_uri)
    assert artifacts.read("sub/replaced.bin") == b"old"
    (recorded,) = [f for f in store.list_artifact_records(run_id) if f.path == "sub/replaced.bin"]
    assert recorded.sha256 == artifacts.sha256("sub/replaced.bin")
