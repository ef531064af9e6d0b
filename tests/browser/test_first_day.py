"""A new user's first day in JupyterLab: one's own numbers are on the first screen.

Everything is measured in the page, on small, usual and large screens, light and dark. A test says
all that is wrong at once, and where.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from nbtrack.records.runs import Run, RunQuery
from nbtrack.stores.opening import open_store
from tests.browser.first_day import (
    OWN,
    VIEWS,
    bring_up,
    first_day,
    on_each_screen,
    on_every_screen,
    settled,
)
from tests.browser.lab import LabFolder, needs_browser

pytestmark = needs_browser

SORTED = "cancer, sorted"
RUN_COLUMNS = ["run_name", "status", "start_time"]  # name, status, age
MOST_TABS = 12  # from the filter to the table


@pytest.fixture(scope="module")
def page(lab: LabFolder) -> Iterator[Any]:
    with first_day(lab) as page:
        page.best = {view: _best_two(lab, view.split(",")[0]) for view in VIEWS}
        page.own = {view: OWN[view.split(",")[0]] for view in VIEWS}
        yield page


def _best_two(lab: LabFolder, experiment: str) -> list[Run]:
    """Winner and runner-up by the user's own metric."""
    metric = OWN[experiment].metric
    store = open_store(str(lab.folder / "project"))
    found = store.find_experiment(experiment)
    runs = store.search_runs(RunQuery(experiment_ids=(found.experiment_id,)))
    store.close()
    order = sorted(
        (run for run in runs if metric in run.data.metrics),
        key=lambda run: run.data.metrics[metric],
        reverse=not OWN[experiment].is_lower_better,
    )
    assert len({run.data.metrics[metric] for run in order[:3]}) == 3, "no clear winner"
    return order[:2]


def _say(problems: Iterable[str]) -> None:
    found = list(problems)
    assert not found, f"{len(found)} problems:\n" + "\n".join(found)


# --- the table


def test_the_best_two_are_on_the_first_screen(page: Any) -> None:
    """By the user's own metric, with the params that the user set: no scroll, one click at most."""
    at_once = _unread_of_the_best(page, VIEWS)
    clicked = sorted({view for view, _ in at_once})
    for view in clicked:
        _sort_by_own_metric(page, view)
    after_a_click = _unread_of_the_best(page, clicked)
    _say(
        f"{view}, {screen}: {words}; at once: {at_once[view, screen]}"
        for (view, screen), words in after_a_click.items()
        if (view, screen) in at_once
    )


def _unread_of_the_best(page: Any, views: Iterable[str]) -> dict[tuple[str, str], str]:
    """What cannot be read of winner and runner-up, by view and screen; nothing where all can."""
    return {
        (view, screen): words
        for screen in on_every_screen(page)
        for view in views
        if (words := "; ".join(_unread(page, view)))
    }


def _unread(page: Any, view: str) -> Iterator[str]:
    panel, own = bring_up(page.panels[view]), page.own[view]
    for place, run in zip(("winner", "runner-up"), page.best[view]):
        params = [f"params.{key}" for key in own.params if key in run.data.params]
        wanted = [run.info.run_id, [f"metrics.{own.metric}", *params]]
        for words in panel.evaluate("(el, [run, keys]) => sight.unread(el, run, keys)", wanted):
            yield f"{place} {run.info.run_name!r}: not in sight: {words}"


def _sort_by_own_metric(page: Any, view: str) -> None:
    """By the one click that a user has, on its header: where it is out of sight, nothing comes."""
    head = f"thead [data-column='metrics.{page.own[view].metric}']"
    panel = bring_up(page.panels[view])
    if panel.evaluate("(el, head) => sight.canRead(el.querySelector(head), {})", head):
        panel.locator(head).click()
        settled(panel)


def test_columns_begin_with_what_is_ones_own(page: Any) -> None:
    """Name, status, age; then one's own metrics, then one's own params; the rest comes later."""
    _say(f"{view}: {words}" for view in VIEWS for words in _wrong_order(page, view))


def _wrong_order(page: Any, view: str) -> Iterator[str]:
    own = page.own[view]
    ids = [each["id"] for each in _columns(page.panels[view])]
    metrics = [each for each in ids if each.startswith("metrics.")]
    params = [each for each in ids if each.startswith("params.")]
    if ids[:4] != [*RUN_COLUMNS, f"metrics.{own.metric}"]:
        yield f"the columns begin with {ids[:4]}"
    if params and metrics and ids.index(params[0]) < ids.index(metrics[-1]):
        yield f"{params[0]} stands before {metrics[-1]}"
    for kind, shown, wanted in (("metrics", metrics, own.metrics), ("params", params, own.params)):
        first = shown[: min(2, len(wanted))]
        if not {each.removeprefix(f"{kind}.") for each in first} <= set(wanted) or not first:
            yield f"the first {kind} are {first}, none of which the user chose"


def _columns(panel: Any) -> list[dict[str, Any]]:
    return bring_up(panel).evaluate("el => sight.columns(el)")


def test_a_small_screen_shows_name_two_metrics_and_two_params(page: Any) -> None:
    """As far as there are two; and every screen shows the metric that is sorted by."""
    _say(
        f"{view}, {screen}: {words}"
        for screen in on_each_screen(page)
        for view in VIEWS
        for words in _too_few(page, view, screen)
    )


def _too_few(page: Any, view: str, screen: str) -> Iterator[str]:
    columns = _columns(page.panels[view])
    seen = [each["id"] for each in columns if each["canBeRead"]]
    for kind in ("metrics", "params"):
        count = sum(each.startswith(kind) for each in seen)
        if count < min(2, len(getattr(page.own[view], kind))):
            yield f"{count} {kind} in sight; {_first_places(columns, kind)}"
    if "run_name" not in seen:
        yield "no name in sight"


def _first_places(columns: list[dict[str, Any]], kind: str) -> str:
    places = [f"{c['id']} at x = {c['left']}" for c in columns if c["id"].startswith(kind)]
    return ", ".join(places[:2]) or f"there are no {kind}"


def test_the_name_stays_while_columns_scroll(page: Any) -> None:
    """Scrolled to the last column, one still sees whose values they are."""
    _say(
        f"{view}, {screen}: no name in sight"
        for screen in on_each_screen(page)
        for view in VIEWS
        if not bring_up(page.panels[view]).evaluate("el => sight.nameStays(el)")
    )


# --- the open row


def test_an_open_row_shows_ones_own_values(page: Any) -> None:
    """Own metric and own params can be read in it, and nothing has to be scrolled for them."""
    panel, winner = page.panels[SORTED], page.best[SORTED][0]
    _toggle(panel, winner)
    panel.locator(".nbt-details .nbt-detail-head").wait_for()
    problems = [
        f"{screen}: {words}" for screen in on_each_screen(page) for words in _hidden(page, winner)
    ]
    _toggle(panel, winner)
    _say(problems)


def _toggle(panel: Any, run: Run) -> None:
    panel.locator(f"tr[data-run-id='{run.info.run_id}'] .nbt-name-button").click()


def _hidden(page: Any, run: Run) -> Iterator[str]:
    details = bring_up(page.panels[SORTED]).locator(".nbt-details")
    metric = page.own[SORTED].metric
    pairs = [(metric, f"{run.data.metrics[metric]:.4f}")]
    pairs += [
        (key, run.data.params[key]) for key in page.own[SORTED].params if key in run.data.params
    ]
    for pair in pairs:
        if not details.evaluate("(el, words) => sight.reads(el, ...words)", list(pair)):
            yield f"{' = '.join(pair)} cannot be read"


# --- Compare and Charts


def test_a_comparison_begins_with_ones_own_metric(page: Any) -> None:
    """Of two ticked runs: it is the first line under the head, with all its values."""
    panel = page.panels[SORTED]
    boxes = [
        panel.locator(f"tr[data-run-id='{run.info.run_id}'] input[type=checkbox]")
        for run in page.best[SORTED]
    ]
    for box in boxes:
        box.check()
    panel.locator("[data-tab=compare]").click()
    panel.locator("[data-line]").first.wait_for()
    lines = {screen: _lines(panel) for screen in on_each_screen(page)}
    panel.locator("[data-tab=runs]").click()
    for box in boxes:
        box.uncheck()
    _say(
        f"{screen}: the first lines in sight are {found[:3]}"
        for screen, found in lines.items()
        if found[:1] != [f"metrics {page.own[SORTED].metric}"]
    )


def _lines(panel: Any) -> list[str]:
    return bring_up(panel).evaluate("el => sight.comparedLines(el)")


def test_charts_begin_with_ones_own_metrics(page: Any) -> None:
    """Curves or bars, whatever they are; how far a search was is never drawn unasked."""
    problems: list[str] = []
    for experiment, own in OWN.items():
        panel = _charts_of(page, experiment)
        first = min(2, len(own.metrics))
        for screen in on_each_screen(page):
            seen = bring_up(panel).evaluate("el => sight.charted(el)")
            if not seen or not set(seen[:first]) <= set(own.metrics):
                problems.append(f"{experiment}, {screen}: the charts in sight are {seen}")
        if panel.locator(".nbt-card[data-metric=search_progress]").count():
            problems.append(f"{experiment}: search_progress is drawn")
        panel.locator("[data-tab=runs]").click()
    _say(problems)


def _charts_of(page: Any, experiment: str) -> Any:
    """Its Charts tab, with what is drawn there unasked, which may be nothing."""
    panel = bring_up(page.panels[experiment])
    panel.locator("[data-tab=charts]").click()
    drawn, nothing = ".nbt-card[data-drawn] svg", "text=/logged no metric|no runs/i"
    panel.locator(drawn).or_(panel.locator(nothing)).first.wait_for(timeout=60_000)
    return settled(panel)


# --- by keyboard alone


def test_the_table_is_one_tab_stop(page: Any) -> None:
    """Tab comes to it from the filter, and with the next Tab has left it."""
    panel = bring_up(page.panels[SORTED])
    _tab_into_table(page, panel)
    page.keyboard.press("Tab")

    assert not _is_in_table(panel), "a second Tab stays in the table"


def test_arrows_enter_and_space_work_on_rows(page: Any) -> None:
    """Down goes to the next run, Space ticks it, Enter opens it and closes it again."""
    panel, runner_up = bring_up(page.panels[SORTED]), page.best[SORTED][1].info.run_id
    _tab_into_table(page, panel)
    row = panel.locator(f"tr[data-run-id='{runner_up}']")
    details = panel.locator(f"[data-details='{runner_up}']")
    for _ in range(6):  # there are rows of the head on the way
        if _has_focus(row):
            break
        page.keyboard.press("ArrowDown")

    assert _has_focus(row), "arrows do not reach the second run"
    for _ in range(2):
        page.keyboard.press("Space")
        settled(panel)
        ticked = panel.locator(f"tr[data-run-id='{runner_up}'] input[type=checkbox]")
        assert ticked.is_checked() is (_ == 0)
    page.keyboard.press("Enter")
    details.wait_for(timeout=5_000)
    page.keyboard.press("Enter")
    details.wait_for(state="detached", timeout=5_000)


def _tab_into_table(page: Any, panel: Any) -> None:
    panel.locator(".nbt-query").focus()
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if _is_in_table(panel):
            return
    raise AssertionError(f"{MOST_TABS} Tabs do not reach the table")


def _is_in_table(panel: Any) -> bool:
    return _has_focus(panel.locator("table", has=panel.page.locator("tr[data-run-id]")))


def _has_focus(element: Any) -> bool:
    return element.evaluate("el => el.contains(document.activeElement)")
