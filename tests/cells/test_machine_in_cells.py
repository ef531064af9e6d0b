"""A tracked cell is sampled as a run is, and shows its own metrics only."""

from __future__ import annotations

import pytest

from tests.support.kernel import Kernel

pytest.importorskip("psutil")


@pytest.fixture(scope="module")
def sampling(kernel: Kernel) -> Kernel:
    kernel.run("import nbtrack; nbtrack.enable_system_metrics_logging()")
    return kernel


def test_the_card_shows_what_the_cell_logged(sampling: Kernel) -> None:
    """And not the machine's load, which the run has all the same."""
    reply = sampling.run("%%track\nnbtrack.log_metric('score', 0.75)")

    assert "score" in reply.card
    assert "system/" not in reply.card
    assert sum(key.startswith("system/") for key in sampling.newest().data.metrics) >= 7
    assert reply.stderr == ""


def test_a_live_chart_is_of_the_cells_metrics(sampling: Kernel) -> None:
    """But for whoever names one of the machine."""
    sampling.run(
        "%%track\n"
        "panel = nbtrack.live()\n"
        "import time\n"
        "for i in range(5): nbtrack.log_metric('loss', 1 / (i + 1), step=i); time.sleep(0.2)"
    )

    assert sampling.value("{key for _, key in panel._feed.series}") == "{'loss'}"


def test_the_fits_of_a_cell_are_not_sampled_for_themselves(sampling: Kernel) -> None:
    """The machine is the cell's."""
    sampling.run(
        "%%track\nfrom sklearn.svm import SVC\nfor C in (1, 2): SVC(C=C).fit([[0], [1]], [0, 1])"
    )
    runs = {run.info.run_name: run.data.metrics for run in sampling.runs()}

    assert not any(key.startswith("system/") for key in runs["SVC C=2"])
