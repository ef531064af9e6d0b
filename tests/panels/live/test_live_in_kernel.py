"""`%%track --live` and `nbtrack.live()` in a real kernel, without a page."""

from __future__ import annotations

import ast

import pytest

from tests.page.message_fit import misfits
from tests.page.message_types import table

STEPS = """
for step in range(30):
    nbtrack.log_metric("loss", 1 / (step + 1), step=step)
nbtrack.log_metric("accuracy", 0.9)
"""


@pytest.fixture(scope="module", autouse=True)
def patience(kernel):
    """On a busy machine a picture may take longer than a user is made to wait for it."""
    kernel.run("from nbtrack.panels.live import panel; panel.PICTURE_SECONDS = 50.0; del panel")


def pushes(reply, name):
    messages = [m["data"].get("content", {}) for m in reply.of("comm_msg")]
    found = [m["result"] for m in messages if m.get("push") == name]
    (kind,) = table("PUSHES")[name]
    assert [words for each in found for words in misfits(each, kind, at=name)] == []
    return found


def widgets(reply):
    view = "application/vnd.jupyter.widget-view+json"
    return [data[view]["model_id"] for data in reply.displays if view in data]


def test_a_tracked_cell_has_one_live_panel(kernel):
    """A placeholder, the widget, and at the end the picture in the placeholder's place."""
    reply = kernel.run(f"%%track first --live\nnbtrack.live(total=30);\n{STEPS}")
    picture = reply.of("update_display_data")

    assert reply.status == "ok"
    assert len(widgets(reply)) == 1
    assert [set(each["data"]) for each in picture] == [
        {"image/svg+xml", "image/png", "application/pdf", "text/plain"}
    ]
    assert picture[0]["data"]["text/plain"] == "Chart of loss: first"


def test_the_last_push_holds_every_point(kernel):
    """What the store has in the end, the status of the run, and the name of it."""
    last = pushes(kernel.run(f"%%track second --live\n{STEPS}"), "points")[-1]
    loss = next(each for each in last["series"] if each["key"] == "loss")

    assert last["status"] == "FINISHED"
    assert last["runs"][0]["label"] == "second"
    assert loss["x"] == list(range(30))
    assert loss["last"][-1] == 1 / 30
    assert last["progress"]["text"].startswith("step 29")


def test_points_come_while_the_cell_runs(kernel):
    """The cell waits for the panel to have pushed what it logged, and goes on only then."""
    reply = kernel.run(
        "%%track third --live\n"
        "import time\n"
        "nbtrack.log_metric('loss', 0.5, step=7)\n"
        "panel, end = nbtrack.live(), time.monotonic() + 60\n"
        "while not panel._feed.series and time.monotonic() < end:\n"
        "    time.sleep(0.01)\n"
        "print(panel._feed.series.keys() == {(panel.run_id, 'loss')})"
    )

    assert reply.stdout.strip() == "True"


def test_runs_below_the_cell_are_followed(kernel):
    """Each child is a line of its own."""
    reply = kernel.run(
        "%%track parent --live\n"
        "for name in ('left', 'right'):\n"
        "    with nbtrack.start_run(run_name=name):\n"
        "        for step in range(5):\n"
        "            nbtrack.log_metric('loss', step, step=step)\n"
    )

    assert {run["label"] for run in pushes(reply, "points")[-1]["runs"]} == {"left", "right"}


def test_training_and_validation_are_drawn_together(kernel):
    """In the last push, and in the picture that the cell leaves."""
    reply = kernel.run(
        "%%track both --live\n"
        "for step in range(5):\n"
        "    nbtrack.log_metrics({'train-loss': 5 - step, 'acc': step}, step=step)\n"
        "    nbtrack.log_metric('eval-loss', 6 - step, step=step)\n"
    )
    charts = pushes(reply, "points")[-1]["charts"]
    (picture,) = reply.of("update_display_data")

    assert charts[0] == {"key": "train-loss", "beside": [{"key": "eval-loss", "dash": [5, 3]}]}
    assert charts[1] == {"key": "acc", "beside": []}
    assert "train-loss (dashed: eval-loss)" in picture["data"]["image/svg+xml"]


def test_without_a_run_it_says_what_to_do(kernel):
    """An error with the cure, and no widget."""
    reply = kernel.run("nbtrack.live()")

    assert reply.errors == ["InvalidValue"]
    assert "%%track --live" in reply.content["evalue"]
    assert widgets(reply) == []


def test_a_failed_cell_ends_its_panel(kernel):
    """The panel says failed, and the picture is left all the same."""
    reply = kernel.run(f"%%track broken --live\n{STEPS}\n1 / 0")

    assert reply.errors == ["ZeroDivisionError"]
    assert pushes(reply, "points")[-1]["status"] == "FAILED"
    assert len(reply.of("update_display_data")) == 1


def test_no_thread_is_left_behind(kernel):
    """The feed of a panel ends with its cell."""
    kernel.run(f"%%track last --live\n{STEPS}")
    names = kernel.value("[t.name for t in __import__('threading').enumerate()]")

    assert "nbtrack-live" not in ast.literal_eval(names)
