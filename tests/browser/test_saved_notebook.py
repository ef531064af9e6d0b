"""What a notebook keeps of cards and a panel: how the user left it, and not much of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.lab import (
    LabFolder,
    needs_browser,
    opened_notebook,
    run_cell,
    run_cells_behind,
    save_notebook,
)
from tests.support.new_user import CELLS

pytestmark = needs_browser

RUNS = 28
MOST_BYTES, MOST_BYTES_OF_A_TABLE = 200_000, 20_000
DATA, *FITS = CELLS["cancer"][:-1]  # the last one fails
PANEL = "nbtrack.runs(top=30)"


@pytest.fixture(scope="module")
def page(lab: LabFolder) -> Iterator[Any]:
    """Of a notebook in which all runs are, and their panel."""
    begin = f"%load_ext nbtrack\nimport nbtrack\n{DATA}"
    # They stand for 28 different ones: that each ran before is none of their cards' business.
    lines = [f"%%track {n} --no-warn already-ran" for n in range(RUNS)]
    fits = [FITS[n % len(FITS)].replace("%%track", line, 1) for n, line in enumerate(lines)]
    with opened_notebook(lab, "saved.ipynb", [begin, *fits, PANEL]) as page:
        run_cell(page, 0)
        output = run_cells_behind(page, 0)
        page.panel = output.locator("[data-nbtrack=runs]")
        page.panel.locator("xpath=self::*[@aria-busy='false']").wait_for()
        yield page


def _outputs(lab: LabFolder, page: Any) -> list[dict[str, Any]]:
    save_notebook(page)
    cells = json.loads((lab.folder / "saved.ipynb").read_text())["cells"]
    return [output for cell in cells for output in cell["outputs"]]


def _html(outputs: list[dict[str, Any]], mark: str) -> str:
    """The output with that in it."""
    found = ["".join(each.get("data", {}).get("text/html", "")) for each in outputs]
    return next(html for html in found if mark in html)


def test_a_notebook_stays_small(lab: LabFolder, page: Any) -> None:
    """28 cards and a panel; of that the table of the panel."""
    outputs = _outputs(lab, page)
    table = _html(outputs, "nbtrack-static")
    cards = [each for each in outputs if "text/html" in each.get("data", {})]

    sizes = len(table.encode()), (lab.folder / "saved.ipynb").stat().st_size
    assert len(cards) > RUNS
    assert sizes[0] < MOST_BYTES_OF_A_TABLE, sizes
    assert sizes[1] < MOST_BYTES, sizes


def test_its_table_is_as_the_user_left_it(lab: LabFolder, page: Any) -> None:
    """Order, filter, columns and ticks of the panel, and times that are true another day."""
    panel = page.panel
    panel.locator("[data-column='metrics.accuracy']").click()
    panel.locator("th[aria-sort] [data-column='metrics.accuracy']").wait_for()
    ticked = panel.locator("tr[data-run-id]").nth(1)
    name = ticked.locator(".nbt-name-button").get_attribute("title")
    ticked.locator("input[type=checkbox]").check()
    panel.locator(".nbt-query").fill("accuracy > 0.9")
    panel.locator(".nbt-count:has-text(' of ')").wait_for()
    page.wait_for_function(
        """() => JSON.stringify(window.jupyterapp.shell.currentWidget.model.toJSON())
            .includes('where accuracy > 0.9')"""
    )
    table = _html(_outputs(lab, page), "nbtrack-static")

    assert "✓ 1 ticked" in table
    assert table.count('title="ticked"') == 1
    assert table.index('title="ticked"') < table.index(name, table.index("<tbody"))
    assert "accuracy ▼" in table
    assert "(UTC)" in table
    assert " ago" not in table
