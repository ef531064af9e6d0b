"""`nbtrack.compare` and the Compare tab in a real JupyterLab."""

from __future__ import annotations

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
CELLS = [
    "%load_ext nbtrack\n"
    "import nbtrack\n"
    "from matplotlib.figure import Figure\n"
    "def picture(level):\n"
    "    figure = Figure(figsize=(4, 3))\n"
    "    axes = figure.subplots()\n"
    "    axes.plot([1 - level / (n + 1) for n in range(20)])\n"
    "    axes.set_title('accuracy by epoch')\n"
    "    return figure",
    "%%track shallow forest\n"
    "lr, max_depth, criterion = 0.1, 2, 'gini'\n"
    "weights = 'uniform'\n"
    "nbtrack.log_metrics({'accuracy': 0.91, 'loss': 0.412, 'fits': 3})\n"
    "nbtrack.log_figure(picture(0.5), 'plots/curve.png')\n"
    "nbtrack.log_text('class,f1,n\\na,0.9,50\\nb,0.85,40\\nc,0.7,10', 'scores.csv')\n"
    "nbtrack.log_dict({'depth': 2, 'trees': 5}, 'config.json')",
    "%%track deep forest -t team=blue\n"
    "lr, max_depth, criterion = 0.1, 8, 'gini'\n"
    "weights = 'uniform'\n"
    "depth_of_the_deepest = 8\n"
    "nbtrack.log_metrics({'accuracy': 0.957, 'loss': 0.377, 'fits': 3})\n"
    "nbtrack.log_figure(picture(0.3), 'plots/curve.png')\n"
    "nbtrack.log_text('class,f1,n\\na,0.9,50\\nb,0.95,40\\nd,0.8,10', 'scores.csv')\n"
    "nbtrack.log_dict({'depth': 8, 'trees': 5}, 'config.json')",
    f'%%track "{HOSTILE.replace(chr(34), chr(39))}"\n'
    "lr, max_depth, criterion = 0.01, 8, 'gini'\n"
    "nbtrack.log_param('x', '</td><script>document.title=1</script>')\n"
    "nbtrack.log_metrics({'accuracy': 0.85, 'loss': 0.5, 'fits': 3})\n"
    "raise ValueError('no <b>data</b>')",
    "panel = nbtrack.compare(nbtrack.search_runs(order_by=['start_time asc']))\npanel",
    "nbtrack.runs()",
    "print(panel.baseline == panel.run_ids[1])",
]


@pytest.fixture(scope="module")
def page(lab: LabFolder) -> Iterator[Any]:
    with opened_notebook(lab, "forests.ipynb", CELLS) as page:
        page.outputs = [run_cell(page, index) for index in range(len(CELLS) - 1)]
        settled(page.outputs[4].locator("[data-nbtrack=compare]"))
        yield page


def settled(panel: Any) -> Any:
    """The panel, when it waits for nothing."""
    panel.locator("xpath=self::*[@aria-busy='false']").wait_for()
    return panel


@pytest.fixture
def compared(page: Any) -> Any:
    panel = page.outputs[4].locator("[data-nbtrack=compare]")
    panel.scroll_into_view_if_needed()
    return panel


def cells(panel: Any, line: str) -> list[str]:
    return panel.locator(f"[data-line='{line}'] td").all_inner_texts()


def test_what_differs_stands_there(compared: Any) -> None:
    """A column for each run; equal params are left out of a long comparison, and counted."""
    assert compared.locator("thead [data-run-id]").count() == 3
    assert cells(compared, "params max_depth") == ["2", "8", "8"]
    assert compared.locator("[data-line='params criterion']").count() == 0


def test_a_metric_says_what_it_is_above_the_baseline(compared: Any) -> None:
    """With arrow and sign, and in words whether that is better; a count is neither."""
    accuracy = " ".join(cells(compared, "metrics accuracy")[1].split())

    assert accuracy == "0.957 ▲ +0.047 better"
    assert "worse" in cells(compared, "metrics loss")[2]


def test_equal_lines_come_on_demand(compared: Any) -> None:
    """Those of one section by its button, all by the box."""
    compared.locator("[data-equal=params]").click()
    assert cells(compared, "params criterion") == ["gini", "gini", "gini"]
    compared.locator("[data-equal=params]").click()
    assert compared.locator("[data-line='params criterion']").count() == 0

    compared.get_by_label("only differences").uncheck()
    assert cells(compared, "metrics fits")[0] == "3"
    compared.get_by_label("only differences").check()


def test_sections_close_by_keyboard(page: Any, compared: Any) -> None:
    """The head of a section is a button that says whether it is open, and keeps the focus."""
    button = compared.locator("[data-section=metrics]")
    button.focus()
    page.keyboard.press("Enter")

    assert compared.locator("[data-section=metrics]").get_attribute("aria-expanded") == "false"
    assert compared.locator("[data-line='metrics accuracy']").count() == 0
    page.keyboard.press("Enter")
    assert compared.locator("[data-line='metrics accuracy']").count() == 1


def test_cells_are_compared_line_by_line(compared: Any) -> None:
    """What went and what came, with signs; unchanged lines beside them."""
    diff = compared.locator(".nbt-causes .nbt-diff")
    diff.wait_for()

    assert "depth_of_the_deepest = 8" in diff.locator(".nbt-diff-added").all_inner_texts()
    assert "weights = 'uniform'" in diff.inner_text()
    assert "removed" in diff.inner_text()


def test_what_explains_it_is_told_of_the_run_that_is_chosen(page: Any, compared: Any) -> None:
    """The likeliest cause first; a text that changed folds by keyboard, and keeps the focus."""
    causes = compared.locator(".nbt-causes")
    choice = causes.get_by_label("Run that is compared with the baseline")
    chosen = choice.input_value()
    choice.select_option(index=1)
    causes.locator("[data-cause=params]", has_text="lr").wait_for()
    assert causes.locator("li").first.get_attribute("data-cause") == "source"
    assert "hardware" in causes.inner_text()

    button = causes.locator("[data-cause=source] button")
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "false"
    assert causes.locator("[data-cause=source] .nbt-diff").count() == 0
    page.keyboard.press("Enter")
    causes.get_by_label("Run that is compared with the baseline").select_option(chosen)
    causes.locator("[data-cause=source] .nbt-diff").wait_for()


def test_pictures_of_one_path_stand_side_by_side(compared: Any) -> None:
    """Asked for when they come into sight; a run without one has none."""
    row = compared.locator("[data-picture='plots/curve.png']")
    row.scroll_into_view_if_needed()
    row.locator("img").nth(1).wait_for()

    assert row.locator("img").nth(0).get_attribute("src").startswith("data:image/png;base64,")
    assert row.locator("td").nth(2).inner_text() == "–"


def test_a_picture_lies_over_another(page: Any, compared: Any) -> None:
    """With an edge that arrow keys and the pointer move, and that says where it is."""
    row = compared.locator("[data-picture='plots/curve.png']")
    row.get_by_role("button", name="swipe").click()
    edge = row.get_by_role("slider")
    edge.wait_for()
    assert row.locator(".nbt-swipe img").count() == 2

    edge.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert edge.get_attribute("aria-valuenow") == "62"
    assert edge.get_attribute("aria-valuetext") == "62 % shallow forest, 38 % deep forest"
    assert _seen_of_the_first(row) == 62

    box = row.locator(".nbt-swipe").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + 40)
    assert edge.get_attribute("aria-valuenow") == "25"

    row.get_by_role("button", name="side by side").click()
    row.locator(".nbt-swipe").wait_for(state="detached")


def _seen_of_the_first(row: Any) -> int:
    """In percent of the width, by which picture lies where one points."""
    return row.locator(".nbt-swipe").evaluate(
        """box => {
            const { left, top, width } = box.getBoundingClientRect();
            const first = box.querySelector('.nbt-swipe-over');
            box.querySelector('.nbt-swipe-edge').style.pointerEvents = 'none';
            const places = [...Array(100).keys()].filter(n => first.contains(
                document.elementFromPoint(left + (n + 0.5) * width / 100, top + 20)));
            box.querySelector('.nbt-swipe-edge').style.pointerEvents = '';
            return places.length;
        }"""
    )


def test_tables_of_one_name_say_what_differs(compared: Any) -> None:
    """Rows by their key, with words; a cell that changed has what it was above what it is."""
    file = compared.locator("[data-file='scores.csv']")
    file.scroll_into_view_if_needed()
    file.locator("tbody tr").first.wait_for()
    signs = [text.split()[-1] for text in file.locator("tbody th").all_inner_texts()]

    assert signs == ["changed", "removed", "added"]
    assert file.locator("[data-changed]").all_text_contents() == ["was 0.85now 0.95"]
    assert "3 rows looked at; rows are told apart by class" in file.inner_text()


def test_numbers_of_a_table_stand_below_each_other(compared: Any) -> None:
    """Their last digits do."""
    ends = compared.locator("[data-file='scores.csv'] tbody").evaluate(
        """body => [...body.rows].map(row => {
            const range = document.createRange();
            range.selectNodeContents(row.cells[2].querySelector('ins') ?? row.cells[2]);
            return Math.round(range.getBoundingClientRect().right);
        })"""
    )
    assert len(set(ends)) == 1


def test_texts_of_one_name_are_compared_line_by_line(compared: Any) -> None:
    file = compared.locator("[data-file='config.json']")
    file.locator(".nbt-diff").wait_for()

    assert [t.strip() for t in file.locator("td.nbt-diff-added").all_inner_texts() if t.strip()][
        -1
    ] == '"depth": 8,'


@pytest.mark.parametrize("width", [467, 700])
def test_keys_break_between_their_words(page: Any, compared: Any, width: int) -> None:
    """In a narrow panel too, and no value is cut."""
    resize(page, width + 140, 1000)
    compared.scroll_into_view_if_needed()
    key = compared.locator("[data-line='params depth_of_the_deepest'] .nbt-compare-label")
    lines = key.evaluate(
        """label => {
            const lines = new Map();
            for (const node of label.childNodes) {
                if (node.nodeType !== Node.TEXT_NODE) continue;
                const range = document.createRange();
                range.selectNodeContents(node);
                const tops = [...range.getClientRects()].map(rect => Math.round(rect.top));
                if (new Set(tops).size > 1) return ['broken: ' + node.data];
                lines.set(tops[0], (lines.get(tops[0]) ?? '') + node.data);
            }
            return [...lines.values()];
        }"""
    )
    resize(page, 1100, 800)

    assert "".join(lines) == "depth_of_the_deepest"
    assert not [line for line in lines if line.startswith("broken")]


def test_text_from_runs_stays_text(page: Any, compared: Any) -> None:
    """Names, params and errors that look like markup are shown as they are."""
    assert "<img src=x" in compared.locator(".nbt-compare-table > thead").inner_text()
    assert "no <b>data</b>" in cells(compared, "errors error")[2]
    assert compared.locator("img[src='x'], script").count() == 0
    assert "hacked" not in page.title()


@pytest.mark.parametrize(("width", "theme"), PLACES)
def test_it_fits_its_page(page: Any, compared: Any, theme: str, width: int) -> None:
    """The panel itself never scrolls sideways: its table does."""
    resize(page, width, 1000)
    use_theme(page, theme)
    compared.scroll_into_view_if_needed()

    assert compared.evaluate("e => e.scrollWidth <= e.clientWidth + 1")


def test_another_run_becomes_the_baseline(page: Any, compared: Any) -> None:
    """The deltas turn around, and Python knows of it."""
    compared.locator("thead [data-run-id]").nth(1).get_by_role("button").click()
    compared.locator("thead [data-baseline]").nth(0).wait_for()
    page.wait_for_function(
        "() => document.querySelectorAll('[data-nbtrack=compare] thead [data-run-id]')[1]"
        ".dataset.baseline !== undefined"
    )
    settled(compared)

    assert " ".join(cells(compared, "metrics accuracy")[0].split()).endswith("▼ −0.047 worse")
    assert "True" in run_cell(page, 6).inner_text()


def test_the_tab_compares_what_is_ticked(page: Any) -> None:
    """It says what to do until two runs are ticked, and carries their number."""
    panel = page.outputs[5].locator("[data-nbtrack=runs]")
    panel.scroll_into_view_if_needed()
    panel.locator("[data-tab=compare]").click()
    assert "Tick 2 to 20 runs" in panel.inner_text()

    panel.locator("[data-tab=runs]").click()
    for n in range(2):
        panel.locator("tr[data-run-id] input[type=checkbox]").nth(n + 1).check()
    panel.locator("[data-tab=compare]").click()
    panel.locator(".nbt-compare-table thead [data-run-id]").nth(1).wait_for()

    assert panel.locator("[data-tab=compare]").inner_text() == "Compare 2"


def test_nothing_leaves_the_machine(page: Any) -> None:
    """No request goes anywhere but to the notebook server."""
    assert page.foreign == []
