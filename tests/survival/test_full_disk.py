"""A disk that takes nothing: the user's code goes on, is warned once, and records wait."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from nbtrack.records.runs import RunStatus

# A file size limit is a full disk that needs no disk: writes stop short, then fail.
LOG_TO_A_LIMIT = """
import resource, nbtrack
from nbtrack.recording.session import current_session
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
with nbtrack.start_run() as run:
    print(run.run_id)
    limit(100_001)
    for n in range(3000):
        nbtrack.log_metric("i", float(n), step=n)
    for _ in range(3):
        current_session().check_store()  # what the end of a cell does: it tries again
    print("full", current_session().store.waiting_records > 0)
"""
CURED = """
    limit(hard)
    current_session().check_store()
    print("cured", current_session().store.waiting_records)
    input()
    nbtrack.log_metric("i", 3000.0, step=3000)
"""


def steps(store, run_id):
    return [point.step for point in store.read_metrics(run_id, "i")]


def test_what_a_full_disk_refused_is_written_when_it_is_cured(start, store):
    """Every record is there, in order, each once; one line of warning; nothing is lost."""
    script = start(LOG_TO_A_LIMIT + CURED)
    run_id = script.line()
    script.wait_for("full True")
    script.wait_for("cured 0")
    assert steps(store, run_id) == list(range(3000))

    script.tell()
    script.finish()
    assert steps(store, run_id) == list(range(3001))
    assert store.get_run(run_id).info.status == RunStatus.FINISHED
    (warning,) = script.errors().splitlines()
    assert "File too large. Your code goes on" in warning


def test_records_that_waited_are_written_at_exit(start, store):
    """A script that logs nothing more after the cure loses nothing either."""
    script = start(LOG_TO_A_LIMIT + "    limit(hard)\n")
    run_id = script.line()
    script.finish()

    assert steps(store, run_id) == list(range(3000))
    assert store.get_run(run_id).info.status == RunStatus.FINISHED


def test_a_disk_that_stays_full_costs_records_and_says_how_many(start, store):
    """What had been written is there; at exit the rest is counted, and the script ends well."""
    script = start(LOG_TO_A_LIMIT)
    run_id = script.line()
    script.finish()

    found = steps(store, run_id)
    assert found == list(range(len(found)))
    assert 0 < len(found) < 3000
    # The end of the run waits, too.
    assert f"{3000 - len(found) + 1} records are lost" in script.errors()


LOSE_SOME = """
import resource, nbtrack
from nbtrack.journal import writing
writing.BACKLOG_BYTES = 10_000
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
run = nbtrack.start_run()
print(run.run_id)
nbtrack.log_metric("i", 0.0)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
for n in range(1000):
    nbtrack.log_metric("i", float(n), step=n)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
"""


@pytest.mark.parametrize("end", ["nbtrack.end_run()", ""], ids=["ended", "at exit"])
def test_a_run_says_how_many_records_it_lost(start, store, end):
    """A script is told when the first one is lost, and the run carries the number."""
    script = start(LOSE_SOME + end)
    run_id = script.line()
    script.finish()

    kept = len(steps(store, run_id))
    assert 0 < kept < 1001
    assert store.get_run(run_id).data.tags["nbtrack.lost_records"] == str(1001 - kept)
    assert "from now on metrics are lost" in script.errors()


def test_an_idle_process_tries_again_by_itself(start, store):
    """Nothing is called after the cure: the background thread writes what waits."""
    script = start(LOG_TO_A_LIMIT + "    limit(hard)\n    input()\n")
    run_id = script.line()
    script.wait_for("full True")
    for _ in range(600):
        if steps(store, run_id) == list(range(3000)):
            break
        time.sleep(0.1)
    assert steps(store, run_id) == list(range(3000))
    script.kill()


LOG_TO_A_SMALL_DISK = """
import os, sys, nbtrack
from nbtrack.recording.session import current_session
filler = sys.argv[1]
with nbtrack.start_run() as run:
    print(run.run_id)
    nbtrack.log_text("first", "before.txt")
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    for n in range(3000):
        nbtrack.log_metric("i", float(n), step=n)
    nbtrack.log_text("x" * 100_000, "big.txt")
    nbtrack.log_text("too", "small.txt")
    current_session().store.fold()
    print("full")
    input()
    os.unlink(filler)
    current_session().check_store()
    current_session().store.fold()
    nbtrack.log_text("late", "after.txt")
"""


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs the rights of root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs the rights of root")
def test_a_really_full_disk(start, small_disk):
    """Points, files and folding on a full file system; after the cure all points are there."""
    from nbtrack.stores.local.duckdb import DuckDBStore

    folder = small_disk / ".nbtrack"
    script = start(LOG_TO_A_SMALL_DISK, small_disk / "filler", NBTRACK_DIR=str(folder))
    run_id = script.line()
    script.wait_for("full")
    script.tell()
    script.finish()

    store = DuckDBStore(folder)
    assert steps(store, run_id) == list(range(3000))
    assert [file.path for file in store.list_artifact_records(run_id)] == [
        "after.txt",
        "before.txt",
    ]
    artifacts = folder / "artifacts" / run_id
    assert sorted(file.name for file in artifacts.iterdir()) == ["after.txt", "before.txt"]
    assert store.get_run(run_id).info.status == RunStatus.FINISHED
    store.close()


MAKE_IN_NO_ROOM = """
import resource, nbtrack
from nbtrack.errors import StoreError
from nbtrack.recording.session import current_session
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
with nbtrack.start_run() as run:
    print(run.run_id)
    nbtrack.log_metric("i", 0.0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    store = current_session().store
    try:
        print("folded", store.fold())
    except StoreError as error:
        print("refused", str(error).splitlines()[0])
    print(sorted(path.name for path in store.folder.glob("nbtrack.duckdb*")))
"""


def test_a_database_that_found_no_room_leaves_nothing_behind(start, store):
    """Half of a new database file is taken away again, and the run waits in the journal."""
    script = start(MAKE_IN_NO_ROOM)
    run_id = script.line()
    assert script.line().startswith("refused")
    assert script.line() == "[]"
    script.finish()

    assert steps(store, run_id) == [0]
