"""What the page of the Charts tab does by itself: metrics that share a chart, room, long names."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from nbtrack.lookup.chart_layout import CHARTS_TAG, layout_of
from nbtrack.panels.runs.panel import RunsPanel
from nbtrack.panels.runs.view import RunsView
from nbtrack.recording.session import Session
from tests.browser.lab import needs_browser, resize
from tests.browser.plain_page import open_panel, show_panel

pytestmark = needs_browser

WIDTHS = (467, 700, 1250)
LONG = [f"weight_of_the_regularizing_term_number_{n}" for n in range(8)]  # of 40 letters
RUNS = 30


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    patch = pytest.MonkeyPatch()
    patch.setenv("NBTRACK_DIR", str(tmp_path_factory.mktemp("project")))
    made = Session()
    patch.setattr("nbtrack.recording.session._current", made)
    for n in range(RUNS):
        run = made.start_run(name=f"calm-heron-{n}")
        run.log_params({key: str(10 ** (n % (k + 2))) for k, key in enumerate(LONG)})
        for step in range(3):
            loss = math.exp(-step) + n / 100
            values = {"loss": loss, "val_loss": loss * 1.2, "accuracy": 1 - loss / 4}
            for key, value in values.items():
                run.log_metric(key, value, step=step)
        run.log_metric(f"score_{'x' * 34}", n / 7)
        run.end()
    yield made
    patch.undo()
    made.close()


def new_panel(session: Session) -> RunsPanel:
    experiments = (session.experiment.experiment_id,)
    view = RunsView(session.store, experiments, filter_string=None, sort=None, top=None)
    return RunsPanel(session.store, view, top=None)


@pytest.fixture(scope="module")
def page(session: Session) -> Iterator[Any]:
    with open_panel(new_panel(session), width=WIDTHS[-1], height=1100) as page:
        page.set_default_timeout(10_000)
        open_charts(page)
        yield page


def open_charts(page: Any) -> None:
    page.locator("[data-tab=charts]").click()
    page.locator(".nbt-chart-card[data-drawn] svg.marks").first.wait_for()
    settled_charts(page)


def settled_charts(page: Any) -> None:
    page.wait_for_function(
        """() => document.querySelector("[data-nbtrack]").getAttribute("aria-busy") === "false"
            && !document.querySelector(".nbt-card-next")"""
    )


def choose_view(page: Any, name: str) -> None:
    page.locator(f"[data-segment={name}] input").check()
    page.locator(f"[data-view={name}] svg.marks").first.wait_for()
    settled_charts(page)


def charts_of(page: Any) -> dict[str, list[str]]:
    settled_charts(page)
    found = page.evaluate(
        """() => [...document.querySelectorAll(".nbt-chart-card")].map(card => [card.dataset.metric,
            [...card.querySelectorAll("[data-beside]")].map(chip => chip.dataset.beside)])"""
    )
    return dict(found)


def remembered(session: Session) -> Any:
    return layout_of(session.store.get_experiment(session.experiment.experiment_id).tags)


def key(page: Any, name: str) -> Any:
    return page.locator(f'[data-key="{name}"]')


def middle(element: Any) -> tuple[float, float]:
    box = element.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


# --- metrics that share a chart


def test_a_metric_is_added_by_the_menu_of_a_chart(page, session):
    """Found by typing; its lines are dashed, and it can be taken off again."""
    assert charts_of(page)["loss"] == ["val_loss"]
    key(page, "chart menu accuracy").click()
    key(page, "add to accuracy").fill("LOSS")
    key(page, "accuracy: add val_loss").click()
    page.locator("[data-metric=accuracy] [data-beside=val_loss]").wait_for()
    assert charts_of(page) | {"loss": [], "accuracy": ["val_loss"]} == charts_of(page)

    dashed = "[data-metric=accuracy] .mark-line path[stroke-dasharray='5,3']"
    assert page.locator(dashed).count() == 10
    key(page, "off accuracy val_loss").click()
    page.locator("[data-metric=val_loss] svg.marks").wait_for()
    assert charts_of(page) | {"loss": [], "accuracy": [], "val_loss": []} == charts_of(page)


def test_a_title_is_dragged_onto_another_chart(page, session):
    """Where it can be let go it says so; a click without a drag opens the menu."""
    title, onto = key(page, "chart menu accuracy"), page.locator("[data-metric=loss]")
    page.mouse.move(*middle(title))
    page.mouse.down()
    page.mouse.move(*middle(onto), steps=4)
    assert onto.evaluate("card => card.classList.contains('nbt-drop-here')")
    page.mouse.up()
    onto.locator("[data-beside=accuracy]").wait_for()

    assert "accuracy" in charts_of(page)["loss"]
    assert "accuracy" not in charts_of(page)
    assert page.locator(".nbt-chart-card .nbt-popup-list:visible").count() == 0


def test_the_layout_is_there_in_the_next_panel(page, session):
    """With order, scale and smoothing; what is reset is forgotten."""
    page.locator("[data-key='chart Log y']").check()
    first, second, *_ = charts_of(page)
    key(page, f"chart menu {second}").click()
    key(page, f"{second}: forward").click()
    page.locator(f".nbt-chart-card:first-child[data-metric={second}]").wait_for()
    page.wait_for_timeout(600)  # it is kept when the changes have come to rest
    assert remembered(session).is_log
    before = charts_of(page)
    show_panel(page, new_panel(session))
    open_charts(page)
    assert charts_of(page) == before
    assert list(before)[:2] == [second, first]
    assert page.locator("[data-key='chart Log y']").is_checked()
    key(page, "reset layout").click()
    page.locator(".nbt-chart-card [data-beside=val_loss]").wait_for()
    page.wait_for_timeout(600)

    tags = session.store.get_experiment(session.experiment.experiment_id).tags
    assert CHARTS_TAG not in tags


def test_the_keyboard_goes_on_where_a_chart_was_changed(page):
    """What had the focus has moved or is gone: the next key is still for the charts."""
    _, second, *_ = charts_of(page)
    key(page, f"chart menu {second}").press("Enter")
    key(page, f"{second}: forward").press("Enter")
    page.locator(f".nbt-chart-card:first-child[data-metric={second}]").wait_for()
    assert focused(page) == f"chart menu {second}"
    key(page, "off loss val_loss").press("Enter")
    page.locator("[data-metric=val_loss] svg.marks").wait_for()
    assert focused(page) == "chart menu loss"
    key(page, "remove val_loss").press("Enter")
    page.locator("[data-metric=val_loss]").wait_for(state="detached")
    assert focused(page).startswith("chart menu ")
    key(page, "reset layout").press("Enter")
    page.locator("[data-metric=loss] [data-beside=val_loss]").wait_for()
    assert focused(page) == "choose Metrics"
    page.wait_for_timeout(600)  # that it is forgotten, too


def focused(page: Any) -> str:
    settled_charts(page)
    return str(page.evaluate("document.activeElement.dataset.key"))


def test_a_window_resized_behind_another_view(page):
    """Charts that were not to be seen have the right width when they are again."""
    choose_view(page, "scatter")
    resize(page, 640, 1100)
    page.wait_for_timeout(200)
    choose_view(page, "lines")
    page.wait_for_function(
        """() => [...document.querySelectorAll(".nbt-card-body")].every(body =>
            Math.abs(body.querySelector("svg.marks").clientWidth - body.clientWidth) < 4)"""
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_charts_fill_their_lines(page, width):
    """No third of a line stands empty, and none is too narrow."""
    resize(page, width, 1100)
    page.wait_for_timeout(200)
    boxes = page.evaluate(
        """() => [...document.querySelectorAll(".nbt-chart-card")].map(card => {
            const { top, left, right, width } = card.getBoundingClientRect();
            return [Math.round(top), left, right, width];
        })"""
    )
    for top in {box[0] for box in boxes}:
        line = [box for box in boxes if box[0] == top]
        assert max(box[2] for box in line) > width - 24
        assert min(box[1] for box in line) < 10
        assert all(box[3] >= min(320, width - 24) for box in line)


# --- long names


FRAMES = """() => {
    const boxes = [...document.querySelectorAll(".nbt-charts svg.marks text")]
        .filter(text => text.textContent && getComputedStyle(text).opacity !== "0")
        .map(text => [text, text.getBoundingClientRect()]);
    const panel = document.querySelector(".nbt-charts").getBoundingClientRect();
    const names = boxes.filter(([text]) =>
        !text.closest('.role-title') && /_|^loss$/.test(text.textContent));
    return { panel: [panel.left, panel.right], names: names.map(frame), all: boxes.map(frame) };
    function frame([text, { left, right, top, bottom }]) {
        return { words: text.textContent, left, right, top, bottom };
    }
}"""


def overlaps(frames: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [
        (one["words"], other["words"])
        for n, one in enumerate(frames)
        for other in frames[:n]
        if one["left"] < other["right"] - 1
        and other["left"] < one["right"] - 1
        and one["top"] < other["bottom"] - 1
        and other["top"] < one["bottom"] - 1
    ]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("axes", [2, 3, 5, 8, 10])
def test_names_of_axes_never_overlap(page, width, axes):
    """Keys of 40 letters that begin alike, and still can be told apart; nothing sticks out."""
    resize(page, width, 1100)
    choose_view(page, "parallel")
    key(page, "choose Axes").click()
    chosen = [*(f"params.{each}" for each in LONG), "metrics.loss", f"metrics.score_{'x' * 34}"]
    wanted = {f"choice Axes {column}" for column in chosen[-axes:]}
    boxes = "all => all.filter(box => box.checked).map(box => box.dataset.key)"
    checked = set(page.locator("[data-key^='choice Axes ']").evaluate_all(boxes))
    for name in [*(wanted - checked), *(checked - wanted)]:
        key(page, name).set_checked(name in wanted)
        settled_charts(page)
    page.keyboard.press("Escape")
    settled_charts(page)
    page.wait_for_timeout(150)
    found = page.evaluate(FRAMES)

    names = [each["words"] for each in found["names"]]
    assert len(set(names)) == len(names) == axes
    assert all(name.count("…") <= 1 for name in names)
    assert overlaps(found["names"]) == []
    assert all(each["left"] >= found["panel"][0] for each in found["all"])
    assert all(each["right"] <= found["panel"][1] for each in found["all"])


@pytest.mark.parametrize("width", WIDTHS)
def test_a_scatter_takes_the_width_and_its_choosers_can_be_read(page, width):
    """The longest key stands whole in the select that is closed."""
    resize(page, width, 1100)
    choose_view(page, "scatter")
    page.locator("[data-key='chart scatter x']").select_option(f"params.{LONG[0]}")
    settled_charts(page)
    page.wait_for_timeout(150)
    room = page.evaluate(
        """() => [...document.querySelectorAll(".nbt-chart-bar select")].map(select => {
            const pen = document.createElement("canvas").getContext("2d");
            pen.font = getComputedStyle(select).font;
            const widest = Math.max(...[...select.options].map(o => pen.measureText(o.text).width));
            return [select.clientWidth - widest, select.getBoundingClientRect().right];
        })"""
    )
    assert all(free > 15 and right <= width for free, right in room)
    svg = page.locator(".nbt-wide-scatter svg.marks").bounding_box()
    assert svg["width"] > width - 40
    found = page.evaluate(FRAMES)
    assert all(each["right"] <= found["panel"][1] for each in found["all"])
