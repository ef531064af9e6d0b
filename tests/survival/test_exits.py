"""How a process ends is how its open run ends."""

from __future__ import annotations

import pytest

from nbtrack.records.origins import origins_of
from nbtrack.records.runs import RunStatus

pytestmark = pytest.mark.usefixtures("begun")
OPEN = """
import os, sys, nbtrack
run = nbtrack.start_run()
nbtrack.log_metric("m", 1.0)
print(run.run_id)
"""


@pytest.mark.parametrize(
    ("end", "code", "status"),
    [
        ("", 0, RunStatus.FINISHED),
        ("sys.exit(0)", 0, RunStatus.FINISHED),
        ("sys.exit(3)", 3, RunStatus.FAILED),
        ("try: sys.exit(3)\nexcept SystemExit: pass", 0, RunStatus.FINISHED),
        ("import threading as t\nt.Thread(target=sys.exit, args=(3,)).start()", 0, "FINISHED"),
        ("raise RuntimeError('oh')", 1, RunStatus.FAILED),
        ("os._exit(5)", 5, RunStatus.KILLED),
        ("os.kill(os.getpid(), 15)", -15, RunStatus.KILLED),
        ("import ctypes; ctypes.string_at(0)", -11, RunStatus.KILLED),
    ],
    ids=[
        "end",
        "exit",
        "exit 3",
        "caught",
        "a thread's exit",
        "exception",
        "_exit",
        "SIGTERM",
        "SIGSEGV",
    ],
)
def test_the_end_of_the_process_is_the_end_of_its_run(start, store, end, code, status):
    """FINISHED at a normal exit, FAILED at an exception, KILLED when nobody could say."""
    script = start(OPEN + end)
    (run_id,) = script.finish(code=code)

    run = store.get_run(run_id)
    assert (run.info.status, run.data.metrics) == (status, {"m": 1.0})
    assert "nanobind" not in script.errors()


IN_A_FUNCTION = "def main():\n    raise SystemExit(2)\nmain()"
RETURNED = "def main(): return 0\nraise SystemExit(main())"


@pytest.mark.parametrize(
    ("end", "code", "status"),
    [
        ("raise SystemExit", 0, "FINISHED"),
        ("raise SystemExit()", 0, "FINISHED"),
        ("raise SystemExit(3)", 3, "FAILED"),
        ("raise SystemExit(f'{run} is wrong')", 1, "FAILED"),
        ("code = 4\nif run:\n    raise SystemExit(\n        code\n    )", 4, "FAILED"),
        ("if run: raise SystemExit(0)", 0, "FINISHED"),
        ("with open(os.devnull): raise SystemExit(3)", 3, "FAILED"),
        (IN_A_FUNCTION, 2, "FAILED"),
        (RETURNED, 0, "FINISHED"),
        ("try: raise SystemExit(3)\nexcept SystemExit: pass", 0, "FINISHED"),
        ("try: sys.exit(0)\nexcept SystemExit: pass\n1 / 0", 1, "FAILED"),
        ("exit()", 0, "FINISHED"),
        ("quit(code=3)", 3, "FAILED"),
    ],
)
def test_an_exit_that_is_raised_is_the_end_of_the_run(start, store, end, code, status):
    """As far as the program says it: Python leaves no trace of a SystemExit."""
    script = start(OPEN + end)
    (run_id,) = script.finish(code=code)

    assert store.get_run(run_id).info.status == status


def test_a_with_block_left_by_an_exception_fails(start, store):
    """FAILED, also when the exception is caught further out and the process ends well."""
    script = start(
        """
import nbtrack
try:
    with nbtrack.start_run() as run:
        print(run.run_id)
        1 / 0
except ZeroDivisionError:
    pass
"""
    )
    (run_id,) = script.finish()
    assert store.get_run(run_id).info.status == RunStatus.FAILED


@pytest.mark.parametrize(
    ("argument", "status"),
    [("0", "FINISHED"), ("3", "FAILED")],
)
def test_a_with_block_left_by_an_exit(start, store, argument, status):
    """Only an exit with a fault is one."""
    script = start(
        f"""
import sys, nbtrack
with nbtrack.start_run() as run:
    print(run.run_id)
    sys.exit({argument})
"""
    )
    (run_id,) = script.finish(code=None)
    assert store.get_run(run_id).info.status == status


def test_a_block_ends_the_run_it_began(start):
    """Also when it was ended in the block, and begun again there by its id."""
    script = start(
        """
import nbtrack
with nbtrack.start_run() as run:
    nbtrack.end_run()
    nbtrack.start_run(run_id=run.info.run_id)
print(nbtrack.active_run(), nbtrack.get_run(run.info.run_id).info.status)
"""
    )
    assert script.finish() == ["None FINISHED"]


@pytest.mark.parametrize(
    ("method", "end", "status"),
    [
        ("fork", "", "FINISHED"),
        ("fork", "1 / 0", "FAILED"),
        ("fork", "sys.exit(0)", "FINISHED"),
        ("spawn", "", "FINISHED"),
        ("spawn", "sys.exit(3)", "FAILED"),
    ],
)
def test_the_end_of_a_worker_is_the_end_of_its_run(start, store, method, end, status):
    """A process of multiprocessing runs no exit handlers."""
    start(
        f"""
import multiprocessing, sys, nbtrack
def work():
    nbtrack.start_run(run_name="worker")
    {end}
if __name__ == "__main__":
    worker = multiprocessing.get_context({method!r}).Process(target=work)
    worker.start()
    worker.join()
"""
    ).finish()
    assert store.query("select status from runs")["status"].tolist() == [status]


def test_nested_runs_left_open_all_end(start, store):
    """Children and parents, each once."""
    script = start(
        """
import nbtrack
for _ in range(3):
    nbtrack.start_run(nested=True)
"""
    )
    script.finish()
    assert store.query("select status from runs")["status"].tolist() == ["FINISHED"] * 3


def test_logging_from_an_exit_handler_is_kept(start, store):
    """A handler registered before nbtrack runs after nbtrack has closed, and still may log."""
    script = start(
        """
import atexit, nbtrack
def last():
    run.log_metric("last", 2.0)
atexit.register(last)
run = nbtrack.start_run()
print(run.run_id)
"""
    )
    (run_id,) = script.finish()
    run = store.get_run(run_id)
    assert (run.data.metrics, run.info.status) == ({"last": 2.0}, RunStatus.FINISHED)
    assert "Traceback" not in script.errors()


def test_a_normal_exit_leaves_a_folded_project(start, folder):
    """Everything is in the database file, and no journal is left."""
    import duckdb

    (run_id,) = start(OPEN).finish()

    assert list((folder / "journal").iterdir()) == []
    with duckdb.connect(str(folder / "nbtrack.duckdb"), read_only=True) as connection:
        found = connection.execute("select run_id, status from runs").fetchall()
    assert found == [(run_id, "FINISHED")]


def test_an_error_typed_at_a_prompt_does_not_fail_the_run(start, store):
    """A run opened after it, and left open at exit(), is FINISHED."""
    script = start(
        "import os, sys\nos.execv(sys.executable, [sys.executable, '-u', '-i', '-q', '-c', ''])\n"
    )
    for line in ("1 / 0", "import nbtrack", "print(nbtrack.start_run().run_id)", "exit()"):
        script.tell(line)
    (run_id,) = script.finish()
    assert store.get_run(run_id).info.status == RunStatus.FINISHED


def test_a_clock_set_back_does_not_undo_the_end(start, store):
    """The latest word about a run is its end, whatever the clock says; so it is when resumed."""
    script = start(
        """
import time, nbtrack
run = nbtrack.start_run()
honest = time.time_ns
time.time_ns = lambda: honest() - 3600 * 10**9
nbtrack.end_run()
print(run.run_id)
with nbtrack.start_run(run_id=run.run_id):
    print(nbtrack.get_run(run.run_id).info.status)
    time.time_ns = lambda: honest() - 7200 * 10**9
"""
    )
    run_id, status = script.finish()
    assert status == RunStatus.RUNNING
    info = store.get_run(run_id).info
    assert info.status == RunStatus.FINISHED
    assert info.end_time >= info.start_time


SCORES = """
import nbtrack
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score
from sklearn.naive_bayes import GaussianNB
nbtrack.sklearn.autolog(log_models=False, log_datasets=False)
X, y = load_iris(return_X_y=True)
with nbtrack.start_run() as run:
    model = GaussianNB().fit(X, y)
for n in range(60):
    accuracy_score(y, model.predict(X))
print(run.run_id)
"""


def test_where_metrics_are_from_is_written_at_exit(start, store):
    """That waits, of many, for more of them."""
    (run_id,) = start(SCORES).finish()
    data = store.get_run(run_id).data
    found = {key for key in data.metrics if key.startswith("accuracy_score")}

    assert len(found) == 60
    assert found <= origins_of(data.tags).metrics.keys()
