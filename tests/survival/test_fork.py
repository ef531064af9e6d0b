"""fork: parent and child write their own journals, and neither keeps the other alive."""

from __future__ import annotations

import os
import signal

from nbtrack.records.runs import RunStatus

CHILD_WITH_A_RUN = """
import os, nbtrack
run = nbtrack.start_run(run_name="parent")
nbtrack.log_metric("m", 1.0)
nbtrack.get_run(run.run_id)  # so that the parent has DuckDB open
if os.fork():
    os.wait()
with nbtrack.start_run(run_name="child", nested=True) as child:
    nbtrack.log_metric("m", 2.0)
    print(run.run_id, child.run_id, os.getpid())
    input()
    nbtrack.log_metric("m", 3.0, step=1)
print("child done")
"""


def test_a_child_outlives_its_killed_parent(start, store):
    """The parent's run is KILLED at once; the child's goes on, is folded, and ends as FINISHED."""
    script = start(CHILD_WITH_A_RUN)
    parent, child, _ = script.line().split()
    os.kill(script.pid, signal.SIGKILL)
    script.process.wait()

    for _ in range(2):
        assert store.get_run(parent).info.status == RunStatus.KILLED
        assert store.get_run(child).info.status == RunStatus.RUNNING
        store.fold()
    script.tell()
    script.wait_for("child done")
    script.rest()
    run = store.get_run(child)
    assert run.info.status == RunStatus.FINISHED
    assert [point.value for point in store.read_metrics(child, "m")] == [2.0, 3.0]
    assert run.data.tags["mlflow.parentRunId"] == parent


def test_a_killed_child_leaves_its_parent_running(start, store):
    """The child's run is KILLED; the parent goes on."""
    script = start(
        """
import os, nbtrack
run = nbtrack.start_run()
pid = os.fork()
if pid == 0:
    child = nbtrack.start_run(nested=True)
    print(child.run_id)
    os.kill(os.getpid(), 9)
os.waitpid(pid, 0)
nbtrack.log_metric("m", 1.0)
print(run.run_id)
input()
"""
    )
    child, parent = script.line(), script.line()

    assert store.get_run(child).info.status == RunStatus.KILLED
    assert store.get_run(parent).info.status == RunStatus.RUNNING
    script.tell()
    script.finish()
    assert store.get_run(parent).info.status == RunStatus.FINISHED


def test_what_a_child_logs_to_its_parents_run_is_there(start, store):
    """An inherited run takes the child's points; the child's exit does not end it."""
    script = start(
        """
import os, sys, nbtrack
run = nbtrack.start_run()
nbtrack.log_metric("who", 0.0, step=0)
nbtrack.get_run(run.run_id)
for n in (1, 2, 3):
    if os.fork() == 0:
        nbtrack.log_metric("who", float(n), step=n)
        sys.exit()
for _ in range(3):
    assert os.wait()[1] == 0
print(run.run_id)
input()
"""
    )
    run_id = script.line()
    assert store.get_run(run_id).info.status == RunStatus.RUNNING
    assert [point.value for point in store.read_metrics(run_id, "who")] == [0.0, 1.0, 2.0, 3.0]
    script.tell()
    script.finish()


def test_a_child_reads_and_ends_like_any_process(start):
    """After its parent has read and folded, a child reads what both wrote, and exits cleanly."""
    script = start(
        """
import os, sys, nbtrack
from nbtrack.recording.session import current_session
with nbtrack.start_run() as run:
    nbtrack.log_metric("m", 1.0)
current_session().store.fold()
pid = os.fork()
if pid == 0:
    with nbtrack.start_run() as child:
        nbtrack.log_metric("m", 2.0)
    runs = nbtrack.search_runs(output_format="list")
    print(sorted(run.data.metrics["m"] for run in runs))
    sys.exit()
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
nbtrack.search_runs(output_format="list")
"""
    )
    assert script.finish() == ["[1.0, 2.0]", "0"]
    assert script.errors() == ""


def test_a_child_made_during_a_fold_does_not_keep_the_lock(start, store, folder):
    """A lock that a fork copied is let go by the child, so that others fold while it lives."""
    script = start(
        r"""
import os, sys
from pathlib import Path
from nbtrack.base.locks import held, is_held
lock = Path(sys.argv[1])
with held(lock):
    if os.fork() == 0:
        os.write(1, b"child lives\n")
        input()
        os._exit(0)
    os.write(1, b"held %d\n" % is_held(lock))
os.write(1, b"held %d\n" % is_held(lock))
os.wait()
""",
        folder.parent / "fold.lock",
    )
    assert sorted(script.line() for _ in range(3)) == ["child lives", "held 0", "held 1"]
    script.tell()
    script.finish()


def test_a_child_does_not_keep_the_lock_of_a_parent_killed_while_folding(start, store, folder):
    """The parent dies with the lock in its hands; the child, alive, does not hold on to it."""
    script = start(
        r"""
import os, sys
from pathlib import Path
from nbtrack.base.locks import held
with held(Path(sys.argv[1])):
    if os.fork() == 0:
        os.write(1, b"child lives\n")
        input()
        os._exit(0)
    os.wait()
""",
        folder.parent / "fold.lock",
    )
    from nbtrack.base.locks import is_held

    script.wait_for("child lives")
    os.kill(script.pid, signal.SIGKILL)
    script.process.wait()
    assert not is_held(folder.parent / "fold.lock")
    script.tell()
    script.rest()


def test_a_parent_reads_the_same_after_a_fork(start, store):
    """Its DuckDB is closed for the fork and opened again, with all that is not folded yet."""
    script = start(
        """
import os, nbtrack
run = nbtrack.start_run()
nbtrack.log_metric("m", 1.0)
for _ in range(20):
    assert nbtrack.get_run(run.run_id).data.metrics == {"m": 1.0}
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
print("same")
"""
    )
    assert script.finish() == ["same"]
