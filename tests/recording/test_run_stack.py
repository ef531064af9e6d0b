"""Whoever logs, logs to the run it was started in: random programs with threads and tasks."""

from __future__ import annotations

import asyncio
import pickle
import random
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

import nbtrack
from nbtrack.recording.handing_over import _Job
from nbtrack.recording.here import Here

STARTERS = ("thread", "job", "ThreadPool", "task")


def program(rng: random.Random, depth: int) -> list[Any]:
    """Steps: "log", or ("run" or who starts it, the steps of that)."""
    steps: list[Any] = ["log"]
    for _ in range(rng.randint(1, 3) if depth else 0):
        steps.append((rng.choice(("run", *STARTERS)), program(rng, depth - 1)))
        steps.append("log")
    return steps


class Performance:
    """What is started waits until all blocks around it have been left."""

    def __init__(self) -> None:
        self.expected: dict[str, list[float]] = defaultdict(list)  # by run
        self.gate = threading.Event()
        self.waiting: list[Any] = []  # to be called at the end; tasks are known to their loops
        self.pool, self.workers = ThreadPoolExecutor(64), ThreadPool(16)
        self._count = 0
        self._lock = threading.Lock()

    async def perform(self, steps: list[Any], run_id: str) -> None:
        for step in steps:
            if step == "log":
                self._log(run_id)
            elif step[0] == "run":
                with nbtrack.start_run(nested=True) as run:
                    await self.perform(step[1], run.info.run_id)
            else:
                self._start(*step, run_id)

    def _log(self, run_id: str) -> None:
        with self._lock:
            self._count += 1
            self.expected[run_id].append(float(self._count))
            nbtrack.log_metric("m", self._count, step=self._count)

    def _start(self, who: str, steps: list[Any], run_id: str) -> None:
        async def late() -> None:
            while not self.gate.is_set():
                await asyncio.sleep(0.001)
            await self.perform(steps, run_id)

        def in_thread() -> None:
            self.gate.wait()
            asyncio.run(self._with_all_it_starts(steps, run_id))

        if who == "thread":
            thread = threading.Thread(target=in_thread)
            thread.start()
            self.waiting.append(thread.join)
        elif who == "job":
            self.waiting.append(self.pool.submit(in_thread).result)
        elif who == "ThreadPool":
            self.waiting.append(self.workers.apply_async(in_thread).get)
        else:
            asyncio.get_running_loop().create_task(late())

    async def _with_all_it_starts(self, steps: list[Any], run_id: str) -> None:
        await self.perform(steps, run_id)
        await all_tasks_done()


async def all_tasks_done() -> None:
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.gather(*others)


@pytest.mark.parametrize("seed", range(5))
def test_each_point_is_in_the_run_it_was_started_in(tmp_path, seed):
    """Though all those runs have ended, and another one is open, when it is logged."""
    nbtrack.set_tracking_uri(tmp_path)
    steps, performance = program(random.Random(seed), 4), Performance()

    async def main() -> None:
        with nbtrack.start_run(run_name="first") as run:
            await performance.perform(steps, run.info.run_id)
        with nbtrack.start_run(run_name="second"):
            performance.gate.set()
            await all_tasks_done()
            while performance.waiting:
                performance.waiting.pop()()

    asyncio.run(main())
    performance.pool.shutdown()
    performance.workers.terminate()
    runs = nbtrack.search_runs(output_format="list")
    found = {
        run.info.run_id: sorted(
            point.value for point in nbtrack.MlflowClient().get_metric_history(run.info.run_id, "m")
        )
        for run in runs
    }
    nbtrack.set_tracking_uri(None)

    assert {run_id: points for run_id, points in found.items() if points} == {
        run_id: sorted(points) for run_id, points in performance.expected.items()
    }
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_what_is_given_to_a_pool_can_be_pickled():
    """Pools of interpreters do that: the function goes, without what is known of it here."""
    assert pickle.loads(pickle.dumps(_Job(len, Here())))("ab") == 2


def test_methods_take_their_function_by_name(tmp_path):
    """As before."""
    nbtrack.set_tracking_uri(tmp_path)
    with nbtrack.start_run(), ThreadPool(1) as pool:
        assert pool.map(func=len, iterable=["ab"]) == [2]
    nbtrack.set_tracking_uri(None)
    assert not hasattr(threading.Thread.start, "__wrapped__")
