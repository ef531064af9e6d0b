"""The runs panel over a server: with it, without it, and with it again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nbtrack.panels.runs.panel import RunsPanel
from nbtrack.panels.runs.view import RunsView
from nbtrack.recording.session import Session
from tests.browser.lab import needs_browser
from tests.browser.plain_page import open_panel
from tests.support.team_server import TeamServer

pytest.importorskip("uvicorn")
pytestmark = needs_browser


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TeamServer]:
    made = TeamServer(tmp_path / "served")
    yield made
    made.kill()


def test_it_says_that_the_server_is_away(
    server: TeamServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the number of runs, which may be less than all, with what waits to be sent."""
    monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(tmp_path / "machine"))
    session = Session()
    session.set_tracking_uri(server.address)
    monkeypatch.setattr("nbtrack.recording.session._current", session)
    with session.start_run(name="heron") as run:
        run.log_metric("score", 0.5)
    assert session.store.get_run(run.run_id)  # the server has it
    view = RunsView(session.store, None, filter_string=None, sort=None, top=None)
    with open_panel(RunsPanel(session.store, view, top=None)) as page:
        count = page.panel.locator(".nbt-count")
        there = count.inner_text()
        server.kill()
        again(page)
        away = count.inner_text()
        server.begin()
        monkeypatch.setattr("nbtrack.remote.line.AWAY_SECONDS", 0.0)
        again(page)
        back = count.inner_text()
    session.close()

    assert there == back == "1 run"
    assert re.fullmatch(r"1 run · ⚠ offline since \d\d:\d\d(, \d+ lines waiting)?", away)


def again(page: Any) -> None:
    """A click that makes the table ask."""
    page.panel.locator("thead [data-column='metrics.score']").click()
    page.locator("[data-nbtrack][aria-busy='false'] .nbt-table").first.wait_for()
    page.wait_for_timeout(300)
