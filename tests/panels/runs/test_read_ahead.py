"""What a panel of a large project reads before it is asked, and what it does not read again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.panels.shared import after_rest
from nbtrack.stores.kept import kept_runs
from nbtrack.stores.local.attachment import Attachment
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.support.panel_page import Page, names, runs_page

RUNS = 400  # those of one page are on no other
ORDERS = (["metrics.f1", True], ["metrics.f1", False], ["run_name", False], ["duration", True])


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DuckDBStore]:
    monkeypatch.setattr("nbtrack.panels.runs.read_ahead.MANY_RUNS", 2)
    monkeypatch.setattr("nbtrack.panels.runs.read_ahead.LATELY", 0.0)
    monkeypatch.setattr(kept_runs, "MOST_CELLS", 0)  # as of a project that is large indeed
    monkeypatch.setattr(after_rest, "REST_SECONDS", 60.0)  # `rested` does not wait for it
    made = DuckDBStore(tmp_path / "project")
    made.append("".join(map(a_run, range(RUNS))))
    made.fold()
    yield made
    made.close()


@pytest.fixture
def page(store: DuckDBStore) -> Page:
    shown = runs_page(store)
    shown.show(), shown.show(sort=[["metrics.f1", True]])
    return shown


def a_run(n: int, *, f1: float | None = None) -> str:
    """Each tenth has failed."""
    run_id, status = f"{n:032}", "FAILED" if n % 10 == 0 else "FINISHED"
    facts = {"name": f"run {n}", "status": status, "start_us": now_us() + n * 1_000_000}
    return (
        lines.run_line(run_id, t=now_us(), experiment_id="0", **facts)
        + lines.metric_line(run_id, "f1", (n * 7 % RUNS) / 1000 if f1 is None else f1, step=0, t=1)
        + lines.cell_line(run_id, t=now_us(), error=f"ValueError: {n}" if n % 10 == 0 else None)
    )


def rested(page: Page) -> None:
    """What the panel does when nobody has clicked for a second."""
    timer = page.panel._read_ahead._after_rest._timer
    timer.cancel()
    timer.function(*timer.args)


@contextmanager
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Attachment]]:
    """Each time that the file was opened."""
    found: list[Attachment] = []
    enter = Attachment.enter
    with monkeypatch.context() as patched:
        patched.setattr(
            Attachment, "enter", lambda it, *a, **more: found.append(it) or enter(it, *a, **more)
        )
        yield found


def test_a_click_on_any_header_finds_its_page_in_memory(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And so does the one that turns the order, and the next page."""
    with looks(monkeypatch) as before:
        page.show(sort=[ORDERS[1]])
    rested(page)
    with looks(monkeypatch) as after:
        shown = [page.show(sort=[order]) for order in ORDERS]
        second = page.show(sort=[ORDERS[1]], page=1)

    assert (len(before) > 0, len(after)) == (True, 0)
    assert [names(each)[0] for each in shown] == ["run 57", "run 0", "run 0", "run 399"]
    assert [len(names(each)) for each in (*shown, second)] == [25] * 5


def test_a_failed_run_says_why_and_is_not_read_again(
    page: Page, store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until something is written."""
    errors = [row["error"] for row in page.show(sort=[ORDERS[0]])["rows"] if row["error"]]
    with looks(monkeypatch) as again:
        page.show(sort=[ORDERS[0]])
    store.append(lines.cell_line(f"{170:032}", t=now_us(), error="KeyError: 'lr'"))
    news = [row["error"] for row in page.show(sort=[ORDERS[0]])["rows"] if row["error"]]

    assert again == []
    assert errors == ["ValueError: 170", "ValueError: 340"]
    assert news == ["KeyError: 'lr'", "ValueError: 340"]


def test_what_was_read_ahead_is_no_older_than_what_is_shown(page: Page, store: DuckDBStore) -> None:
    """A better run came meanwhile."""
    rested(page)
    store.append(a_run(RUNS + 1, f1=0.99))

    assert names(page.show(sort=[ORDERS[0]]))[0] == f"run {RUNS + 1}"


def test_nothing_is_read_ahead_while_somebody_writes(
    page: Page, store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cell that trains has the processor for itself."""
    store.append(a_run(RUNS + 1))
    with looks(monkeypatch) as found:
        rested(page)

    assert found == []


def test_what_is_asked_meanwhile_comes_first(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chart, say: what may follow is read when that stands."""
    before = page.panel._read_ahead._after_rest._timer
    monkeypatch.setattr("nbtrack.panels.runs.read_ahead.LATELY", 60.0)
    page.ask("sparklines", runs=[f"{1:032}"], keys=["f1"])
    with looks(monkeypatch) as found:
        rested(page)
    then = page.panel._read_ahead._after_rest._timer
    then.cancel()

    assert (found, then is before) == ([], False)


def test_nothing_is_read_ahead_of_a_small_project(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There all is in memory, or soon is."""
    monkeypatch.setattr("nbtrack.panels.runs.read_ahead.MANY_RUNS", RUNS)
    page = runs_page(store)
    page.show(sort=[ORDERS[0]])

    assert page.panel._read_ahead._after_rest._timer is None
