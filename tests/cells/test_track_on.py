"""`%track on`: every cell that logs something becomes a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.kernel import Kernel


@pytest.fixture
def on(kernel: Kernel) -> Iterator[Kernel]:
    kernel.run("%track on")
    yield kernel
    kernel.run("%track off")


def test_a_cell_that_logs_becomes_a_run(on: Kernel):
    """With its whole output and source, with inference, and with a card."""
    reply = on.run("print('before')\nlr = 0.5\nnbtrack.log_metric('loss', 1)\nprint('after')")
    run = on.newest()

    assert (run.data.params, run.data.metrics) == ({"lr": "0.5"}, {"loss": 1.0})
    assert on.cell(run)["source"].startswith("print('before')")
    assert on.artifacts(run)["output/stdout.txt"] == b"before\nafter\n"
    assert (run.info.status, len(reply.cards)) == ("FINISHED", 1)


def test_other_cells_are_no_runs(on: Kernel):
    """A cell that logs nothing leaves no trace."""
    before = len(on.runs())
    reply = on.run("x = 1\nprint(x)")

    assert (len(on.runs()), reply.cards) == (before, [])


def test_a_run_starts_with_its_cell(on: Kernel):
    """Not with the first thing that was logged."""
    on.run("import time; time.sleep(0.2); nbtrack.log_metric('m', 1)")
    info = on.newest().info

    assert info.end_time - info.start_time >= 200


def test_logging_from_a_thread(on: Kernel):
    """The cell becomes the run also when a thread logs first; all log to one run."""
    before = len(on.runs())
    on.run(
        "from threading import Thread\n"
        "threads = [Thread(target=nbtrack.log_metric, args=('m', i), kwargs={'step': i})"
        " for i in range(4)]\n[t.start() for t in threads]; [t.join() for t in threads]\n"
        "seen = nbtrack.active_run().run_id\nnbtrack.log_param('main', 1)"
    )
    run = on.newest()

    assert len(on.runs()) == before + 1
    assert on.value("seen") == repr(run.info.run_id)
    assert len(on.store.read_metrics(run.info.run_id, "m")) == 4
    assert run.data.params["main"] == "1"


def test_runs_of_the_user_stay_what_they_are(on: Kernel):
    """A run that the cell itself starts is not wrapped in another one."""
    before = len(on.runs())
    on.run("with nbtrack.start_run(run_name='own'): nbtrack.log_metric('m', 1)")

    assert len(on.runs()) == before + 1
    assert on.newest().info.run_name == "own"


def test_a_track_line_still_says_more(on: Kernel):
    """`%%track` under `%track on` names the run that the cell is."""
    before = len(on.runs())
    on.run("%%track named\nnbtrack.log_metric('m', 1)")

    assert len(on.runs()) == before + 1
    assert on.newest().info.run_name == "named"


def test_a_failing_cell(on: Kernel):
    """FAILED, with its error, if it had logged something by then."""
    on.run("nbtrack.log_metric('m', 1)\n1 / 0")
    run = on.newest()

    assert run.info.status == "FAILED"
    assert on.cell(run)["error"].startswith("ZeroDivisionError")


def test_without_inference(kernel: Kernel):
    """--no-infer records what is logged and no more, until it is switched on afresh."""
    kernel.run("%track on --no-infer")
    kernel.run("lr = 0.5\nnbtrack.log_metric('m', 1)")
    bare = kernel.newest()
    kernel.run("%track on")
    kernel.run("lr = 0.5\nnbtrack.log_metric('m', 1)")
    kernel.run("%track off")

    assert bare.data.params == {}
    assert kernel.newest().data.params == {"lr": "0.5"}


def test_no_inference_by_setting(new_kernel):
    """NBTRACK_INFER=0 turns it off for %%track too; declared params stay."""
    kernel = new_kernel(NBTRACK_INFER="0")
    kernel.run("%%track a=1\nlr = 0.5\n{'f1': 1}")

    assert (kernel.newest().data.params, kernel.newest().data.metrics) == ({"a": "1"}, {})


def test_after_off(kernel: Kernel):
    """Logging with no run open opens an ordinary one again, and says so."""
    kernel.run("%track on")
    kernel.run("%track off")
    reply = kernel.run("nbtrack.log_metric('m', 1)")
    kernel.run("nbtrack.end_run()")

    assert "nothing was open" in reply.stderr
    assert reply.cards == []
