"""A tracked cell in which the user stops a training: by a terminal, a notebook or the button."""

from __future__ import annotations

import time

import pytest

from nbtrack.api.stopping import stop
from nbtrack.records.tags import STOPPED_TAG
from tests.panels.shared.test_clicks_while_busy import WIDGET, Page
from tests.support.kernel import TIMEOUT, Kernel

BOOSTING = """%%track {name}
import numpy, xgboost
data = xgboost.DMatrix(numpy.ones((4, 2)), [0, 1, 0, 1])
booster = xgboost.train({{}}, data, 10**9, evals=[(data, "train")], verbose_eval=False)
print("goes on")
"""
LOOP = """%%track {name}
import torch
torch.set_num_threads(1)
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
while True:
    optimizer.zero_grad()
    model(torch.ones(4, 2)).mean().backward()
    optimizer.step()
"""


def wait_until_it_trains(kernel: Kernel, name: str) -> None:
    until = time.monotonic() + TIMEOUT
    while not any(r.info.run_name == name and r.data.metrics for r in kernel.runs()):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_the_code_behind_a_training_goes_on(kernel: Kernel) -> None:
    """Where the framework can be told to stop; the card says that it was."""
    pytest.importorskip("xgboost")
    cell = kernel.send(BOOSTING.format(name="boosting"))
    wait_until_it_trains(kernel, "boosting")
    stop(kernel.store, "boosting")
    reply = kernel.finish(cell)
    run = kernel.newest()

    assert (reply.status, reply.stdout, reply.stderr) == ("ok", "goes on\n", "")
    assert (run.info.status, run.data.tags[STOPPED_TAG]) == ("KILLED", "by you")
    assert "by you, with what was trained until then" in reply.card
    assert len(run.outputs.model_outputs) == 1


def test_a_loop_ends_without_a_traceback(kernel: Kernel) -> None:
    """The cell is over, and Run All with it; the run has no error, but its model."""
    pytest.importorskip("torch")
    cell = kernel.send(LOOP.format(name="loop"))
    wait_until_it_trains(kernel, "loop")
    stop(kernel.store, "loop")
    reply = kernel.finish(cell)
    run = kernel.newest()

    assert reply.errors == ["StopTraining"]
    assert reply.content["traceback"] == [
        "nbtrack: stopped by you; what was trained until now is kept."
    ]
    assert (run.info.status, run.data.tags[STOPPED_TAG]) == ("KILLED", "by you")
    assert kernel.cell(run).get("error") is None
    assert "Error" not in reply.card
    assert len(run.outputs.model_outputs) == 1
    assert kernel.run("1 + 1").result == "2"


def test_from_another_notebook(kernel: Kernel, new_kernel) -> None:
    """`%track stop`, which says so if nothing runs."""
    pytest.importorskip("xgboost")
    other = new_kernel(NBTRACK_DIR=str(kernel.project))
    cell = kernel.send(BOOSTING.format(name="watched"))
    wait_until_it_trains(kernel, "watched")
    reply = other.run("%track stop")
    kernel.finish(cell)

    assert "Asked 'watched'" in reply.stdout
    assert kernel.newest().info.status == "KILLED"
    assert "Nothing is running" in other.run("%track stop").content["evalue"]


def test_by_the_button_of_the_live_chart(kernel: Kernel) -> None:
    """Which a kernel with subshells hears while it trains."""
    pytest.importorskip("xgboost")
    page = Page(kernel, "")
    subshell = page.new_subshell()
    if subshell is None:
        pytest.skip("this ipykernel has no subshells")
    cell = kernel.send(BOOSTING.format(name="live --live"))
    while not page.comm_id:
        data = kernel.client.get_iopub_msg(timeout=TIMEOUT)["content"].get("data", {})
        page.comm_id = data.get(WIDGET, {}).get("model_id", "")
    wait_until_it_trains(kernel, "live")
    page.ask("stop", number=1, subshell=subshell)
    page.wait(lambda content: content.get("id") == 1)
    reply = kernel.finish(cell)

    assert (reply.status, reply.stdout) == ("ok", "goes on\n")
    assert kernel.newest().info.status == "KILLED"
