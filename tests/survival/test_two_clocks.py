"""What is written later counts, also when the clock of who wrote it is behind, or a start ahead."""

from __future__ import annotations

import time

import pytest

pytestmark = pytest.mark.usefixtures("begun")
BEGIN = """
import nbtrack
client = nbtrack.MlflowClient()
run = client.create_run("0", run_name="first", tags={"stage": "dev"})
client.log_param(run.info.run_id, "p", 1)
client.log_text(run.info.run_id, "first", "a.txt")
print(run.info.run_id)
"""
GO_ON = """
import sys, time
seconds, run_id, how = int(sys.argv[1]), sys.argv[2], sys.argv[3]
real = time.time_ns
time.time_ns = lambda: real() - seconds * 10**9
import nbtrack
client = nbtrack.MlflowClient()
if how == "resumed":
    run = nbtrack.start_run(run_id=run_id)
    run.set_tag("stage", "test")
    run.set_tag("stage", "prod")
    run.log_param("p", 2)
    run.log_text("second", "a.txt")
    run.rename("second")
    run.end()
else:
    client.set_tag(run_id, "stage", "test")
    client.set_tag(run_id, "stage", "prod")
    client.log_param(run_id, "p", 2)
    client.log_text(run_id, "second", "a.txt")
    client.update_run(run_id, name="second")
    client.set_terminated(run_id)
"""


@pytest.mark.parametrize("how", ["by id", "resumed"])
@pytest.mark.parametrize("is_folded", [True, False], ids=["folded", "in the journal"])
def test_a_clock_that_is_behind_overwrites_all_the_same(start, store, how, is_folded):
    """Another machine's clock may be a minute behind: what it changes is changed."""
    (run_id,) = start(BEGIN).finish()
    if is_folded:
        store.fold()
    start(GO_ON, 60, run_id, how).finish()

    run = store.get_run(run_id)
    assert (run.info.run_name, run.info.status) == ("second", "FINISHED")
    assert (run.data.tags["stage"], run.data.params) == ("prod", {"p": "2"})
    (file,) = store.list_artifact_records(run_id)
    assert file.file_size == len("second")


def test_a_start_in_the_future_is_a_fact_and_no_order(start, store):
    """`start_time` is the caller's to choose; what is changed after it is changed."""
    ahead = int(time.time() * 1000) + 3_600_000
    (run_id,) = start(BEGIN.replace('"0",', f'"0", start_time={ahead},')).finish()
    assert store.look_up_run(run_id).newest_us < ahead * 1000
    start(GO_ON, 0, run_id, "by id").finish()

    run = store.get_run(run_id)
    assert (run.info.run_name, run.info.status) == ("second", "FINISHED")
    assert (run.data.tags["stage"], run.info.start_time) == ("prod", ahead)


DELETE = """
import sys, time
seconds, action, run_id = int(sys.argv[1]), sys.argv[2], sys.argv[3]
real = time.time_ns
time.time_ns = lambda: real() - seconds * 10**9
import nbtrack
getattr(nbtrack.MlflowClient(), action)(run_id)
"""


def test_a_run_is_restored_by_a_clock_that_is_behind(start, store):
    """Of deleting and restoring, too, the later one counts."""
    (run_id,) = start(BEGIN).finish()
    start(DELETE, 0, "delete_run", run_id).finish()
    assert store.get_run(run_id).info.lifecycle_stage == "deleted"
    start(DELETE, 60, "restore_run", run_id).finish()
    assert store.get_run(run_id).info.lifecycle_stage == "active"
