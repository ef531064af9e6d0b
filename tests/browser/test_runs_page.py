"""What the page of the runs panel does by itself: room, widths, menus, keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nbtrack.panels.runs.panel import RunsPanel
from nbtrack.panels.runs.view import RunsView
from nbtrack.recording.session import Session
from tests.browser.lab import needs_browser, resize
from tests.browser.plain_page import open_panel, settled

pytestmark = needs_browser

NARROW, WIDE = 740, 1250  # of the panel, in JupyterLab at 900 and at about 1600 pixels
TIGHT = 500
LONG = "HistGradientBoostingClassifier of the evening number 17"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    patch = pytest.MonkeyPatch()
    patch.setenv("NBTRACK_DIR", str(tmp_path_factory.mktemp("project")))
    made = Session()
    patch.setattr("nbtrack.recording.session._current", made)
    for n in range(6):
        run = made.start_run(name=f"calm-heron-{n}" if n else LONG)
        run.log_params({f"param_of_mine_{k}": str(n / 10) for k in range(8)})
        run.log_metrics({f"score_{k}": n / 7 for k in range(8)})
        run.end()
    with made.start_run(name="sweep"):
        for n in range(3):
            child = made.start_run(name=f"child-{n}", nested=True)
            child.log_metric("score_0", n)
            child.end()
    yield made
    patch.undo()
    made.close()


@pytest.fixture(scope="module")
def page(session: Session) -> Iterator[Any]:
    experiments = (session.experiment.experiment_id,)
    view = RunsView(session.store, experiments, filter_string=None, sort=None, top=None)
    with open_panel(RunsPanel(session.store, view, top=None), width=NARROW) as page:
        yield page


def heads_in_sight(page: Any) -> list[str]:
    return page.evaluate(
        """() => [...document.querySelectorAll("thead th:has([data-column])")]
            .filter((th) => th.getBoundingClientRect().right <= innerWidth)
            .map((th) => th.querySelector("[data-column]").dataset.column)"""
    )


def count(columns: list[str], kind: str) -> int:
    return sum(each.startswith(kind) for each in columns)


def test_as_many_columns_as_fit(page: Any) -> None:
    """Two metrics and two params on a small screen; after a wider one the kernel gives more."""
    narrow = heads_in_sight(page)
    resize(page, WIDE, 800)
    page.locator("thead [data-column^=metrics]").nth(4).wait_for()
    wide = heads_in_sight(page)
    resize(page, NARROW, 800)
    page.locator("thead [data-column^=metrics]").nth(4).wait_for(state="detached")

    assert narrow[:3] == ["run_name", "status", "start_time"]
    assert (count(narrow, "metrics"), count(narrow, "params")) == (2, 2)
    assert count(wide, "metrics") + count(wide, "params") >= 8


def test_columns_out_of_sight_are_counted(page: Any) -> None:
    """At the right edge of the table; clicks go on to them, and there nothing is left to say."""
    button = page.locator(".nbt-behind")
    assert not button.is_visible()
    resize(page, TIGHT, 800)
    button.wait_for()
    hidden = page.locator("thead [data-column]").count() - len(heads_in_sight(page))

    assert button.inner_text() == f"+{hidden} ›"
    button.click()
    page.locator(f".nbt-behind:text-is('+{hidden} ›')").wait_for(state="detached")
    page.locator(".nbt-table-frame > .nbt-scroll").evaluate("el => el.scrollTo(el.scrollWidth, 0)")
    button.wait_for(state="hidden")
    assert "duration" in heads_in_sight(page)
    resize(page, NARROW, 800)


def test_the_head_has_two_lines_and_nothing_stands_below(page: Any) -> None:
    """Fields come when somebody asks for them; there is no other page, and nothing is ticked."""
    lines = page.locator("thead tr:visible")

    assert lines.count() == 2
    assert not page.locator(".nbt-foot").is_visible()
    page.locator("[data-key=quicks]").click()
    page.locator("[data-quick]").first.wait_for()
    page.locator("[data-key=quicks]").click()
    assert lines.count() == 2


def test_the_example_of_a_filter_is_of_these_runs(page: Any) -> None:
    """And finds some, typed as it stands there."""
    example = page.locator(".nbt-query").get_attribute("placeholder").removeprefix("filter: ")
    page.locator(".nbt-query").fill(example)
    page.locator(".nbt-query").press("Enter")
    page.locator(".nbt-count:has-text(' of ')").wait_for()

    assert example.startswith("score_0 > ")
    assert page.locator("tr[data-run-id]").count() > 0
    page.locator(".nbt-query").fill("")
    page.locator(".nbt-query").press("Enter")
    page.locator(".nbt-count:has-text(' of ')").wait_for(state="detached")


def test_a_long_name_is_cut_in_the_middle(page: Any) -> None:
    """All of it is said to who points at it, and to who cannot see it."""
    button = page.locator(f".nbt-name-button[title={LONG!r}]")

    assert button.locator("bdi").inner_text().startswith("Hist")
    assert button.locator("bdi").inner_text().endswith("17")
    assert button.get_attribute("aria-label") == LONG


def test_the_edge_of_a_header_is_dragged(page: Any) -> None:
    """The column stays as wide as it was made, until a double click."""
    page.locator("[data-column=status]").click()
    settled(page)
    edge = page.locator("[data-grip=run_name]")
    box = edge.bounding_box()
    edge.hover()
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"])
    page.mouse.up()
    dragged = edge.bounding_box()["x"]
    page.locator("[data-column=status]").click()
    settled(page)
    after_sorting = edge.bounding_box()["x"]
    edge.dblclick()

    assert dragged == pytest.approx(box["x"] + 100, abs=8)
    assert after_sorting == dragged
    assert edge.bounding_box()["x"] == pytest.approx(box["x"], abs=8)


def test_a_ticked_parent_offers_its_children(page: Any) -> None:
    """One click ticks them too, shown or not; with the parent they are forgotten."""
    tick = page.locator("tr", has_text="sweep").locator("input[type=checkbox]")
    tick.check()
    page.locator("[data-key='tick children']").click()
    page.locator(".nbt-ticked-words:text-is('4 selected')").wait_for()

    assert page.locator("[data-key='tick children']").count() == 0
    page.locator("[data-key='clear ticks']").click()


def test_one_click_from_tree_to_list(page: Any) -> None:
    """Sorted by a metric all runs stand in one order; the switch says what it does."""
    page.locator("[data-column='metrics.score_0']").click()
    page.locator("tr[data-run-id]", has_text="child-2").wait_for()
    page.locator("[data-key=tree]:text-is('as a tree')").click()
    page.locator("tr[data-run-id]", has_text="child-2").wait_for(state="detached")
    page.locator("[data-key=tree]:text-is('all runs, no tree')").click()
    page.locator("tr[data-run-id]", has_text="child-2").wait_for()


def test_a_right_click_on_a_header(page: Any) -> None:
    """Hides the column, pins another one, which then stands first; Reset is as it was."""
    before = _columns(page)
    hidden, pinned = before[3], before[5]
    _from_menu(page, hidden, "Hide")
    page.locator(f"thead [data-column='{hidden}']").wait_for(state="detached")
    _from_menu(page, pinned, "Pin")
    page.locator(f"th.nbt-pinned [data-column='{pinned}']").wait_for()
    after = _columns(page)
    page.locator("[data-key=columns]").click()
    page.locator("[data-key='columns Reset']").click()
    page.locator("th.nbt-pinned").wait_for(state="detached")
    page.keyboard.press("Escape")

    assert (hidden in after, after[1]) == (False, pinned)
    assert _columns(page) == before


def test_a_header_leads_to_its_chart(page: Any) -> None:
    """That of its metric, and no other."""
    page.locator("thead [data-column='metrics.score_1']").click(button="right")
    page.locator("[data-item=Chart]").click()
    page.locator("[data-tab=charts][aria-selected=true]").wait_for()
    page.locator(".nbt-chart-card[data-metric=score_1]").wait_for()

    assert page.locator(".nbt-chart-card").count() == 1
    page.locator("[data-tab=runs]").click()


def _columns(page: Any) -> list[str]:
    return page.evaluate(
        "() => [...document.querySelectorAll('thead [data-column]')].map(el => el.dataset.column)"
    )


def _from_menu(page: Any, column: str, item: str) -> None:
    page.locator(f"thead [data-column='{column}']").click(button="right")
    page.locator(f"[data-item={item}]").click()
    settled(page)


def test_columns_are_dragged_in_the_menu(page: Any) -> None:
    """To where they are dropped; with Alt and an arrow they move by one."""
    page.locator("[data-key=columns]").click()
    third = _columns(page)[2]
    handle = page.locator(f"[data-key='move {third}']")
    last = page.locator(".nbt-column-line").last.bounding_box()
    handle.hover()
    page.mouse.down()
    page.mouse.move(last["x"] + 5, last["y"] + last["height"] - 2, steps=4)
    page.mouse.up()
    page.wait_for_function(
        "id => [...document.querySelectorAll('thead [data-column]')].at(-1).dataset.column === id",
        arg=third,
    )
    handle.focus()
    page.keyboard.press("Alt+ArrowUp")
    page.wait_for_function(
        "id => [...document.querySelectorAll('thead [data-column]')].at(-2).dataset.column === id",
        arg=third,
    )
    page.locator("[data-key='columns Reset']").click()
    settled(page)
    page.keyboard.press("Escape")


def test_the_bar_of_ticked_runs(page: Any) -> None:
    """A tag on all of them, and a file; Compare is offered to two."""
    rows = [page.locator("tr[data-run-id]", has_text=f"calm-heron-{n}") for n in (2, 3)]
    for row in rows:
        row.locator("input[type=checkbox]").check()
    page.locator("[data-key='edit tag ticked']").click()
    page.keyboard.type("team=red")
    page.keyboard.press("Enter")
    page.locator("[data-key='edit tag ticked']").wait_for()
    with page.expect_download() as download:
        page.locator("[data-key='csv ticked']").click()
    text = download.value.path().read_text()

    assert download.value.suggested_filename == "runs.csv"
    assert text.splitlines()[0].endswith("tags.team")
    assert [line.endswith(",red") for line in text.splitlines()[1:]] == [True, True]
    page.locator("[data-key='compare ticked']").click()
    page.locator("[data-tab=compare][aria-selected=true]").wait_for()
    page.locator("[data-tab=runs]").click()
    page.locator("[data-key='clear ticks']").click()


def test_the_bin(page: Any) -> None:
    """What was deleted is there, and comes back from there."""
    gone = page.locator("tr[data-run-id]", has_text="calm-heron-5")
    gone.locator("input[type=checkbox]").check()
    page.locator("[data-key='delete ticked']").click()
    gone.wait_for(state="detached")
    page.locator("[data-key=bin]").click()
    gone.locator("input[type=checkbox]").check()
    page.locator("[data-key='restore ticked']").click()
    page.get_by_text("Nothing was deleted.").wait_for()
    page.locator("[data-key=bin]").click()
    gone.wait_for()


# --- by keyboard


def focused(page: Any) -> list[str | None]:
    """Run and column of what has the focus."""
    return page.evaluate(
        """() => {
          const cell = document.activeElement.closest("td, th");
          const head = document.querySelector("thead .nbt-labels");
          const column = head.cells[cell?.cellIndex]?.querySelector("[data-column]");
          const run = cell?.parentElement.querySelector(".nbt-name-button");
          return [run?.title, column?.dataset.column];
        }"""
    )


def test_the_table_is_one_tab_stop(page: Any) -> None:
    """Where Tab comes to is where one was; the fields under the headers are not on the way."""
    page.locator("tr[data-run-id]", has_text="calm-heron-4").locator(".nbt-name-button").focus()
    page.keyboard.press("ArrowRight")
    was = focused(page)
    page.keyboard.press("Tab")
    after = page.evaluate("() => Boolean(document.activeElement.closest('table'))")
    page.keyboard.press("Shift+Tab")

    assert (was, after) == (["calm-heron-4", "status"], False)
    assert focused(page) == was


def test_arrows_space_and_enter(page: Any) -> None:
    """Go from cell to cell, tick and open the run, from whichever cell."""
    page.locator("tr[data-run-id]", has_text="calm-heron-4").locator(".nbt-name-button").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert focused(page) == ["calm-heron-3", "start_time"]
    page.keyboard.press("Space")
    page.locator("tr.nbt-ticked", has_text="calm-heron-3").wait_for()
    page.keyboard.press("Enter")
    page.locator(".nbt-details .nbt-detail-head").wait_for()
    page.keyboard.press("Enter")
    page.locator(".nbt-details").wait_for(state="detached")
    page.keyboard.press("Space")
    page.locator("tr.nbt-ticked").wait_for(state="detached")

    assert focused(page) == ["calm-heron-3", "start_time"]
    page.keyboard.press("Control+Home")
    assert page.evaluate("() => document.activeElement.dataset.key") == "tick all"
    page.keyboard.press("End")
    assert focused(page)[0] is None


def test_keys_for_filters_and_help(page: Any) -> None:
    """`f` goes into the field of the column, Escape back, `/` to the filter, `?` says all that."""
    page.locator("tr[data-run-id]", has_text="calm-heron-4").locator(".nbt-name-button").focus()
    page.keyboard.press("f")
    assert page.evaluate("() => document.activeElement.dataset.quick") == "run_name"
    page.keyboard.press("Escape")
    assert focused(page)[0] == "calm-heron-4"
    assert page.locator("[data-quick]").count() == 0
    page.keyboard.press("?")
    page.locator(".nbt-keys").wait_for()
    page.keyboard.press("Escape")
    assert focused(page)[0] == "calm-heron-4"
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.dataset.key") == "query"


def test_plus_unfolds_a_parent(page: Any) -> None:
    """And minus folds it again."""
    page.locator("[data-column=start_time]").click()  # no order by a metric: a tree
    if page.locator("[data-key=tree]").inner_text() == "as a tree":
        page.locator("[data-key=tree]").click()
    page.locator(".nbt-fold").wait_for()
    page.locator("tr[data-run-id]", has_text="sweep").locator(".nbt-name-button").focus()
    page.keyboard.press("+")
    page.locator("tr[data-run-id]", has_text="child-1").wait_for()
    page.keyboard.press("-")
    page.locator("tr[data-run-id]", has_text="child-1").wait_for(state="detached")
