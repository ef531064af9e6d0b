"""The background thread that folds."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue

import pytest

from nbtrack.stores.local import folding_thread
from nbtrack.stores.local.folding_thread import FoldingThread

PATIENCE = 60.0


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding_thread, "MOST_SECONDS", 0.05)
    monkeypatch.setattr(folding_thread, "LEAST_SECONDS", 0.01)


def folding(answer: Callable[[int], bool]) -> tuple[FoldingThread, SimpleQueue[int]]:
    """A thread whose n-th fold gives `answer(n)`, and the numbers of the folds."""
    folds: SimpleQueue[int] = SimpleQueue()
    count = 0

    def fold() -> bool:
        nonlocal count
        count += 1
        folds.put(count)
        return answer(count)

    return FoldingThread(fold), folds


@pytest.mark.parametrize("is_urgent", [True, False])
def test_what_waits_is_folded(is_urgent: bool) -> None:
    """Urgent or not; and nothing is done, nor any thread begun, before that."""
    thread, folds = folding(lambda _: True)
    assert thread._thread is None
    thread.request(is_urgent)
    assert folds.get(timeout=PATIENCE) == 1
    thread.close()
    assert folds.empty()


def test_a_fold_that_could_not_be_done_is_tried_again() -> None:
    """Without anybody asking for it once more."""
    thread, folds = folding(lambda n: n == 3)
    thread.request(True)
    assert [folds.get(timeout=PATIENCE) for _ in range(3)] == [1, 2, 3]
    thread.close()


def test_a_fold_that_fails_does_not_end_the_thread(caplog: pytest.LogCaptureFixture) -> None:
    """The next try; one line of warning if that fails, too."""

    def answer(n: int) -> bool:
        if n <= 2:
            raise OSError(f"odd thing {n}")
        return True

    thread, folds = folding(answer)
    thread.request(True)
    assert [folds.get(timeout=PATIENCE) for _ in range(3)] == [1, 2, 3]
    thread.close()
    assert caplog.text.count("odd thing") == caplog.text.count("odd thing 2") == 1


@pytest.mark.parametrize("fault", [None, OSError("odd thing")])
def test_it_prepares_once_and_before_it_folds(fault: OSError | None) -> None:
    """What is wrong there shows when it folds, and keeps nobody from trying."""
    done: SimpleQueue[str] = SimpleQueue()

    def prepare() -> None:
        done.put("prepare")
        if fault is not None:
            raise fault

    def fold() -> bool:
        done.put("fold")
        return True

    thread = FoldingThread(fold, prepare=prepare)
    assert thread._thread is None
    thread.request(False)
    assert [done.get(timeout=PATIENCE) for _ in range(2)] == ["prepare", "fold"]
    thread.request(True)
    assert done.get(timeout=PATIENCE) == "fold"
    thread.close()
    assert done.empty()


def test_a_thread_that_is_closed_at_once_prepares_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding_thread, "PREPARE_SECONDS", PATIENCE)
    done: SimpleQueue[str] = SimpleQueue()
    thread = FoldingThread(lambda: True, prepare=lambda: done.put("prepare"))
    thread.request(False)
    thread.close()
    assert done.empty()


def test_closing_ends_the_thread_at_once() -> None:
    """A thread alive at exit would find DuckDB half taken down; requests come too late then."""
    thread, folds = folding(lambda _: False)
    thread.request(False)
    folds.get(timeout=PATIENCE)
    running = thread._thread
    assert running is not None
    thread.close()
    assert not running.is_alive()
    thread.request(True)
    assert thread._thread is running
