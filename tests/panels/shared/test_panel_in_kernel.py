"""The runs panel in a real kernel: what it shows, and that its thread is no trouble at exit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.kernel import Kernel

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def two(kernel: Kernel) -> Kernel:
    """The kernel, with two runs."""
    for value in (0.5, 0.9):
        kernel.run(f"%%track run{value}\n{{'f1': {value}}}")
    return kernel


@pytest.mark.parametrize("code", ["%runs", "nbtrack.runs()"])
def test_two_outputs_and_a_place(two: Kernel, code: str):
    """The static table, whole and without script, then the widget, which has no words; between
    them there is room for a picture."""
    static, place, widget = two.run(code).displays

    assert (place["text/plain"], "<img" in place["text/html"]) == ("", False)

    assert set(static) == {"text/plain", "text/html"}
    assert static["text/html"].startswith('<div class="nbtrack-static">')
    assert "run0.9" in static["text/html"]
    assert (widget["text/plain"], WIDGET in widget) == ("", True)


def test_a_picture_of_curves_for_the_saved_notebook(two: Kernel):
    """In an output of its own, as SVG and as PNG: an untrusted notebook refuses the SVG."""
    two.run("%%track\nfor step in range(5): nbtrack.log_metric('loss', 1 / (step + 1), step=step)")

    _, picture, _ = two.run("%runs --charts").displays

    assert {"image/svg+xml", "image/png"} <= set(picture)
    assert picture["text/plain"].startswith("Chart of loss: 3 runs, as of")


def test_inside_another_widget(two: Kernel):
    """Only the widget: the other one's output is the only one."""
    reply = two.run("import ipywidgets; ipywidgets.VBox([nbtrack.runs()])")

    assert reply.displays == []


def test_only_data_opens_no_line(two: Kernel):
    """`runs().df` sends no widget to the page."""
    reply = two.run("len(nbtrack.runs('metrics.f1 > 0').df)")

    assert (reply.result, reply.of("comm_open")) == ("2", [])


def test_plain_python_has_the_table_alone(tmp_path: Path):
    """Without a kernel nothing of a widget is imported."""
    code = (
        "import sys, nbtrack; view = nbtrack.runs()\n"
        "assert type(view).__name__ == 'RunsView'\n"
        "assert not {'ipywidgets', 'anywidget'} & set(sys.modules)"
    )
    run_python(code, tmp_path)


def test_an_open_panel_at_exit(tmp_path: Path):
    """The polling thread ends before the store does, and nothing is printed."""
    code = (
        "import nbtrack; from tests.support.panel_page import runs_page\n"
        "from nbtrack.recording.session import current_session\n"
        "with nbtrack.start_run(): pass\n"
        "page = runs_page(current_session().store)\n"
        "page.ask('opened'); page.show()\n"
        "with nbtrack.start_run(): pass"
    )
    done = run_python(code, tmp_path)

    assert (done.stdout, done.stderr) == ("", "")


def run_python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "NBTRACK_DIR": str(folder / "project"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
