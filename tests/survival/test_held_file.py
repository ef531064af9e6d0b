"""Another program has the database file open: it delays folding, and nothing else."""

from __future__ import annotations

import pytest

from nbtrack.errors import StoreBusy
from nbtrack.records.runs import RunQuery, RunStatus

HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read-only")
print("held")
input()
"""
# The file is held for as long as this takes: to wait for it would be to wait for ever. Less
# than the ten seconds that a read is patient must do, many times over.
WORK = """
import faulthandler, sys
faulthandler.dump_traceback_later(8, exit=True)
import nbtrack
experiment = nbtrack.set_experiment("held")
with nbtrack.start_run(run_name="new") as run:
    nbtrack.log_metric("loss", 0.5)
    nbtrack.log_param("lr", 0.1)
    nbtrack.log_text("hello", "a.txt")
    with nbtrack.start_run(nested=True):
        nbtrack.log_metric("loss", 0.25)
with nbtrack.start_run(experiment_id=experiment.experiment_id):
    pass
with nbtrack.start_run(experiment_id=sys.argv[1]):
    pass
client = nbtrack.MlflowClient()
for step in range(100):
    client.log_metric(sys.argv[2], "by id", 1.0, step=step)
with nbtrack.start_run(run_id=sys.argv[2]):
    nbtrack.log_metric("resumed", 1.0)
print(run.run_id)
"""
MODES = ["read-only", "read-write"]


@pytest.fixture
def folded(start, store):
    """A project with one folded run, whose id this is."""
    run_id = start("import nbtrack\nwith nbtrack.start_run() as r: print(r.run_id)").finish()[0]
    store.fold()
    return run_id


@pytest.mark.parametrize("mode", MODES)
def test_a_new_process_logs_while_the_file_is_held(start, store, folded, mode):
    """A whole process from import to exit, while the file is held; then all of it is there."""
    holder = start(HOLD, store.database, mode)
    holder.wait_for("held")
    # While nobody can look whether there is an experiment of that id, a run in it is begun.
    unknown = "123" if mode == "read-write" else "0"
    (run_id,) = start(WORK, unknown, folded).finish()
    assert holder.process.poll() is None
    assert not store.fold()

    holder.tell()
    holder.finish()
    assert store.fold()
    run = store.get_run(run_id)
    assert run.info.status == RunStatus.FINISHED
    assert run.data.metrics == {"loss": 0.5}
    assert store.get_experiment(run.info.experiment_id).name == "held"
    assert len(store.search_runs(RunQuery(experiment_ids=(run.info.experiment_id,)))) == 3
    assert len(store.read_metrics(folded, "by id")) == 100
    assert store.get_run(folded).data.metrics["resumed"] == 1.0
    assert store.get_run(folded).info.status == RunStatus.FINISHED
    assert len(store.search_runs(RunQuery(experiment_ids=(unknown,)))) >= 1


def test_a_reading_program_does_not_keep_us_from_reading(start, store, folded):
    """Folded and new runs are read while another program has the file open for reading."""
    holder = start(HOLD, store.database, "read-only")
    holder.wait_for("held")
    (run_id,) = start(WORK, 0, folded).finish()

    assert {folded, run_id} <= {run.info.run_id for run in store.search_runs(RunQuery())}


def test_reading_says_who_holds_the_file(start, store, folded):
    """The program and its PID, and that nothing is lost."""
    holder = start(HOLD, store.database, "read-write")
    holder.wait_for("held")

    with pytest.raises(StoreBusy, match=rf"python.*\(PID {holder.pid}\).*Nothing is lost"):
        store.get_run(folded, timeout=0.1)
    holder.kill()
    assert store.get_run(folded).info.run_id == folded


def test_a_connection_of_the_same_process_is_named_as_that(store, folded):
    """A user's own `duckdb.connect` in the notebook is not blamed on another program."""
    import duckdb

    with (
        duckdb.connect(str(store.database)),
        pytest.raises(StoreBusy, match="held by this very process"),
    ):
        store.get_run(folded, timeout=0.1)
    assert store.get_run(folded).info.run_id == folded


def test_reading_inside_of_a_read_is_refused_and_harms_nothing(store, folded):
    """A signal handler that reads in the middle of a read gets StoreBusy; the read goes on."""
    with store._snapshots.open() as connection:
        with pytest.raises(StoreBusy):
            store.get_run(folded)
        assert connection.execute("select run_id from runs").fetchall() == [(folded,)]


def test_much_that_waits_does_not_hold_up_set_experiment(start, store, folded):
    """With more waiting in the journals than a reader takes, a new process still logs at once."""
    holder = start(HOLD, store.database, "read-only")
    holder.wait_for("held")
    start(
        """
import nbtrack
from nbtrack.records.runs import Metric
with nbtrack.start_run() as run:
    nbtrack.MlflowClient().log_batch(run.run_id, [Metric("i", 0.5, 1, i) for i in range(100_000)])
"""
    ).finish()
    holder.kill()

    start(WORK, 0, folded).finish()
