"""The machine, sampled while runs are open: one thread for all of them.

The first sample comes within the run's first second and the last one when it ends, so that a run
that is shorter than the interval has some. Thread and writing take less than five parts in a
thousand of one processor, however short the interval: the thread rests for long, and what came is
written every ten seconds.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from nbtrack.base.guard import guarded
from nbtrack.errors import RunDeleted, StoreError
from nbtrack.journal.lines import now_us
from nbtrack.recording.gpus import Gpus
from nbtrack.recording.machine import Machine, Sample, SystemMetrics, mean
from nbtrack.records.origins import Origin, Origins, all_of
from nbtrack.records.runs import Metric

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

THREAD_NAME = "SystemMetricsMonitor"  # as MLflow's is called
FIRST_SECONDS = 0.25
WRITE_SECONDS = 10.0  # between two writes: each wakes up who folds the journal
LINGER_SECONDS = 2.0  # without a run: many may begin and end in a row
REST_PER_COST = 400.0  # rest so many times as long as a look took of the processor
_ALWAYS_THERE = "system_memory_usage_megabytes"


class Following:
    """Of one run."""

    def __init__(self, run: ActiveRun, how: SystemMetrics) -> None:
        self.run = run
        self.due = time.monotonic() + min(FIRST_SECONDS, how.interval)
        self._how = how
        self._machine = Machine()
        self._taken: list[Sample] = []
        self._points: list[Metric] = []
        self._next_write = 0.0
        self._step: int | None = None  # None: there is no point yet
        self._told: set[str] = set()
        self._is_over = False
        self._lock = threading.RLock()  # a run may be ended by any thread

    def look(self, gpus: Gpus | None) -> None:
        with self._lock:
            if self._is_over:
                return
            self._take(gpus)
            self.due = time.monotonic() + self._how.interval
            if len(self._taken) >= self._how.samples:
                self._add_points()
            if self._points and time.monotonic() >= self._next_write:
                self._write()

    def finish(self, gpus: Gpus | None) -> None:
        """The run ends: the last sample, and what waits."""
        with self._lock:
            if not self._is_over:
                self._is_over = True
                self._take(gpus)
                self._add_points()
                self._write()

    def _take(self, gpus: Gpus | None) -> None:
        of_gpus = {} if gpus is None else gpus.sample()
        self._taken.append({**self._machine.sample(), **of_gpus})

    def _add_points(self) -> None:
        taken, self._taken = self._taken, []
        now, step = now_us() // 1000, self._next_step()
        self._points += [
            Metric(f"{self._how.prefix}/{name}", value, now, step)
            for name, value in mean(taken).items()
        ]
        self._step = step

    def _write(self) -> None:
        points, self._points = self._points, []
        with suppress(RunDeleted):  # just now, by any thread
            self._log(points)
        self._next_write = time.monotonic() + WRITE_SECONDS

    def _log(self, points: list[Metric]) -> None:
        self.run.log_batch(metrics=points)
        if new := {point.key for point in points} - self._told:
            self._told |= new
            self.run.note_origins(Origins(metrics=all_of(new, Origin.BOOKKEEPING)))

    def _next_step(self) -> int:
        if self._step is not None:
            return self._step + 1
        if self.run.is_resumed:
            with suppress(StoreError):  # somebody holds the database: their times tell them apart
                return self.run.next_step(f"{self._how.prefix}/{_ALWAYS_THERE}")
        return 0


class Sampler:
    """The thread, and the runs that are sampled."""

    def __init__(self) -> None:
        self._followed: dict[ActiveRun, Following] = {}
        self._gpus: Gpus | None = None  # None: not opened yet
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_stopping = False

    def follow(self, run: ActiveRun, how: SystemMetrics) -> None:
        with self._lock:
            if run in self._followed or not run.is_open:
                return
            self._followed[run] = Following(run, how)
            run.at_end.append(lambda: self._finish(run))
            self._begin()

    def stop(self) -> None:
        """The process ends: wait for the thread; runs that are open are sampled a last time."""
        with self._lock:
            thread, self._is_stopping = self._thread, True
        self._wake.set()
        if thread is not None:
            thread.join()

    def _finish(self, run: ActiveRun) -> None:
        with self._lock:
            found = self._followed.pop(run, None)
        if found is not None:
            found.finish(self._gpus)

    def _begin(self) -> None:
        self._wake.set()
        if self._thread is None and not self._is_stopping:
            self._thread = threading.Thread(target=self._work, name=THREAD_NAME, daemon=True)
            # Registered last, called first at exit: while the store is still there.
            atexit.unregister(_stop)
            atexit.register(_stop)
            self._thread.start()

    def _work(self) -> None:
        if self._gpus is None:
            with guarded("look for GPUs"):
                self._gpus = Gpus()
        earliest = cost_before = 0.0
        while (due := self._next_due()) is not None:
            if self._wake.wait(max(due, earliest) - time.monotonic()):
                self._wake.clear()  # another run has come
                continue
            began = time.thread_time()
            self._look()
            cost = time.thread_time() - began
            # The first look of all is dear, and no measure of the others.
            earliest = time.monotonic() + REST_PER_COST * min(cost, cost_before)
            cost_before = cost

    def _next_due(self) -> float | None:
        """None ends the thread; the next run begins another one."""
        with self._lock:
            # One that ends takes its last sample first: `_finish` lets it go.
            for run in [run for run in self._followed if run.is_deleted]:
                del self._followed[run]
        if not self._followed and self._wake.wait(LINGER_SECONDS):
            self._wake.clear()
        with self._lock:
            if self._is_stopping or not self._followed:
                self._thread = None
                return None
            return min(each.due for each in self._followed.values())

    def _look(self) -> None:
        now = time.monotonic()
        with self._lock:
            due = [each for each in self._followed.values() if each.due <= now]
        for each in due:
            with guarded(
                "sample the machine", on_fault=partial(self._followed.pop, each.run, None)
            ):
                each.look(self._gpus)


_sampler = Sampler()


def follow(run: ActiveRun, how: SystemMetrics) -> None:
    """Sample until *run* ends. Twice is once. Raises MissingExtra."""
    _sampler.follow(run, how)


def _stop() -> None:
    with guarded("end the sampling of the machine"):
        _sampler.stop()


def _after_fork() -> None:
    """The parent's runs are sampled there."""
    global _sampler
    _sampler = Sampler()


os.register_at_fork(after_in_child=_after_fork)
