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
    OwnNumbers,
    bring_up,
    first_day,
    on_each_screen,
    settled,
)
from tests.browser.lab import LabFolder, needs_browser

pytestmark = needs_browser

SORTED = "cancer, sorted"
RUN_COLUMNS = ["run_name", "status", "start_time"]  # name, status, age
MOST_TABS = 12  # from the filter to the table
MOST_ARROWS = 6  # from where Tab comes in to the second run: lines of the head may be on the way


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

Looks = dict[tuple[str, str], Any]  # what `sight.look` says, by view and screen


@pytest.fixture(scope="module")
def at_first(page: Any) -> Looks:
    """As it is when the cells have run."""
    return _looks(page, VIEWS)


def _looks(page: Any, views: Iterable[str]) -> Looks:
    ask = "(el, best) => sight.look(el, best)"
    return {
        (view, screen): bring_up(page.panels[view]).evaluate(ask, _wanted(page, view))
        for screen in on_each_screen(page)
        for view in views
    }


def _wanted(page: Any, view: str) -> list[tuple[str, list[str]]]:
    """Of winner and runner-up: the columns that the user wants to see of each."""
    own = page.own[view]
    return [
        (
            run.info.run_id,
            [
                f"metrics.{own.metric}",
                *(f"params.{key}" for key in own.params if key in run.data.params),
            ],
        )
        for run in page.best[view]
    ]


def test_columns_begin_with_what_is_ones_own(page: Any, at_first: Looks) -> None:
    """Name, status, age; then one's own metrics, then one's own params; the rest comes later."""
    usual = [(view, look) for (view, screen), look in at_first.items() if screen == "1440-dark"]
    _say(
        f"{view}: {words}"
        for view, look in usual
        for words in _wrong_order([each["id"] for each in look["columns"]], page.own[view])
    )


def _wrong_order(ids: list[str], own: OwnNumbers) -> Iterator[str]:
    metrics = [each for each in ids if each.startswith("metrics.")]
    params = [each for each in ids if each.startswith("params.")]
    if ids[:4] != [*RUN_COLUMNS, f"metrics.{own.metric}"]:
        yield f"the columns begin with {ids[:4]}"
    if params and metrics and ids.index(params[0]) < ids.index(metrics[-1]):
        yield f"{params[0]} stands before {metrics[-1]}"
    for kind, shown, wanted in (("metrics", metrics, own.metrics), ("params", params, own.params)):
        first = shown[: min(2, len(wanted))]
        if not first or not {each.removeprefix(f"{kind}.") for each in first} <= set(wanted):
            yield f"the first {kind} are {first}, which are not the user's own"


def test_every_screen_shows_name_two_metrics_and_two_params(page: Any, at_first: Looks) -> None:
    """As far as the user has two of them."""
    _say(
        f"{view}, {screen}: {words}"
        for (view, screen), look in at_first.items()
        for words in _too_few(look["columns"], page.own[view])
    )


def _too_few(columns: list[dict[str, Any]], own: OwnNumbers) -> Iterator[str]:
    seen = [each["id"] for each in columns if each["canBeRead"]]
    if "run_name" not in seen:
        yield "no name in sight"
    for kind, wanted in (("metrics", own.metrics), ("params", own.params)):
        count = sum(each.startswith(kind) for each in seen)
        if count < min(2, len(wanted)):
            yield f"{count} {kind} in sight; {_first_places(columns, kind)}"


def _first_places(columns: list[dict[str, Any]], kind: str) -> str:
    places = [f"{c['id']} at x = {c['left']}" for c in columns if c["id"].startswith(kind)]
    return ", ".join(places[:2]) or f"there are no {kind}"


def test_the_name_stays_while_columns_scroll(at_first: Looks) -> None:
    """Scrolled to the last column, one still sees whose values they are."""
    _say(
        f"{view}, {screen}: no name in sight"
        for (view, screen), look in at_first.items()
        if not look["nameStays"]
    )


def test_the_best_two_are_on_the_first_screen(page: Any, at_first: Looks) -> None:
    """By the user's own metric, with the params that the user set: no scroll, one click at most.

    None where the magic already sorts.
    """
    at_once = _unread(at_first)
    clicked = sorted({view for view, _ in at_once} - {SORTED})
    for view in clicked:
        _sort_by_own_metric(page, view)
    after_a_click = _unread(_looks(page, clicked)) if clicked else {}
    _say(
        f"{view}, {screen}: not in sight: {words}"
        for (view, screen), words in at_once.items()
        if view == SORTED or (view, screen) in after_a_click
    )


def _unread(looks: Looks) -> dict[tuple[str, str], str]:
    """What cannot be read of winner and runner-up; nothing where all can."""
    said = {
        key: dict.fromkeys(
            f"{place}'s {each}"
            for place, lacks in zip(("the winner", "the runner-up"), look["runs"])
            for each in lacks
        )
        for key, look in looks.items()
    }
    return {key: ", ".join(words) for key, words in said.items() if words}


def _sort_by_own_metric(page: Any, view: str) -> None:
    """By the one click that a user has, on its header: where it is out of sight, nothing comes."""
    head = f"thead [data-column='metrics.{page.own[view].metric}']"
    panel = bring_up(page.panels[view])
    if panel.evaluate("(el, head) => sight.canRead(el.querySelector(head))", head):
        panel.locator(head).click()
        settled(panel)


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
    details, own = bring_up(page.panels[SORTED]).locator(".nbt-details"), page.own[SORTED]
    values = {own.metric: f"{run.data.metrics[own.metric]:.3f}"}
    values |= {key: run.data.params[key] for key in own.params if key in run.data.params}
    for pair in values.items():
        if not details.evaluate("(el, [key, value]) => sight.reads(el, key, value)", pair):
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
    panels = {experiment: _charts_of(page, experiment) for experiment in OWN}
    problems = [
        f"{experiment}, {screen}: the charts in sight are {seen}"
        for screen in on_each_screen(page)
        for experiment, panel in panels.items()
        if not _begins_with_own(seen := _charted(panel), OWN[experiment])
    ]
    for experiment, panel in panels.items():
        if panel.locator(".nbt-chart-card[data-metric=search_progress]").count():
            problems.append(f"{experiment}: search_progress is drawn")
        panel.locator("[data-tab=runs]").click()
    _say(problems)


def _charts_of(page: Any, experiment: str) -> Any:
    """Its Charts tab, with what is drawn there unasked, which may be nothing."""
    panel = bring_up(page.panels[experiment])
    panel.locator("[data-tab=charts]").click()
    drawn, nothing = ".nbt-chart-card[data-drawn] svg", "text=/logged no metric|no runs/i"
    panel.locator(drawn).or_(panel.locator(nothing)).first.wait_for(timeout=60_000)
    return settled(panel)


def _charted(panel: Any) -> list[str]:
    return bring_up(panel).evaluate("el => sight.charted(el)")


def _begins_with_own(seen: list[str], own: OwnNumbers) -> bool:
    first = seen[: min(2, len(own.metrics))]
    return bool(first) and set(first) <= set(own.metrics)


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
    row = panel.locator(f"tr[data-run-id='{runner_up}']")
    _tab_into_table(page, panel)
    _arrow_down_to(page, row)

    for is_ticked in (True, False):
        page.keyboard.press("Space")
        settled(panel)
        assert row.locator("input[type=checkbox]").is_checked() is is_ticked
    for state in ("visible", "detached"):
        page.keyboard.press("Enter")
        panel.locator(f"[data-details='{runner_up}']").wait_for(state=state, timeout=5_000)


def _arrow_down_to(page: Any, row: Any) -> None:
    for _ in range(MOST_ARROWS):
        if _has_focus(row):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError("arrows do not reach the second run")


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
