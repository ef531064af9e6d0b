"""A project folder that may not be written: nothing is raised, nothing else is broken."""

from __future__ import annotations

import time

import pytest

from nbtrack.journal import lines
from nbtrack.journal.writing import Journal
from nbtrack.records.runs import RunQuery, RunStatus

# root may write everywhere; without capabilities it is a user like any other.
UNPRIVILEGED = """
import ctypes
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
assert ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)()) == 0
"""
LOG = (
    UNPRIVILEGED
    + """
import nbtrack
from nbtrack.recording.session import current_session
with nbtrack.start_run() as run:
    print(run.run_id)
    for n in range(100):
        nbtrack.log_metric("i", float(n), step=n)
    nbtrack.log_text("x", "a.txt")
    nbtrack.set_experiment("other")
    print("logged")
    input()
    nbtrack.log_metric("i", 100.0, step=100)
    current_session().check_store()
print("done")
"""
)


@pytest.fixture
def closed(folder):
    """The project's folder, which cannot be written."""
    folder.mkdir(parents=True)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


def test_records_wait_until_the_folder_can_be_written(start, store, closed):
    """The script runs through, with one line of warning about the records; then they are there."""
    script = start(LOG)
    run_id = script.line()
    script.wait_for("logged")
    assert list(closed.iterdir()) == []
    closed.chmod(0o755)
    script.tell()
    script.finish()

    assert [point.step for point in store.read_metrics(run_id, "i")] == list(range(101))
    assert store.get_run(run_id).info.status == RunStatus.FINISHED
    assert script.errors().count("cannot write to") == 1
    assert script.errors().count("\n") == 2, script.errors()  # the other one is the artifact's


def test_a_folder_that_stays_closed_costs_the_records_only(start, closed):
    """The user's code ends well, and is told what it costs."""
    script = start(LOG)
    script.wait_for("logged")
    script.tell()
    assert script.finish() == ["done"]
    assert "records are lost" in script.errors()


def test_who_logged_records_that_wait_reads_them(start, closed):
    """In memory or on the disk, each is there once; other processes see them when they are."""
    script = start(
        UNPRIVILEGED + "import nbtrack\n"
        "with nbtrack.start_run() as run: nbtrack.log_metric('i', 0.0)\n"
        "def seen():\n"
        "    found, = nbtrack.search_runs(output_format='list')\n"
        "    points = nbtrack.MlflowClient().get_metric_history(run.run_id, 'i')\n"
        "    return found.info.status, [point.step for point in points]\n"
        "print(*seen(), flush=True)\ninput()\n"
        "nbtrack.MlflowClient().log_metric(run.run_id, 'i', 1.0, step=1)\nprint(*seen())\n"
    )
    assert script.line() == "FINISHED [0]"
    closed.chmod(0o755)
    script.tell()

    assert script.finish() == ["FINISHED [0, 1]"]


def test_an_idle_process_tries_again_by_itself(start, store, closed):
    """It logs nothing more; when the folder is opened, what it has logged appears."""
    script = start(LOG)
    run_id = script.line()
    script.wait_for("logged")
    closed.chmod(0o755)
    for _ in range(600):
        if store.query("select count(*) as n from metrics")["n"].item() == 100:
            break
        time.sleep(0.1)
    assert [point.step for point in store.read_metrics(run_id, "i")] == list(range(100))


def test_a_closed_folder_can_be_read(start, store, folder):
    """A colleague's project: runs are read though nothing can be written, folded or not."""
    write = "import nbtrack\nwith nbtrack.start_run() as r: print(r.run_id)\n"
    first = start(write).finish()[0]
    store.fold()
    writer = start(write + "nbtrack.start_run()\nprint(nbtrack.active_run().run_id)\ninput()\n")
    second, third = writer.line(), writer.line()
    writer.kill()
    many = [Journal(folder / "journal") for _ in range(70)]  # so many that a reader would fold
    for journal in many:
        journal.append(lines.tag_line(second, "t", "v", t=1))
    places = [folder, folder / "journal", store.database, folder / "fold.lock"]
    modes = [place.stat().st_mode for place in places]
    for place in places:
        place.chmod(0o555)
    reader = start(
        UNPRIVILEGED + "import nbtrack\n"
        "for run in nbtrack.search_runs(output_format='list'): print(run.info.run_id)\n"
    )

    assert set(reader.finish()) == {first, second, third}
    assert reader.errors() == ""
    for place, mode in zip(places, modes):
        place.chmod(mode)
    assert len(store.search_runs(RunQuery())) == 3
