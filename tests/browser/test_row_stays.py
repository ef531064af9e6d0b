"""A row that is opened stays where it was clicked, though the table grows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nbtrack.panels.runs.panel import RunsPanel
from nbtrack.panels.runs.view import RunsView
from nbtrack.recording.session import Session
from tests.browser.lab import needs_browser
from tests.browser.plain_page import open_panel

pytestmark = needs_browser


@pytest.fixture
def page(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path / "project"))
    session = Session()
    monkeypatch.setattr("nbtrack.recording.session._current", session)
    for n in range(25):
        run = session.start_run(name=f"heron-{n}")
        run.log_metric("score", n)
        run.end()
    view = RunsView(
        session.store, (session.experiment.experiment_id,), filter_string=None, sort=None, top=None
    )
    with open_panel(RunsPanel(session.store, view, top=None)) as page:
        page.add_style_tag(content="body { padding-bottom: 600px }")  # other cells
        yield page
    session.close()


def top_of(row: Any) -> float:
    return row.evaluate("el => Math.round(el.getBoundingClientRect().top)")


def test_an_opened_row_stays(page: Any) -> None:
    """Opened far down in the table, which scrolled until then, and closed again."""
    row = page.locator("tr[data-run-id]", has_text="heron-2").last
    row.scroll_into_view_if_needed()
    assert page.locator(".nbt-scroll:visible").evaluate("el => el.scrollTop") > 50
    before = top_of(row)

    row.locator(".nbt-name-button").click()
    page.locator(".nbt-details .nbt-detail-head").wait_for()
    assert abs(top_of(row) - before) <= 2

    row.locator(".nbt-name-button").click()
    page.locator(".nbt-details").wait_for(state="detached")
    assert abs(top_of(row) - before) <= 2


BUSY = """() => {
    const tell = window.tellKernel;
    window.tellKernel = async (message) => {
        if (message.do === "details") await new Promise((resolve) => (window.letGo = resolve));
        return tell(message);
    };
}"""


def test_who_scrolls_meanwhile_is_not_brought_back(page: Any) -> None:
    """While the kernel is busy, which has not yet told what the row shows."""
    page.evaluate(BUSY)
    row = page.locator("tr[data-run-id]", has_text="heron-20").first
    row.locator(".nbt-name-button").click()
    page.locator(".nbt-details", has_text="reading").wait_for()
    page.mouse.wheel(0, 150)
    page.wait_for_timeout(300)
    scrolled = top_of(row)
    page.locator("[data-key='tick all']").evaluate("box => box.click()")  # draws all rows
    assert abs(top_of(row) - scrolled) <= 2

    page.evaluate("letGo()")
    page.locator(".nbt-details .nbt-detail-head").wait_for()
    assert abs(top_of(row) - scrolled) <= 2
