"""The card under a tracked cell, as a real kernel sends it."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

from tests.support.held_database import connected
from tests.support.kernel import Kernel
from tests.support.markup_check import Page


def card_of(reply):
    [html] = [d["text/html"] for d in reply.displays if "recording took" in d["text/html"]]
    return html


def test_the_card_belongs_to_its_cell(kernel: Kernel):
    """It is the last output of its request: after prints and the last value."""
    reply = kernel.run("%%track mine\nprint('first')\n'value'")
    kinds = [m["header"]["msg_type"] for m in reply.messages]

    shown = [kind for kind in kinds if kind in ("stream", "execute_result", "display_data")]
    assert shown == ["stream", "execute_result", "display_data"]
    assert reply.card.startswith("mine · finished")
    Page(card_of(reply))


ENDS_CLEARED = """from IPython.display import clear_output, display
accuracy = 0.5
display("a curve")
clear_output(wait=True)
"""


@pytest.mark.parametrize(
    ("then", "shows"),
    [
        ("", False),
        ("import logging", False),
        ("print('more')", True),
        ("display('another')", True),
        ("accuracy", True),
        ("1 / 0", True),
        ("clear_output()", True),
        ("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nNone", True),
    ],
)
def test_the_card_does_not_take_the_place_of_what_was_shown_last(kernel: Kernel, then, shows):
    """After `clear_output(wait=True)` a page clears all as soon as anything more is shown."""
    reply = kernel.run(f"%%track cleared\n%matplotlib inline\n{ENDS_CLEARED}{then}")

    assert bool(reply.cards) == shows
    assert kernel.newest().data.params["accuracy"] == "0.5"


def test_a_widget_that_takes_the_output_does_not_take_the_card(kernel: Kernel):
    """An `Output` widget, as live curves use it, holds what was shown in its block."""
    reply = kernel.run(
        "%%track widget\nimport ipywidgets\nfrom IPython.display import clear_output, display\n"
        "box = ipywidgets.Output()\ndisplay(box)\n"
        "with box:\n    print('in the box')\n    clear_output(wait=True)\nprint('below')"
    )

    assert reply.card.startswith("widget · finished")


def test_the_first_card_shows_the_store(new_kernel):
    """Only the first one of a kernel; below a folder for temporary files it says so."""
    kernel = new_kernel()
    first, second = kernel.run("%%track\npass").card, kernel.run("%%track\npass").card

    assert str(kernel.project) in first
    assert "temporary" in first
    assert "store" not in second


def test_the_attempt_before_and_the_best(kernel: Kernel):
    """A metric is shown with its change and the best other run; arrows where the side is known."""
    for value, name in ((0.5, "low"), (0.9, "high"), (0.7, "middle")):
        reply = kernel.run(f"%%track {name} depth={value}\n{{'f1': {value}, 'odd': {value}}}",
                           cell_id="compared")  # fmt: skip

    assert "attempt 3" in reply.card
    line = next(line for line in reply.card.splitlines() if line.strip().startswith("f1"))
    assert "▼ −0.2" in line
    assert "high" in line
    odd = next(line for line in reply.card.splitlines() if line.strip().startswith("odd"))
    assert not {"▼", "▲"} & set(odd)
    assert "depth 0.9 → 0.7" in reply.card


def test_a_declared_direction_holds_from_then_on(new_kernel):
    """`:min` says that less is better, in this cell, in later ones and in another kernel."""
    kernel = new_kernel()
    cells = ("%%track slow --metrics odd:min\nodd = 5.0", "%%track fast --metrics odd\nodd = 3.0")
    for cell in cells:
        reply = kernel.run(cell, cell_id="declared")

    assert "▼ −2 better" in reply.card
    assert "★ beats 5" in reply.card
    table = kernel.run("%runs --sort odd").table
    assert table.index("fast") < table.index("slow")
    kernel.close()
    assert "best other run" in new_kernel().run("%%track slower\n{'odd': 4.0}").card


def test_a_dropped_run_is_not_compared_with(kernel: Kernel):
    """The best other run is one that is still there."""
    kernel.run("%%track keeper\n{'recall': 0.5}")
    kernel.run("%%track gone\n{'recall': 0.9}")
    kernel.run("%track drop")
    card = kernel.run("%%track next\n{'recall': 0.6}").card

    assert "gone" not in card
    assert "beats 0.5" in card


def test_runs_of_earlier_kernels_are_compared(new_kernel):
    """What an earlier kernel reached is the best other run; its last attempt is the one before."""
    notebook = {"JPY_SESSION_NAME": "/home/me/churn.ipynb"}
    first = new_kernel(**notebook)
    first.run("%%track early lr=1\n{'f1': 0.8}", cell_id="c")
    first.shut_down()
    second = new_kernel(**notebook)
    card = second.run("%%track late lr=2\n{'f1': 0.6}", cell_id="c").card

    assert "▼ −0.2" in card
    assert "early" in card
    assert "lr 1 → 2" in card


def test_metrics_of_children(kernel: Kernel):
    """If only children have metrics: the best one's, with its name; how many there are, failed."""
    card = kernel.run(
        "%%track sweep\nfor c in (1, 3, 2):\n"
        "    with nbtrack.start_run(run_name=f'C={c}'): nbtrack.log_metric('accuracy', c / 10)\n"
        "try:\n    with nbtrack.start_run(run_name='broken'): 1 / 0\nexcept ZeroDivisionError: pass"
    ).card

    assert "best of 4 children (1 failed): C=3" in card
    assert "accuracy  0.3" in card


def test_the_only_child(kernel: Kernel):
    """A cell that wraps one MLflow run shows that run's metrics."""
    card = kernel.run(
        "%%track\nwith nbtrack.start_run(run_name='only'): nbtrack.log_metric('auc', 0.75)"
    ).card

    assert "only" in card
    assert "auc  0.75" in card


def test_a_series_has_a_trend(kernel: Kernel):
    """The latest step counts, whatever was logged last; a line of bars shows the way there."""
    card = kernel.run(
        "%%track\nfor step in (0, 1, 3, 2): nbtrack.log_metric('loss', 4 - step, step=step)"
    ).card

    assert "█" in card
    assert next(line for line in card.splitlines() if "loss" in line).split()[1] == "1"


def test_many_points(kernel: Kernel):
    """Past what is parsed at once, the database tells; the last point counts."""
    card = kernel.run(
        "%%track\nfor step in range(20_000): nbtrack.log_metric('loss', 20_000 - step, step=step)"
    ).card

    assert next(line for line in card.splitlines() if "loss" in line).split()[1] == "1"


def test_a_failed_cell_shows_its_error(kernel: Kernel):
    """Type and message in one line, escaped."""
    reply = kernel.run("%%track\nraise ValueError('<script>alert(1)</script>')")

    assert "failed" in reply.card
    assert "ValueError: <script>" in reply.card
    assert "<script>" not in card_of(reply)


def test_a_database_held_by_somebody_else(kernel: Kernel):
    """Tracking does not wait for it: what this cell logged is shown, history may be missing."""
    kernel.run("%%track\n{'f1': 0.5}")
    kernel.store.fold()
    with connected(kernel.project / "nbtrack.duckdb"), kernel.hurried():
        reply = kernel.run("%%track held\nnbtrack.log_metric('accuracy', 0.25)")

    assert "accuracy  0.25" in reply.card
    assert reply.status == "ok"


def test_under_nbclient(tmp_path, monkeypatch):
    """An executed notebook holds the card under the right cell, HTML and text."""
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path / "project"))
    cells = ["%load_ext nbtrack", "%%track tracked\n1 + 1", "2 + 2"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    outputs = [[o.output_type for o in cell.outputs] for cell in notebook.cells]

    assert outputs == [[], ["execute_result", "display_data"], ["execute_result"]]
    assert "tracked" in notebook.cells[1].outputs[1].data["text/plain"]


TRAINS = (
    "%%track\n"
    "from sklearn.datasets import load_iris\n"
    "from sklearn.tree import DecisionTreeClassifier\n"
    "model = DecisionTreeClassifier().fit(*load_iris(return_X_y=True))"
)
SLOW_DISK = (
    "import sys, time\n"
    "class SlowDisk:\n"
    "    @staticmethod\n"
    "    def find_spec(name, path=None, target=None):\n"
    "        if name == 'nbtrack.hooks.sklearn.fits': time.sleep(0.5)\n"
    "sys.meta_path.insert(0, SlowDisk)"
)


def test_set_up_is_told_once(new_kernel):
    """Apart from the cell's own time, in the first card in which somebody would notice it."""
    kernel = new_kernel()
    kernel.run(SLOW_DISK)
    first, second = kernel.run(TRAINS).card, kernel.run(TRAINS).card
    info = kernel.runs()[1].info

    told = seconds(first.rpartition("set-up, once: ")[2])
    whole = (info.end_time - info.start_time) / 1000
    assert told >= 0.5
    # What lies between is the machine's; twice as much as the disk took would be the cell's.
    assert 0.5 <= whole - seconds(first.splitlines()[0].split(" · ")[2]) <= told + 0.4
    assert "set-up" not in second


def seconds(text: str) -> float:
    number, unit = text.split()
    return float(number) / {"ms": 1000, "s": 1}[unit]


def test_where_nothing_was_set_up(new_kernel):
    """Nothing is told of it."""
    kernel = new_kernel(NBTRACK_AUTOLOG="0")

    assert "set-up" not in kernel.run(TRAINS).card
