"""Locks that end with their holder."""

from __future__ import annotations

import os
from pathlib import Path

from nbtrack.base.locks import held, is_held


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    """A second one is told at once that the lock is taken; afterwards it is free."""
    lock = tmp_path / "lock"
    with held(lock) as first, held(lock) as second:
        assert (first, second) == (True, False)
        assert is_held(lock)
    assert not is_held(lock)


def test_who_looks_does_not_look_like_a_holder(tmp_path: Path) -> None:
    """Many may ask at once whether somebody holds a lock that nobody holds."""
    lock = tmp_path / "lock"
    lock.touch()
    pids = []
    for _ in range(4):
        if (pid := os.fork()) == 0:
            os._exit(any(is_held(lock) for _ in range(2000)))
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 4


def test_a_file_that_is_gone_is_held_by_nobody(tmp_path: Path) -> None:
    """Whoever cleared up after a dead process has deleted its lock."""
    assert not is_held(tmp_path / "gone")
