"""What a live panel answers to a page that has just come."""

from __future__ import annotations

import time

import pytest

from nbtrack.panels.live.panel import LivePanel
from nbtrack.recording.session import Session
from tests.support.panel_page import Page


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path / "project"))
    made = Session()
    yield made
    made.close()


def test_a_page_that_has_just_come_hears_all_of_it(session):
    """All that is known of the run, marked as the whole; specs come when Altair is ready."""
    with session.start_run(name="early") as run:
        panel = LivePanel(run)
        run.log_metric("loss", 0.5, step=1)
        end = time.monotonic() + 60
        while not panel._feed.series and time.monotonic() < end:
            panel._feed.look()
        state = Page(panel).ask("state")

    assert state["specs"] == {}
    assert state["points"]["whole"] is True
    assert [(each["key"], each["last"]) for each in state["points"]["series"]] == [("loss", [0.5])]
    assert state["points"]["runs"][0]["label"] == "early"
