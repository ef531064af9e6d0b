"""SIGKILL of a process that logs: nothing it was told is stored is lost, and its end is seen."""

from __future__ import annotations

import os

from nbtrack.records.runs import RunStatus

WRITE_WITHOUT_END = """
import nbtrack
run = nbtrack.start_run()
print(run.run_id)
n = 0
while True:
    nbtrack.log_metric("i", float(n), step=n)
    n += 1
    if n % 50 == 0:
        print(n)
"""

USE_EVERY_VERB = """
import nbtrack
from nbtrack.records.runs import Metric, Param, RunTag
run = nbtrack.start_run(run_name="all", tags={"team": "red"}, description="a note")
nbtrack.log_params({"lr": 0.1, "sizes": [64, 64]})
nbtrack.log_metrics({"loss": 0.5, "acc": 0.9}, step=3)
nbtrack.set_tag("stage", "early")
nbtrack.log_text("hello", "notes/a.txt")
nbtrack.MlflowClient().log_batch(
    run.run_id, [Metric("batch", 1.0, 1000, 7)], [Param("p", "q")], [RunTag("t", "u")])
print(run.run_id)
input()
"""


def steps(store, run_id, key="i"):
    return [point.step for point in store.read_metrics(run_id, key)]


def test_every_call_that_returned_survives(start, store):
    """What the writer has counted as logged is there after kill -9, each point once."""
    writer = start(WRITE_WITHOUT_END)
    run_id = writer.line()
    writer.wait_for("5000")
    writer.kill()
    counted = max(map(int, writer.rest()), default=5000)

    points = store.read_metrics(run_id, "i")
    assert len(points) >= counted
    assert [point.step for point in points] == list(range(len(points)))
    assert all(point.value == point.step for point in points)


def test_every_verb_survives(start, store):
    """Params, tags, metrics, batches, files and the run itself are there after kill -9."""
    writer = start(USE_EVERY_VERB)
    run_id = writer.line()
    writer.kill()

    run = store.get_run(run_id)
    assert run.info.run_name == "all"
    assert run.data.params == {"lr": "0.1", "sizes": "[64, 64]", "p": "q"}
    assert run.data.metrics == {"loss": 0.5, "acc": 0.9, "batch": 1.0}
    wanted = {"team": "red", "stage": "early", "t": "u", "mlflow.note.content": "a note"}
    assert wanted.items() <= run.data.tags.items()
    assert [file.path for file in store.list_artifact_records(run_id)] == ["notes/a.txt"]


def test_the_run_of_a_killed_process_is_killed(start, store):
    """Before its journal is folded, and after; while it lives it is RUNNING."""
    writer = start(USE_EVERY_VERB)
    run_id = writer.line()
    assert store.get_run(run_id).info.status == RunStatus.RUNNING

    writer.kill()
    unfolded = store.get_run(run_id).info
    store.fold()
    folded = store.get_run(run_id).info
    assert (unfolded.status, folded.status) == (RunStatus.KILLED, RunStatus.KILLED)
    assert folded.end_time is not None
    assert folded.end_time >= folded.start_time


def test_another_program_sees_that_the_run_was_killed(start, store):
    """Once folded, the end is in the database file itself, for any DuckDB tool."""
    import duckdb

    writer = start(USE_EVERY_VERB)
    run_id = writer.line()
    writer.kill()
    store.fold()

    with duckdb.connect(str(store.database), read_only=True) as connection:
        found = connection.execute("select run_id, status from runs").fetchall()
    assert found == [(run_id, "KILLED")]


def test_the_journal_of_a_dead_process_is_cleared_up(start, store, folder):
    """After folding, nothing is left of it but the rows; a living one keeps its journal."""
    dead, alive = start(WRITE_WITHOUT_END), start(USE_EVERY_VERB)
    run_id, living = dead.line(), alive.line()
    dead.wait_for("100")
    dead.kill()
    count = len(steps(store, run_id))
    store.fold()

    left = sorted(name.partition(".")[2] for name in os.listdir(folder / "journal"))
    assert left == ["jsonl", "lock"]
    assert steps(store, run_id) == list(range(count))
    assert store.get_run(living).info.status == RunStatus.RUNNING


def test_who_reads_while_another_clears_up_sees_the_run_as_killed(start, store, folder):
    """The process that clears up after a dead one is not taken for the dead one come back."""
    from nbtrack.journal import reading

    writer = start(USE_EVERY_VERB)
    run_id = writer.line()
    writer.kill()
    journal = folder / "journal"
    (dead,) = reading.dead_writers(journal, own="")

    folding = start(
        """
import sys
from pathlib import Path
from nbtrack.base.locks import held
from nbtrack.stores.local import duckdb, fold
store = duckdb.DuckDBStore(Path(sys.argv[1]))
clear_up = fold._clear_up
def wait_then_clear_up(*arguments):
    print("about to clear up")
    input()
    clear_up(*arguments)
fold._clear_up = wait_then_clear_up
store.fold()
""",
        folder,
    )
    folding.wait_for("about to clear up")
    assert reading.dead_writers(journal, own="") == [dead]
    assert store.get_run(run_id).info.status == RunStatus.KILLED
    folding.tell()
    folding.finish()
    assert reading.known_writers(journal) == []


RESUME = """
import sys, nbtrack
with nbtrack.start_run(run_id=sys.argv[1]):
    nbtrack.log_metric("i", 5.0, step=5000000)
    print("resumed")
    input()
"""


def test_a_second_process_resumes_the_run_of_a_dead_one(start, store):
    """The run is RUNNING again under its new owner, and FINISHED when that one ends it."""
    first = start(WRITE_WITHOUT_END)
    run_id = first.line()
    first.wait_for("100")
    first.kill()
    second = start(RESUME, run_id)
    second.wait_for("resumed")
    store.fold()
    assert store.get_run(run_id).info.status == RunStatus.RUNNING

    second.tell()
    second.finish()
    assert store.get_run(run_id).info.status == RunStatus.FINISHED
    assert steps(store, run_id)[-1] == 5000000
    assert steps(store, run_id)[0] == 0


def test_a_run_resumed_after_its_death_was_recorded_runs_again(start, store):
    """KILLED in the database file is not the last word, even if points lie in the future."""
    first = start(
        """
import nbtrack, time
run = nbtrack.start_run()
nbtrack.log_metric("i", 1.0, timestamp=int(time.time() * 1000) + 10**9)
print(run.run_id)
input()
"""
    )
    run_id = first.line()
    first.kill()
    store.fold()
    killed = store.get_run(run_id).info
    assert killed.status == RunStatus.KILLED

    second = start(RESUME, run_id)
    second.wait_for("resumed")
    assert store.get_run(run_id).info.status == RunStatus.RUNNING
    second.kill()
    assert store.get_run(run_id).info.status == RunStatus.KILLED
