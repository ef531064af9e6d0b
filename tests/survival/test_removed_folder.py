"""`rm -rf .nbtrack` under a living process: people do that to start afresh."""

from __future__ import annotations

import shutil
import time

import pytest

from nbtrack.records.runs import RunStatus
from nbtrack.stores.local.duckdb import DuckDBStore

LOG_ON = """
import sys, nbtrack
from nbtrack.recording.session import current_session
if len(sys.argv) > 1:
    run = nbtrack.start_run(run_id=sys.argv[1])
else:
    run = nbtrack.start_run(run_name="survivor", tags={"team": "red"})
nbtrack.log_metric("m", 1.0, step=1)
print(run.run_id)
input()
current_session().check_store()
nbtrack.log_metric("m", 2.0, step=2)
print("logged")
input()
"""


@pytest.fixture
def read_afresh(folder):
    opened = []

    def read():
        opened.append(DuckDBStore(folder))
        return opened[-1]

    yield read
    for store in opened:
        store.close()


@pytest.mark.parametrize("is_folded", [False, True])
def test_an_open_run_goes_on_in_the_new_folder(start, folder, read_afresh, is_folded):
    """The run is announced again, says so once, and what it logs from then on is there."""
    script = start(LOG_ON)
    run_id = script.line()
    if is_folded:
        read_afresh().fold()
    shutil.rmtree(folder)
    script.tell()
    script.wait_for("logged")

    store = read_afresh()
    run = store.get_run(run_id)
    assert (run.info.run_name, run.info.status) == ("survivor", RunStatus.RUNNING)
    assert run.data.tags["team"] == "red"
    assert [point.step for point in store.read_metrics(run_id, "m")] == [2]
    script.tell()
    script.finish()
    assert store.get_run(run_id).info.status == RunStatus.FINISHED
    assert script.errors().count("was removed") == 1


def test_a_folder_moved_away_counts_as_removed(start, folder, read_afresh):
    """`mv .nbtrack old` starts afresh too, instead of writing on into the old one."""
    script = start(LOG_ON)
    run_id = script.line()
    folder.rename(folder.with_name("old"))
    script.tell()
    script.wait_for("logged")

    assert [point.step for point in read_afresh().read_metrics(run_id, "m")] == [2]


def test_the_announced_run_of_a_process_killed_later_is_killed(start, folder, read_afresh):
    """In the new folder, too, the run ends with the process that has it open."""
    script = start(LOG_ON)
    run_id = script.line()
    shutil.rmtree(folder)
    script.tell()
    script.wait_for("logged")
    script.kill()

    assert read_afresh().get_run(run_id).info.status == RunStatus.KILLED


def test_a_resumed_run_is_announced_again_too(start, folder, read_afresh):
    """A run that an earlier process began is known in the new folder by its name."""
    run_id = start("import nbtrack\nwith nbtrack.start_run(run_name='one') as r: print(r.run_id)")
    script = start(LOG_ON, run_id.finish()[0])
    resumed = script.line()
    shutil.rmtree(folder)
    script.tell()
    script.wait_for("logged")

    info = read_afresh().get_run(resumed).info
    assert (info.run_name, info.status) == ("one", RunStatus.RUNNING)


def test_a_run_started_after_the_removal_is_whole(start, folder, read_afresh):
    """A script that loops over runs loses at most the one during which the folder went."""
    script = start(
        """
import nbtrack
for n in (1, 2):
    with nbtrack.start_run() as run:
        nbtrack.log_metric("m", float(n))
    print(run.run_id)
    input()
"""
    )
    script.line()
    shutil.rmtree(folder)
    script.tell()
    second = script.line()
    script.tell()
    script.finish()

    run = read_afresh().get_run(second)
    assert (run.data.metrics, run.info.status) == ({"m": 2.0}, RunStatus.FINISHED)


def test_a_run_that_only_ends_after_the_removal_is_there(start, folder, read_afresh):
    """A plain script checks at the end of a run, so the run is known, with how it ended."""
    script = start(
        """
import nbtrack
with nbtrack.start_run() as run:
    print(run.run_id)
    input()
"""
    )
    run_id = script.line()
    shutil.rmtree(folder)
    script.tell()
    script.finish()

    assert read_afresh().get_run(run_id).info.status == RunStatus.FINISHED


def test_removal_of_the_database_alone_costs_only_what_was_folded(start, folder, read_afresh):
    """What the journals still hold is folded into a new file."""
    script = start(LOG_ON)
    run_id = script.line()
    read_afresh().fold()
    (folder / "nbtrack.duckdb").unlink()
    script.tell()
    script.wait_for("logged")

    store = read_afresh()
    assert [point.step for point in store.read_metrics(run_id, "m")] == [1, 2]
    while not store.fold():  # the script may just be folding
        time.sleep(0.01)
    assert [point.step for point in store.read_metrics(run_id, "m")] == [1, 2]
