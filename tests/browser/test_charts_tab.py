"""The Charts tab of the runs panel in a real JupyterLab."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.lab import (
    PLACES,
    LabFolder,
    needs_browser,
    opened_notebook,
    resize,
    run_cell,
    use_theme,
)

pytestmark = needs_browser

HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"
SET_UP = f"""
%load_ext nbtrack
import nbtrack, math, pathlib, random, time
nbtrack.set_experiment("curves")

def train(name, lr, depth, steps, before=lambda step: None):
    noise, start = random.Random(depth), int(time.time() * 1000)
    with nbtrack.start_run(run_name=name):
        nbtrack.log_params({{"lr": lr, "depth": depth, "kind": "SVC" if depth < 4 else "forest"}})
        for step in range(steps):
            before(step)
            loss = math.exp(-4 * lr * step / steps) + 0.05 * noise.random()
            # Evenly spaced in time, however busy the machine is.
            values, moment = {{"loss": loss, "accuracy": 1 - loss / 2}}, start + 20 * step
            nbtrack.log_metrics(values, step=step, timestamp=moment)
        nbtrack.log_metric("f1", 0.9 - loss / 3)

for depth, lr in enumerate([0.1, 0.2, 0.4, 0.6, 0.8, 1.0], start=1):
    train(f"depth {{depth}}", lr, depth, steps=2000)
train({HOSTILE!r}, 0.5, 7, steps=2000)
"""
# Half way it waits until the test has seen the first half.
LIVE = """
def wait(step):
    while step == 4 and not pathlib.Path("seen").exists():
        time.sleep(0.05)

train("live", 0.3, 5, steps=9, before=wait)
"""
BACK = "import json; print(json.dumps({'selected': panel.selected, 'value': panel.value}))"
CELLS = [SET_UP, "panel = nbtrack.runs()\npanel", "nbtrack.runs()", BACK, BACK, LIVE]

IDLE = "el => el.getAttribute('aria-busy') === 'false'"
# The points of the longest line of a card.
POINTS = """card => Math.max(0, ...[...card.querySelectorAll('.mark-line path')]
    .map(path => (path.getAttribute('d') || '').split(/[A-Z]/).length - 1))"""


TICKS = """card => [...card.querySelectorAll('.role-axis-label text')]
    .map(text => text.textContent).sort().join()"""
FAINT = """card => [...card.querySelectorAll('.mark-line path')]
    .filter(path => getComputedStyle(path).strokeOpacity < 0.5).length"""
FITS = """root => {
    const edge = root.getBoundingClientRect().right;
    const wide = root.querySelector('.nbt-charts');
    return wide.scrollWidth <= wide.clientWidth &&
        [...root.querySelectorAll('svg')].every(e => e.getBoundingClientRect().right <= edge);
}"""
LIVE_POINTS = """card => Math.min(...[...card.querySelectorAll('.mark-line path')]
    .map(path => (path.getAttribute('d') || '').split(/[A-Z]/).length - 1))"""
RUN_ALONE = """index => {
    const { content } = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = index;
    window.jupyterapp.commands.execute('notebook:run-cell');
}"""


@pytest.fixture(scope="module")
def page(lab: LabFolder) -> Iterator[Any]:
    with opened_notebook(lab, "curves.ipynb", CELLS, width=1600, height=1100) as page:
        page.folder, page.bundles = lab.folder, []
        page.on("request", lambda r: page.bundles.append(r.url) if _is_blob(r.url) else None)
        page.outputs = [run_cell(page, index) for index in range(3)]
        page.root = page.outputs[1].locator("[data-nbtrack=runs]")
        _open_charts(page.root)
        yield page


def test_each_metric_with_a_history_has_a_chart(page: Any) -> None:
    """Curves come first, and below them the metrics with one value a run, as bars."""
    assert _metrics(page.root) == ["accuracy", "loss", "f1"]
    chart = _card(page.root, "loss").locator("[role=img]")

    assert chart.get_attribute("aria-label").startswith("Lines of loss by step, 7 runs")
    assert chart.locator(".mark-line path").count() == 7


def test_a_run_has_the_colour_of_its_row(page: Any) -> None:
    """Table, legend and line agree; the table says it of runs that are ticked."""
    page.root.locator("[data-tab=runs]").click()
    row = page.root.locator("tr[data-run-id]", has_text="depth 3")
    assert row.locator(".nbt-swatch").count() == 0
    row.locator("input[type=checkbox]").check()
    run_id = row.get_attribute("data-run-id")
    swatch = row.locator(".nbt-swatch").evaluate("e => getComputedStyle(e).backgroundColor")
    _open_charts(page.root)
    entry = page.root.locator(f"[data-legend-run='{run_id}'] line")

    assert entry.evaluate("e => getComputedStyle(e).stroke") == swatch
    drawn = _card(page.root, "loss").locator(".mark-line path")
    assert swatch in drawn.evaluate_all("all => all.map(e => getComputedStyle(e).stroke)")
    page.root.locator("[data-tab=runs]").click()
    row.locator("input[type=checkbox]").uncheck()
    _open_charts(page.root)


def test_what_was_looked_at_is_in_the_saved_notebook(page: Any) -> None:
    """As a picture beside the table, in two formats; both are hidden while the panel lives."""
    page.wait_for_function(
        """() => window.jupyterapp.shell.currentWidget.model.toJSON().cells[1].outputs
            .some(output => output.data?.["image/png"] && output.data["image/svg+xml"])""",
        timeout=60_000,
    )
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(1)
    pictures = cell.locator(".jp-RenderedSVG, .jp-RenderedImage")

    assert pictures.count() == 1
    assert not pictures.first.is_visible()


def test_the_legend_brings_a_run_to_the_front(page: Any) -> None:
    """While the pointer is on its name, the other lines are faint in every chart."""
    page.root.locator("[data-legend-run]").first.hover()
    for key in ("loss", "accuracy"):
        _wait(_card(page.root, key), f"card => ({FAINT})(card) === 6")
    page.mouse.move(2, 2)
    _wait(_card(page.root, "loss"), f"card => ({FAINT})(card) === 0")


@pytest.mark.parametrize("x", ["step", "relative", "time"])
def test_a_brush_zooms_all_charts_into_finer_buckets(page: Any, x: str) -> None:
    """The kernel is asked for the points of that stretch: as many as before, on a fifth of it."""
    page.root.locator("[data-key='chart X']").select_option(x)
    _wait_idle(page.root)
    loss, reset = _card(page.root, "loss"), page.root.locator("[data-key='reset zoom']")
    before, ticks = loss.evaluate(POINTS), _ticks(page.root, "accuracy")
    _drag(page, loss.locator("svg"), (0.4, 0.5), (0.6, 0.5))
    reset.wait_for(state="visible")
    _wait_idle(page.root)
    _wait(page.root, "root => !root.querySelector('.nbt-card-next')")

    # Cropped, a fifth of them would be left.
    assert loss.evaluate(POINTS) > 0.8 * before
    assert _ticks(page.root, "accuracy") != ticks
    loss.locator("svg").dblclick()
    reset.wait_for(state="hidden")
    _wait(_card(page.root, "accuracy"), f"card => ({TICKS})(card) === {json.dumps(ticks)}")


def test_a_metric_with_one_value_is_drawn_as_bars(page: Any) -> None:
    """Chosen in the list, found by typing."""
    page.root.locator("[data-key='choose Metrics']").click()
    page.root.get_by_label("Find in Metrics").fill("f1")
    page.root.locator("[data-key='choice Metrics f1']").check()
    page.keyboard.press("Escape")
    bars = _card(page.root, "f1")
    _wait(bars, "card => card.querySelectorAll('.mark-rect path').length === 7")

    assert HOSTILE[:12] in bars.locator("svg").text_content()
    page.root.locator("[data-key='remove f1']").click()
    bars.wait_for(state="detached")


def test_a_brush_in_the_scatter_ticks_runs(page: Any) -> None:
    """In the table, in `panel.selected`, and as ranges in `panel.value`."""
    _choose_view(page.root, "scatter")
    svg = page.root.locator(".nbt-wide-scatter svg")
    svg.wait_for()
    _drag(page, svg, (0.3, 0.12), (0.8, 0.85))
    page.root.locator("[data-key='clear brush scatter']").wait_for(state="visible")
    _wait_idle(page.root)
    said = json.loads(run_cell(page, 3).inner_text().strip().splitlines()[-1])

    assert 0 < len(said["selected"]) < 8
    assert len(said["value"]) == 2
    page.root.locator("[data-key='clear brush scatter']").click()
    _wait_idle(page.root)
    assert json.loads(run_cell(page, 4).inner_text().strip().splitlines()[-1]) == {
        "selected": [],
        "value": {},
    }


def test_two_panels_share_one_bundle(page: Any) -> None:
    """Vega is loaded once per page, and not by the network."""
    before = len(page.bundles)
    second = page.outputs[2].locator("[data-nbtrack=runs]")
    second.scroll_into_view_if_needed()
    _open_charts(second)

    assert len(page.bundles) == before
    assert page.foreign == []
    assert "hacked" not in page.title()


def test_charts_follow_a_running_cell(page: Any) -> None:
    """Points that a cell logs appear before the cell is done."""
    _choose_view(page.root, "lines")
    page.root.locator("[data-key='chart X']").select_option("step")
    page.evaluate(RUN_ALONE, 5)
    live = page.root.locator("[data-legend-run]", has_text="live")
    live.wait_for(timeout=60_000)
    _wait(_card(page.root, "loss"), f"card => ({LIVE_POINTS})(card) === 4")

    prompt = page.locator(".jp-Notebook .jp-CodeCell").nth(5).locator(".jp-InputPrompt")
    assert "*" in prompt.inner_text()
    (page.folder / "seen").touch()
    _wait(_card(page.root, "loss"), f"card => ({LIVE_POINTS})(card) === 9")


@pytest.mark.parametrize(("width", "theme"), PLACES)
def test_charts_fit_into_the_panel(page: Any, theme: str, width: int) -> None:
    """In every theme and width nothing sticks out, and a redraw is not needed."""
    resize(page, width, 1100)
    use_theme(page, theme)
    page.root.scroll_into_view_if_needed()
    for view in ("scatter", "parallel", "importance", "lines"):
        _choose_view(page.root, view)
        _wait(page.root, FITS)


def _open_charts(root: Any) -> None:
    root.locator("[data-tab=charts]").click()
    root.locator(".nbt-chart-card[data-drawn] svg").first.wait_for(timeout=60_000)
    _wait_idle(root)


def _choose_view(root: Any, name: str) -> None:
    root.scroll_into_view_if_needed()
    root.locator(f"[data-segment={name}] input").check()
    root.locator(f"[data-view={name}] svg.marks").first.wait_for()
    _wait_idle(root)


def _wait_idle(root: Any) -> None:
    _wait(root, IDLE)


def _wait(element: Any, condition: str, *, timeout: int = 30_000) -> None:
    element.page.wait_for_function(
        f"el => ({condition})(el)", arg=element.element_handle(), timeout=timeout
    )


def _metrics(root: Any) -> list[str]:
    return root.locator(".nbt-chart-card").evaluate_all("all => all.map(e => e.dataset.metric)")


def _card(root: Any, key: str) -> Any:
    return root.locator(f".nbt-chart-card[data-metric='{key}']")


def _ticks(root: Any, key: str) -> str:
    return str(_card(root, key).evaluate(TICKS))


def _is_blob(url: str) -> bool:
    return url.startswith("blob:")


def _drag(page: Any, svg: Any, begin: tuple[float, float], end: tuple[float, float]) -> None:
    """From one place of the picture to another, as shares of its width and height."""
    svg.scroll_into_view_if_needed()
    box = svg.bounding_box()
    x, y = ([box["x"] + box["width"] * p[0], box["y"] + box["height"] * p[1]] for p in (begin, end))
    page.mouse.move(*x)
    page.mouse.down()
    page.mouse.move((x[0] + y[0]) / 2, (x[1] + y[1]) / 2)
    page.mouse.move(*y)
    page.mouse.up()
