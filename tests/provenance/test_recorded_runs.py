"""A run knows the cells that it came from, as another process reads it from the store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nbtrack.provenance.slices import slice_of
from nbtrack.records.executions import ExecutionStatus
from tests.support.kernel import Kernel, newest_as

pytestmark = pytest.mark.slow


def sources(kernel: Kernel, name: str) -> list[str]:
    """Of the slice of the run called *name*."""
    executions = kernel.store.read_executions(newest_as(kernel, name).info.run_id)
    kept = slice_of(executions, executions[-1].number)
    texts = kernel.store.read_texts([each.source for each in kept])
    return [texts[each.source] for each in kept]


def test_runs_know_their_cells(new_kernel: Callable[..., Kernel]) -> None:
    """Also cells that ran before nbtrack was loaded, that are in other cells, that fail; and a
    kernel that is killed leaves what was known."""
    kernel = new_kernel(load=False)
    kernel.run("l = [1]")
    kernel.run("%load_ext nbtrack")
    kernel.run("l.append(2)")
    kernel.run("z = 0")
    kernel.run("%%track one\nm = sum(l)")
    kernel.run("for n in [1]: get_ipython().run_cell_magic('track', 'inner', 'q = m')")
    kernel.run("%%track failing\nq / 0")
    beginning = ["l = [1]", "l.append(2)", "%%track one\nm = sum(l)"]

    assert sources(kernel, "one") == beginning
    assert sources(kernel, "inner")[:-1] == beginning
    assert sources(kernel, "failing")[-1] == "%%track failing\nq / 0"

    request = kernel.send("%%track killed\nprint('go', m)\nimport time; time.sleep(100)")
    kernel.wait_for_output("go")
    kernel.kill()
    last = kernel.store.read_executions(newest_as(kernel, "killed").info.run_id)[-1]

    assert request
    assert last.status is ExecutionStatus.RUNNING
    assert sources(kernel, "killed")[:-1] == beginning


def test_nothing_is_recorded_when_it_is_switched_off(new_kernel: Callable[..., Kernel]) -> None:
    kernel = new_kernel(NBTRACK_PROVENANCE="0")
    kernel.run("x = 1")
    kernel.run("%%track off\nx")

    assert kernel.store.read_executions(kernel.newest().info.run_id) == []
