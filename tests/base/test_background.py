"""Work that is done while nobody waits, or at once for who does."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from nbtrack.base import background
from nbtrack.base.background import Background


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Background]:
    monkeypatch.setattr(background, "QUIET_SECONDS", 0.02)
    monkeypatch.setattr(background, "LOOK_SECONDS", 0.02)
    made = Background()
    yield made
    made.close()


def becomes_true(check: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not check() and time.monotonic() < end:
        time.sleep(0.005)
    return check()


def test_work_is_done_by_itself_and_its_thread_ends(work: Background) -> None:
    """Nobody has to ask, and an idle process has no thread of ours."""
    done: list[str] = []

    work.submit("run", lambda: done.append(threading.current_thread().name), action="work")

    assert becomes_true(lambda: work._thread is None)
    assert done == ["nbtrack-background"]


def test_nothing_begins_while_a_cell_runs(work: Background) -> None:
    """The cell has the processor for itself, until it ends."""
    done: list[int] = []
    work.hold()
    work.submit("run", lambda: done.append(1), action="work")

    time.sleep(0.2)
    assert not done
    work.release()

    assert becomes_true(lambda: done == [1])


def test_who_waits_gets_it_at_once_also_in_a_cell(work: Background) -> None:
    """Waiting does the work in the waiting thread, of that run only."""
    done: list[str] = []
    work.hold()
    work.submit("mine", lambda: done.append("mine"), action="work", is_ready=lambda: False)
    work.submit("other", lambda: done.append("other"), action="work")

    work.wait("mine")

    assert done == ["mine"]
    assert work.waiting() == work.waiting("other") == 1


def test_work_waits_until_it_is_ready(work: Background) -> None:
    """The plots of a run are drawn when the run has ended, others before."""
    done: list[str] = []
    is_over = threading.Event()
    work.submit("open", lambda: done.append("open"), action="work", is_ready=is_over.is_set)
    work.submit("ended", lambda: done.append("ended"), action="work")

    assert becomes_true(lambda: done == ["ended"])
    is_over.set()

    assert becomes_true(lambda: done == ["ended", "open"])


def test_waiting_includes_what_the_thread_is_at(work: Background) -> None:
    """When `wait` returns the result is there."""
    began, done = threading.Event(), threading.Event()

    def job() -> None:
        began.set()
        time.sleep(0.1)
        done.set()

    work.submit("run", job, action="work")
    assert began.wait(20)
    work.wait("run")

    assert done.is_set()


def test_a_job_may_wait_for_its_own_run(work: Background) -> None:
    """It reads an artifact of the run it works for: it does not wait for itself."""
    work.submit("run", lambda: work.wait("run"), action="work")

    work.wait("run")

    assert work.waiting() == 0


def test_a_fault_costs_its_work_only(work: Background, caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, and the next piece is done."""
    done: list[int] = []
    work.submit("run", lambda: [][1], action="draw a test")  # type: ignore[arg-type]
    work.submit("run", lambda: done.append(1), action="work")

    work.wait()

    assert done == [1]
    assert "could not draw a test" in caplog.text


def test_interrupted_work_is_done_later(work: Background) -> None:
    """Ctrl-C while waiting ends the waiting, not the work."""
    tries: list[int] = []

    def job() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise KeyboardInterrupt

    work.hold()
    work.submit("run", job, action="work")

    with pytest.raises(KeyboardInterrupt):
        work.wait("run")
    work.wait("run")

    assert len(tries) == 2


def test_a_long_row_of_work_is_cut(work: Background, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop of a thousand fits leaves the oldest pictures to who asks for them."""
    monkeypatch.setattr(background, "MOST_WAITING", 3)
    work.hold()

    for place in range(10):
        work.submit(str(place), lambda: None, action="work")

    assert work.waiting() == 3
    assert work.waiting("9") == 1


def test_closing_takes_no_longer_than_it_may() -> None:
    """At exit: the work that is begun in time is finished, the rest is dropped."""
    work, done = Background(), []
    work.hold()

    def job() -> None:
        time.sleep(0.06)
        done.append(1)

    for _ in range(100):
        work.submit("run", job, action="work")
    work.close(0.1)

    assert 1 <= len(done) <= 2
    assert work.waiting() == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_leaves_the_work_to_its_parent() -> None:
    """Otherwise it would be done twice; and the child's own work is done."""
    background.hold()
    background.submit("run", lambda: None, action="work")
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writer, str(background.waiting()).encode())
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reader, 9) == b"0"
    assert background.waiting("run") == 1
    background.release()
    background.wait()


SCRIPT = """
import atexit
from nbtrack.base import background
{first}
background.submit("run", lambda: print("worked", flush=True), action="work", is_ready=lambda: False)
print("end of script", flush=True)
"""


def test_a_script_does_its_work_at_exit() -> None:
    """Before handlers that were registered earlier, such as the one that ends its runs."""
    first = "atexit.register(lambda: print('session closed', flush=True))\nbackground.hold()"
    code = SCRIPT.format(first=first)

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split("\n") == ["end of script", "worked", "session closed", ""]
