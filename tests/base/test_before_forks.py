"""A child that is forked while a thread of ours imports can import the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from nbtrack.base import before_forks
from nbtrack.base.before_forks import imports_in_background

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


@pytest.fixture
def slow_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of one that takes a fifth of a second."""
    name = f"slow_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text("import time\ntime.sleep(0.2)\nis_whole = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    return name


def exit_code_of_child(work: Callable[[], bool]) -> int:
    """0 if *work* says so; less than 0 if it never comes to an end."""
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        os._exit(0 if work() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_fork_waits_for_what_is_imported_aside(slow_module: str) -> None:
    def bring() -> None:
        with imports_in_background():
            import_module(slow_module)

    thread = threading.Thread(target=bring)
    thread.start()
    while slow_module not in sys.modules:
        time.sleep(0.001)
    assert exit_code_of_child(lambda: import_module(slow_module).is_whole) == 0
    thread.join()


def test_what_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is it let go by who does not have it; a child has a lock of its own."""
    monkeypatch.setattr(before_forks, "FORK_SECONDS", 0.01)
    begun, end = threading.Event(), threading.Event()

    def bring() -> None:
        with imports_in_background():
            begun.set()
            end.wait(60)

    thread = threading.Thread(target=bring)
    thread.start()
    begun.wait(60)

    def is_free() -> bool:
        with imports_in_background():
            return True

    assert exit_code_of_child(is_free) == 0
    end.set()
    thread.join()
    assert exit_code_of_child(is_free) == 0


LOADING = """
import os, signal, time
from nbtrack.ipython import _warm_up
_warm_up()
children = []
for _ in range(25):
    time.sleep(0.01)
    children.append(os.fork())
    if children[-1] == 0:
        signal.alarm(10)
        import duckdb
        os._exit(0)
assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(children)
"""


@pytest.mark.slow
def test_children_forked_while_the_extension_loads_import_what_it_does() -> None:
    subprocess.run([sys.executable, "-c", LOADING], check=True)
