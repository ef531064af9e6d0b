"""Worker processes log to a run of the parent that travels to them by id, or to their own."""

from __future__ import annotations

import pytest

from nbtrack.records.runs import RunStatus

pytestmark = pytest.mark.usefixtures("begun")
MULTIPROCESSING = """
import multiprocessing, sys, nbtrack
def work(run, n):
    for step in range(50):
        run.log_metric(f"m{n}", float(step), step=step)
    with nbtrack.start_run(nested=True, run_name=f"worker {n}"):
        nbtrack.log_metric("own", float(n))
if __name__ == "__main__":
    run = nbtrack.start_run()
    nbtrack.log_metric("parent", 1.0)
    context = multiprocessing.get_context(sys.argv[1])
    workers = [context.Process(target=work, args=(run, n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    print(run.run_id, run.info.status)
    nbtrack.end_run()
"""
POOL = """
import sys, nbtrack
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
def work(pair):
    run, n = pair
    run.log_metric("m", float(n), step=n)
    return run.run_id
if __name__ == "__main__":
    with nbtrack.start_run() as run, ProcessPoolExecutor(2, get_context(sys.argv[1])) as pool:
        assert set(pool.map(work, [(run, n) for n in range(20)])) == {run.run_id}
    print(run.run_id)
"""
LOKY = """
import nbtrack
from joblib import Parallel, delayed
with nbtrack.start_run() as run:
    def work(n):
        run.log_metric("m", float(n), step=n)  # a global of the script: pickled by value
        run.log_param(f"p{n}", n)
        return run.run_id
    ids = Parallel(n_jobs=2)(delayed(work)(n) for n in range(20))
    assert set(ids) == {run.run_id}
    nbtrack.log_metric("parent", 1.0)
print(run.run_id)
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_log_to_the_parents_run_and_to_their_own(start, store, method):
    """All points are in the run they were logged to; the parent's run is the parent's to end."""
    (line,) = start(MULTIPROCESSING, method).finish()
    run_id, status = line.split()

    assert status == RunStatus.RUNNING
    run = store.get_run(run_id)
    assert run.info.status == RunStatus.FINISHED
    assert run.data.metrics == {"parent": 1.0, "m0": 49.0, "m1": 49.0, "m2": 49.0}
    for n in range(3):
        assert len(store.read_metrics(run_id, f"m{n}")) == 50
    found = store.query(
        "select run_name, status from runs where run_name like 'worker%' order by 1"
    )
    assert found.values.tolist() == [[f"worker {n}", "FINISHED"] for n in range(3)]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_logs_to_the_parents_run(start, store, method):
    """A run object goes through the pool's queue and back into a run that takes points."""
    (run_id,) = start(POOL, method).finish()

    assert [point.step for point in store.read_metrics(run_id, "m")] == list(range(20))
    assert store.get_run(run_id).info.status == RunStatus.FINISHED


def test_joblib_logs_to_the_parents_run(start, store):
    """joblib pickles the script's globals, the run with them; its workers' points are there."""
    (run_id,) = start(LOKY).finish()

    run = store.get_run(run_id)
    assert [point.step for point in store.read_metrics(run_id, "m")] == list(range(20))
    assert run.data.params == {f"p{n}": str(n) for n in range(20)}
    assert run.data.metrics["parent"] == 1.0
    assert run.info.status == RunStatus.FINISHED


def test_a_worker_cannot_end_the_run_of_its_parent(start, store):
    """Neither a defensive end_run() in a forked worker nor its exit out of a `with` block."""
    script = start(
        """
import os, sys, nbtrack
with nbtrack.start_run() as run:
    nbtrack.log_metric("m", 1.0)
    if os.fork() == 0:
        nbtrack.end_run()
        with nbtrack.start_run(run_name="child"):
            pass
        sys.exit()
    if os.fork() == 0:
        raise RuntimeError("in the child")
    os.wait()
    os.wait()
    print(run.run_id)
    input()
"""
    )
    run_id = script.line()
    assert store.get_run(run_id).info.status == RunStatus.RUNNING
    script.tell()
    script.finish()
    found = store.query("select run_name, status from runs order by 1")
    assert found.values.tolist() == [["child", "FINISHED"], ["script_0.py", "FINISHED"]]
