"""A Ctrl-C while what is kept is asked leaves nothing taken."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest

from nbtrack.records.runs import RunQuery
from nbtrack.stores.kept import kept_runs
from nbtrack.stores.local.duckdb import DuckDBStore


class Stop(Exception):
    """What a Ctrl-C raises, for these tests alone."""


class InterruptedLock:
    """Takes the lock, and is interrupted before anybody knows."""

    def __init__(self, lock: Any) -> None:
        self._lock = lock
        self.release = lock.release

    def acquire(self, **named: float) -> bool:
        self._lock.acquire(**named)
        raise Stop


def is_free(kept: kept_runs.KeptRuns) -> bool:
    """For another thread."""
    found: list[bool] = []

    def take() -> None:
        found.append(kept._lock.acquire(timeout=0.2))
        if found == [True]:
            kept._lock.release()

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return found == [True]


def test_an_interrupt_behind_the_lock_lets_it_go(store: DuckDBStore) -> None:
    """It comes when the lock is taken, and nothing has been done with it yet."""
    lock = store._kept._lock
    store._kept._lock = InterruptedLock(lock)  # type: ignore[assignment]  # as much of one as is used
    with pytest.raises(Stop):
        store._kept.ask(len)
    store._kept._lock = lock
    assert store.count_runs(RunQuery()) == 0
    assert store._kept.ask(len) == 0
    assert is_free(store._kept)


def test_many_interrupts_at_any_moment_leave_the_lock_free(store: DuckDBStore) -> None:
    """Of a timer, in the middle of asking."""

    def stop(*_: object) -> None:
        raise Stop

    store.count_runs(RunQuery())
    before = signal.signal(signal.SIGALRM, stop)
    try:
        for n in range(300):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0002 + n % 50 * 1e-6)
                while True:
                    store._kept._alone(lambda: 1, timeout=1.0)
            except Stop:
                pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert is_free(store._kept)
    assert not store._kept._inside


def test_a_signal_handler_that_asks_is_sent_to_the_file(store: DuckDBStore) -> None:
    """In the middle of a question of its own thread, and the lock stays the question's."""

    def question(_: object) -> bool:
        assert store._kept.ask(len) is None
        return not is_free(store._kept)

    assert store._kept.ask(question)
    assert is_free(store._kept)
