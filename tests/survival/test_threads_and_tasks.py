"""Threads and asyncio tasks: each point lands in the run of who logged it."""

from __future__ import annotations

THREADS = """
import threading, nbtrack
barrier = threading.Barrier(4)
def work(n):
    with nbtrack.start_run(run_name=f"outer {n}"):
        barrier.wait()
        for step in range(500):
            nbtrack.log_metric("who", float(n), step=step)
        with nbtrack.start_run(run_name=f"inner {n}", nested=True):
            barrier.wait()
            for step in range(500):
                nbtrack.log_metric("who", float(10 + n), step=step)
        nbtrack.log_metric("after", float(n))
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert nbtrack.active_run() is None
"""
TASKS = """
import asyncio, nbtrack
async def work(n):
    with nbtrack.start_run(run_name=f"outer {n}", nested=True):
        for step in range(20):
            nbtrack.log_metric("who", float(n), step=step)
            await asyncio.sleep(0)
    return nbtrack.active_run().info.run_name
async def main():
    with nbtrack.start_run(run_name="main"):
        names = await asyncio.gather(*(work(n) for n in range(4)))
        assert names == ["main"] * 4, names
        nbtrack.log_metric("after", 1.0)
asyncio.run(main())
assert nbtrack.active_run() is None
"""
PLAIN_THREAD = """
import threading, nbtrack
from concurrent.futures import ThreadPoolExecutor
with nbtrack.start_run(run_name="base") as run:
    def work(n):
        nbtrack.log_metric("m", float(n), step=n)
        assert nbtrack.active_run().run_id == run.run_id
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(200)))
print(run.run_id)
"""
LEFT_OPEN = """
import gc, threading, nbtrack
def work():
    nbtrack.start_run(run_name="left open")
    nbtrack.log_metric("m", 1.0)
thread = threading.Thread(target=work)
thread.start()
thread.join()
gc.collect()
"""


def points_by_run(store, key="who"):
    with store._snapshots.open() as connection:
        rows = connection.execute(
            "select run_name, count(*), min(value), max(value), any_value(status) from runs"
            " join metrics using (run_id) where key = ? group by 1 order by 1",
            [key],
        ).fetchall()
    return {name: facts for name, *facts in rows}


def test_four_threads_with_nested_runs(start, store):
    """Outer and inner runs of four threads hold their own points and nobody else's."""
    start(THREADS).finish()

    outer = {f"outer {n}": [500, float(n), float(n), "FINISHED"] for n in range(4)}
    inner = {f"inner {n}": [500, 10.0 + n, 10.0 + n, "FINISHED"] for n in range(4)}
    assert points_by_run(store) == outer | inner
    assert set(points_by_run(store, "after")) == set(outer)


def test_gathered_tasks_with_a_run_each(start, store):
    """Tasks that take turns do not take each other's runs; afterwards main's is active again."""
    start(TASKS).finish()

    expected = {f"outer {n}": [20, float(n), float(n), "FINISHED"] for n in range(4)}
    assert points_by_run(store) == expected
    assert points_by_run(store, "after") == {"main": [1, 1.0, 1.0, "FINISHED"]}
    parents = store.query("select count(distinct parent_run_id) as n from runs")["n"].item()
    assert parents == 1


def test_a_thread_without_a_run_logs_to_the_scripts(start, store):
    """A pool's threads have no run of their own, so the points go to the one that is open."""
    (run_id,) = start(PLAIN_THREAD).finish()

    assert [point.value for point in store.read_metrics(run_id, "m")] == [
        float(n) for n in range(200)
    ]


def test_a_run_that_its_thread_left_open_ends_with_the_process(start, store):
    """It is FINISHED at a normal exit, though its thread is long gone."""
    start(LEFT_OPEN).finish()

    assert points_by_run(store, "m") == {"left open": [1, 1.0, 1.0, "FINISHED"]}
