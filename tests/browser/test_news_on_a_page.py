"""Runs go on while one looks: no page stays with what it read first, and no click is lost."""

from __future__ import annotations

import json
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
    """Of two runs, as `page.runs`."""
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path / "project"))
    session = Session()
    monkeypatch.setattr("nbtrack.recording.session._current", session)
    runs = []
    for n in range(2):
        with session.start_run(name=f"heron-{n}") as run:
            run.log_metrics({"score": n, "f1": n / 2, "recall": n / 3})
            run.log_text(f"begun {n}", "notes.txt")
        runs.append(run)
    view = RunsView(
        session.store, (session.experiment.experiment_id,), filter_string=None, sort=None, top=None
    )
    with open_panel(RunsPanel(session.store, view, top=None)) as page:
        page.set_default_timeout(10_000)
        page.runs = runs
        yield page
    session.close()


def test_an_open_row_shows_the_file_that_there_is_now(page: Any) -> None:
    page.locator("tr[data-run-id] .nbt-name-button").last.click()
    page.locator(".nbt-pane", has_text="begun 0").wait_for()
    page.runs[0].log_text("done 0", "notes.txt")
    page.get_by_role("button", name="Pin").click()  # it is read again after an edit

    page.locator(".nbt-pane", has_text="done 0").wait_for()


def test_a_comparison_shows_files_that_came_later(page: Any) -> None:
    for box in page.locator("tr[data-run-id] input[type=checkbox]").all():
        box.check()
    page.locator("[data-tab=compare]").click()
    page.locator("[data-file='notes.txt'] .nbt-diff").wait_for()
    for n, run in enumerate(page.runs):
        run.log_text(f"{n}", "report.txt")
        run.log_metric("score", 2 + n)
    page.locator("[data-tab=runs]").click()
    page.locator("[data-tab=compare]").click()

    page.locator("[data-file='report.txt'] .nbt-diff").wait_for()


def test_a_click_is_not_lost_to_news(page: Any) -> None:
    """What comes between press and release is drawn behind the click."""
    row = page.locator("tr[data-run-id]").last
    row.locator(".nbt-name-button").hover()
    page.mouse.down()
    page.runs[0].log_metric("score", 7)
    tell_news(page)
    page.mouse.up()

    page.locator(".nbt-details .nbt-detail-head").wait_for()
    row.locator(".nbt-metric", has_text="7").wait_for()


def test_a_click_is_not_lost_to_an_answer(page: Any) -> None:
    """The table that was asked for a moment ago is drawn behind the click, too."""
    page.evaluate(BUSY)
    page.locator("thead [data-column='metrics.recall']").click()
    row = page.locator("tr[data-run-id]").last
    row.locator(".nbt-name-button").hover()
    page.mouse.down()
    page.evaluate("letGo()")
    page.wait_for_timeout(300)
    page.mouse.up()

    page.locator(".nbt-details .nbt-detail-head").wait_for()
    page.locator("[aria-sort=descending] [data-column='metrics.recall']").wait_for()


def test_a_click_is_not_lost_to_a_run_that_grows_older(page: Any) -> None:
    """Rows say how old they are every few seconds."""
    row = page.locator("tr[data-run-id]").last
    age = row.locator("td:has-text('ago')")
    age.wait_for()
    page.wait_for_function(NEXT_AGE, arg=age.element_handle())  # 5 s before the next
    row.locator(".nbt-name-button").hover()
    page.wait_for_timeout(4500)
    page.mouse.down()
    page.wait_for_timeout(1000)
    page.mouse.up()

    page.locator(".nbt-details .nbt-detail-head").wait_for()


def test_a_click_is_not_lost_to_another_size(page: Any) -> None:
    row = page.locator("tr[data-run-id]").last
    row.locator(".nbt-name-button").hover()
    page.mouse.down()
    page.set_viewport_size({"width": 990, "height": 800})
    page.wait_for_timeout(500)
    page.mouse.up()

    page.locator(".nbt-details .nbt-detail-head").wait_for()


def test_answers_come_though_no_release_is_heard(page: Any) -> None:
    page.locator("tr[data-run-id] .nbt-name-button").last.hover()
    page.mouse.down()
    page.runs[0].log_metric("score", 7)
    tell_news(page)

    page.locator(".nbt-metric", has_text="7").wait_for()


def test_a_wrong_filter_stays_wrong(page: Any) -> None:
    """News are of the rows that are shown, not of what is typed."""
    page.locator(".nbt-query").fill("metrics.f1 >")
    page.locator(".nbt-query").press("Enter")
    page.locator(".nbt-query[aria-invalid=true]").wait_for()
    page.runs[0].log_metric("score", 7)
    tell_news(page)
    page.locator(".nbt-metric", has_text="7").wait_for()

    assert page.locator(".nbt-query[aria-invalid=true]").count() == 1
    assert "found the end" in page.locator(".nbt-error").first.inner_text()


# At each of them the row is made anew.
NEXT_AGE = "age => !age.isConnected"


def tell_news(page: Any) -> None:
    """What the panel pushes when it has looked at the project."""
    heard = page.kernel.heard
    before = len(heard)
    page.kernel.panel.refresh()
    assert len(heard) > before
    for message in json.loads(json.dumps(heard[before:])):
        page.evaluate("message => hear(message)", message)


BUSY = """() => {
    const tell = window.tellKernel;
    const waiting = [];
    window.tellKernel = async (message) => {
        if (window.isBusy) await new Promise((resolve) => waiting.push(resolve));
        return tell(message);
    };
    window.isBusy = true;
    window.letGo = () => {
        window.isBusy = false;
        for (const resolve of waiting) resolve();
    };
}"""


def test_columns_are_chosen_while_the_kernel_is_busy(page: Any) -> None:
    """One click after the other counts."""
    page.locator("[data-key=columns]").click()
    page.evaluate(BUSY)
    for column in ("status", "duration"):
        page.locator(f"[data-key='shown {column}']").click()
    page.evaluate("letGo()")

    for column in ("status", "duration"):
        page.locator(f"thead [data-column={column}]").wait_for(state="detached")


def test_charts_are_chosen_while_the_kernel_is_busy(page: Any) -> None:
    page.locator("[data-tab=charts]").click()
    page.locator("[data-metric=recall] svg.marks").wait_for(timeout=60_000)
    page.locator("[data-key='choose Metrics']").click()
    page.evaluate(BUSY)
    for metric in ("f1", "recall"):
        page.locator(f"[data-key='choice Metrics {metric}']").click()
    page.evaluate("letGo()")

    for metric in ("f1", "recall"):
        page.locator(f"[data-metric={metric}]").wait_for(state="detached")
