"""The live panel in a real JupyterLab: it draws while the cell runs, and leaves a picture."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.lab import (
    PLACES,
    LabFolder,
    begin_cell,
    needs_browser,
    opened_notebook,
    resize,
    run_cell,
    save_notebook,
    use_theme,
    wait_until_idle,
)

pytestmark = needs_browser

HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"
# The cell goes on until the test has seen what it wants, and puts the file there. Every object of
# JavaScript has a "constructor".
TRAIN = """%%track "{name}" --live
import math, time
from pathlib import Path
step = 0
while not Path("go-{n}").exists() and step < 3000:
    nbtrack.log_metric("loss", 2 * math.exp(-step / 60) + 0.1 * math.sin(step / 4), step=step)
    nbtrack.log_metric("constructor", 1 - math.exp(-step / 80), step=step)
    nbtrack.log_metric("epoch.time/s - all", step % 7, step=step)
    step += 1
    time.sleep(0.02)
"""
BOOST = """%%track "boosted" --live
import numpy, time, xgboost
class Slow(xgboost.callback.TrainingCallback):
    def after_iteration(self, model, epoch, evals_log):
        time.sleep(0.02)
data = xgboost.DMatrix(numpy.random.default_rng(0).normal(size=(200, 3)), [0, 1] * 100)
sets = [(data, "train"), (xgboost.DMatrix(numpy.ones((4, 3)), [0, 1] * 2), "valid")]
booster = xgboost.train({}, data, 2000, sets, verbose_eval=False, callbacks=[Slow()])
"""
CELLS = [
    "%load_ext nbtrack\nimport nbtrack",
    TRAIN.format(name="first fit", n=1),
    TRAIN.format(name=HOSTILE.replace('"', "'"), n=2),
    BOOST,
]


@pytest.fixture(scope="module")
def page(lab: LabFolder) -> Iterator[Any]:
    with opened_notebook(lab, "live.ipynb", CELLS) as page:
        page.folder = lab.folder
        run_cell(page, 0)
        yield page


def start_cell(page: Any, index: int) -> Any:
    begin_cell(page, index)
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(index)
    cell.scroll_into_view_if_needed()
    return cell


def wait_for_end(page: Any, cell: Any) -> None:
    # Panels write to the page from other threads, which makes the kernel look idle meanwhile.
    page.wait_for_function("cell => !cell.innerText.includes('[*]')", arg=cell.element_handle())
    wait_until_idle(page)


def line_of(chart: Any) -> str:
    return chart.locator("svg .mark-line path").last.get_attribute("d")


def test_the_chart_follows_the_running_cell(page: Any) -> None:
    """Lines are there and grow while the kernel is busy, with the progress line above them."""
    cell = start_cell(page, 1)
    panel = cell.locator("[data-nbtrack=live]")
    chart = panel.locator('[data-metric="loss"]')
    chart.locator("svg .mark-line path").last.wait_for(state="attached")
    first = line_of(chart)

    page.wait_for_function(
        """before => {
            const lines = document.querySelectorAll('[data-metric="loss"] svg .mark-line path');
            return lines[lines.length - 1].getAttribute('d') !== before;
        }""",
        arg=first,
    )
    assert "[*]" in cell.inner_text()
    assert "running" in panel.inner_text()
    assert "steps/s" in panel.locator(".nbt-live-words").inner_text()
    assert panel.locator(".nbt-live-metric svg").count() == 3


def test_it_ends_with_the_cell_and_leaves_a_picture(page: Any) -> None:
    """The panel says so; the picture stands in the notebook, hidden while the panel lives."""
    (page.folder / "go-1").touch()
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(1)
    wait_for_end(page, cell)
    cell.locator("[data-nbtrack=live] [data-status=FINISHED]").wait_for()
    save_notebook(page)
    outputs = json.loads((page.folder / "live.ipynb").read_text())["cells"][1]["outputs"]

    kinds = [set(output["data"]) for output in outputs]
    assert {"image/svg+xml", "image/png", "application/pdf", "text/plain"} in kinds
    pictures = cell.locator(".jp-RenderedSVG, .jp-RenderedImage")
    assert pictures.count() == 1
    assert not pictures.first.is_visible()


def test_names_of_runs_stay_text(page: Any) -> None:
    """A run named like markup is shown as it is."""
    cell = start_cell(page, 2)
    panel = cell.locator("[data-nbtrack=live]")
    panel.locator('[data-metric="loss"] svg .mark-line path').last.wait_for(state="attached")
    panel.locator('[data-metric="loss"] svg').hover(position={"x": 120, "y": 80})
    panel.locator('[data-metric="loss"] .nbt-tip').wait_for()
    tip = panel.locator('[data-metric="loss"] .nbt-tip').inner_text()
    (page.folder / "go-2").touch()
    wait_for_end(page, cell)

    assert "<img src=x" in tip
    assert "<img src=x" in panel.locator(".nbt-title").inner_text()
    assert page.locator("img[src='x']").count() == 0
    assert "hacked" not in page.title()


def test_vega_came_once_and_nothing_left_the_machine(page: Any) -> None:
    """Two panels share one bundle, which the kernel sent."""
    assert page.evaluate("() => typeof window.nbtrackVega.module.vegaEmbed") == "function"
    assert page.foreign == []


@pytest.mark.parametrize(("width", "theme"), PLACES)
def test_charts_fit_and_follow_the_theme(page: Any, theme: str, width: int) -> None:
    """Text in the chart has the theme's colour, and the chart the width of its place."""
    resize(page, width, 900)
    use_theme(page, theme)
    panel = page.locator(".jp-Notebook .jp-CodeCell").nth(1).locator("[data-nbtrack=live]")
    panel.scroll_into_view_if_needed()
    page.wait_for_function(
        """() => [...document.querySelectorAll('[data-metric] svg')].every(svg =>
            Math.abs(svg.getBoundingClientRect().width - svg.parentElement.clientWidth) < 8)"""
    )
    shown = panel.locator("svg .role-title text").first.evaluate("e => getComputedStyle(e).fill")

    light = sum(int(part) for part in shown.strip("rgba()").split(",")[:3]) > 3 * 128
    assert light == ("Dark" in theme)


def test_a_training_is_stopped_by_its_button(page: Any) -> None:
    """While the kernel is busy with it: the line tells how far it is, and then it has ended."""
    pytest.importorskip("xgboost")
    resize(page, 1000, 900)
    cell = start_cell(page, 3)
    panel = cell.locator("[data-nbtrack=live]")
    words, stop = panel.locator(".nbt-live-words"), panel.locator(".nbt-live-stop")
    words.filter(has_text="left").wait_for()

    told = r"iteration [\d,]+ of 2,000 · .* · \d+% · at most .* left"
    assert re.fullmatch(told, words.inner_text())
    assert panel.locator(".nbt-live-track").is_visible()
    chart = panel.locator(".nbt-live-metric")
    assert chart.count() == 1  # of both sets
    assert chart.locator(".nbt-live-keys").inner_text().split() == ["train-rmse", "valid-rmse"]
    lines = chart.locator("svg .mark-line path")
    dashes = lines.evaluate_all("all => all.map(e => e.getAttribute('stroke-dasharray') ?? '')")
    assert sorted(dashes) == ["1,0", "5,3"]
    stop.click()
    panel.locator("[data-status=KILLED]").wait_for()
    wait_for_end(page, cell)
    assert not stop.is_visible()
    assert "left" not in words.inner_text()
    assert "stopped" in panel.inner_text()
