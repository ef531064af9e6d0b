"""The runs panel in a real JupyterLab, as a user works with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.lab import (
    PLACES,
    LabFolder,
    begin_cell,
    cell_sources,
    needs_browser,
    open_notebook,
    opened_notebook,
    resize,
    restart_kernel,
    run_cell,
    save_notebook,
    show_notebook,
    use_theme,
    wait_until_idle,
)

pytestmark = needs_browser

HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"
MAKE_RUNS = f"""%load_ext nbtrack
import random, nbtrack
nbtrack.set_experiment("churn")
random.seed(1)
for i in range(40):
    with nbtrack.start_run(run_name=f"calm-heron-{{i}}"):
        nbtrack.log_param("model", ["SVC", "HistGB"][i % 2])
        nbtrack.log_param("lr", 10 ** random.uniform(-4, -1))
        for step in range(12):
            nbtrack.log_metric("val_loss", 1 / (step + 1), step=step)
        nbtrack.log_metrics({{"f1": i / 40, "accuracy": random.random()}})
        if i == 38:
            for k in range(3):
                nbtrack.start_run(run_name=f"child-{{k}}", nested=True); nbtrack.end_run()
with nbtrack.start_run(run_name={HOSTILE!r}):
    nbtrack.set_tag("evil", "</script><script>document.title='hacked'</script>")
    nbtrack.log_text("x", "notes/a.txt")
"""
CELLS = [
    MAKE_RUNS,
    "%%track broken\nlr = 0.5  # a comment\n1 / 0",
    "panel = nbtrack.runs()\npanel",
    "print(panel.selected, panel.df['metrics.f1'].max(), len(panel.df))",
    "%%track training\nimport time\nend = time.time() + 600\ni = 0\n"
    "while time.time() < end and not nbtrack.project_folder().joinpath('stop').exists():\n"
    "    nbtrack.log_metric('f1', i / 1000, step=i); i += 1; time.sleep(0.05)",
    "import ipywidgets\nipywidgets.VBox([nbtrack.runs('metrics.f1 > 0.9')])",
]
PANEL, BACK, TRAINING, BOX = 2, 3, 4, 5


@pytest.fixture(scope="module")
def page(lab: LabFolder) -> Iterator[Any]:
    with opened_notebook(lab, "panel.ipynb", CELLS, width=1250, height=900) as page:
        page.outputs = [run_cell(page, index) for index in range(PANEL + 1)]
        page.folder, page.address = lab.folder, lab.address
        yield page


@pytest.fixture
def panel(page: Any) -> Any:
    """The panel, at rest, with nothing typed, grouped or opened."""
    found = page.outputs[PANEL].locator("[data-nbtrack=runs]")
    settle(found)
    return found


def settle(panel: Any) -> None:
    panel.page.wait_for_function(
        "el => el.getAttribute('aria-busy') === 'false'", arg=panel.element_handle()
    )


def names(panel: Any) -> list[str]:
    return panel.locator("tr[data-run-id] .nbt-name-button").all_inner_texts()


def row(panel: Any, name: str) -> Any:
    return panel.locator("tr[data-run-id]", has=panel.page.locator(f"bdi:text-is({name!r})"))


def filter_runs(panel: Any, text: str, *, shown: str) -> None:
    """Type a filter, and wait until the count says *shown*."""
    panel.locator(".nbt-query").fill(text)
    panel.locator(".nbt-query").press("Enter")
    panel.locator(f".nbt-count:text-is({shown!r})").wait_for()
    settle(panel)


def test_the_panel_hides_its_static_twin(page: Any, panel: Any) -> None:
    """Table and picture of a saved notebook, and the widget that stands for them now."""
    outputs = page.outputs[PANEL].locator(".jp-OutputArea-child")

    assert [each.is_visible() for each in outputs.all()] == [False, False, True]
    assert panel.locator("tr[data-run-id]").count() == 25
    assert panel.locator(".nbt-count").inner_text() == "45 runs"


def test_sorting(panel: Any) -> None:
    """A click sorts, a second one turns it round, with Shift another key joins."""
    button = panel.locator('[data-column="metrics.f1"]')
    button.click()
    panel.locator('th[aria-sort=descending] [data-column="metrics.f1"]').wait_for()
    best = names(panel)[0]
    button.click()
    panel.locator('th[aria-sort=ascending] [data-column="metrics.f1"]').wait_for()
    worst = names(panel)[0]
    panel.locator('[data-column="status"]').click(modifiers=["Shift"])
    panel.locator('th[aria-sort] [data-column="status"] .nbt-arrow:has-text("2")').wait_for()

    assert ("calm-heron-39" in best, "calm-heron-0" in worst) == (True, True)
    panel.locator('[data-column="start_time"]').click()


def test_filtering(panel: Any) -> None:
    """By the query box, by a field under a header; the count says how many of how many."""
    filter_runs(panel, "metrics.f1 > 0.5", shown="19 of 45 runs")
    quick_field(panel, "params.model").fill("sv")
    panel.locator(".nbt-count:text-is('9 of 45 runs')").wait_for()
    panel.locator("[data-key=quicks]").click()
    panel.locator("[data-quick]").first.wait_for(state="detached")
    panel.locator(".nbt-count:text-is('19 of 45 runs')").wait_for()
    filter_runs(panel, "", shown="45 runs")


def quick_field(panel: Any, column: str) -> Any:
    """Under its header, where such fields are shown once somebody asks for them."""
    if panel.locator("[data-quick]").count() == 0:
        panel.locator("[data-key=quicks]").click()
    return panel.locator(f"[data-quick='{column}']")


def test_a_wrong_filter(panel: Any) -> None:
    """The error stands under the box; the table stays, and fades."""
    before = names(panel)
    panel.locator(".nbt-query").fill("metrics.f1 >")
    panel.locator(".nbt-query").press("Enter")
    panel.locator(".nbt-query[aria-invalid=true]").wait_for()

    assert "found the end" in panel.locator(".nbt-error").first.inner_text()
    assert names(panel) == before
    assert opacity_of_rows(panel) < 0.5
    filter_runs(panel, "", shown="45 runs")
    assert opacity_of_rows(panel) == 1


def opacity_of_rows(panel: Any) -> float:
    rows = panel.locator(".nbt-table tbody").first
    return float(rows.evaluate("each => getComputedStyle(each).opacity"))


def test_completion(page: Any, panel: Any) -> None:
    """Keys that the runs have; arrow and Enter take one."""
    panel.locator(".nbt-query").click()
    page.keyboard.type("metrics.f1 > 0.5 and par")
    panel.locator("[role=option]:has-text('params.lr')").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    assert panel.locator(".nbt-query").input_value() == "metrics.f1 > 0.5 and params.lr "
    filter_runs(panel, "", shown="45 runs")


def test_a_word_is_looked_for(panel: Any) -> None:
    """Beside comparisons with keys that need no prefix, and stays as it was typed."""
    filter_runs(panel, "heron-3", shown="11 of 45 runs")
    filter_runs(panel, "heron f1 > 0.5", shown="19 of 45 runs")

    assert panel.locator(".nbt-query").input_value() == "heron f1 > 0.5"
    filter_runs(panel, "", shown="45 runs")


def test_a_wrong_field_says_why(panel: Any) -> None:
    """In words above the table, until it is right."""
    quick_field(panel, "duration").fill("soon")
    panel.locator(".nbt-scroll > .nbt-error:has-text('soon')").wait_for()
    panel.locator('[data-quick="duration"]').fill("")
    panel.locator(".nbt-scroll > .nbt-error:text-is('')").wait_for(state="attached")
    settle(panel)


def test_a_note_has_lines(page: Any, panel: Any) -> None:
    """Enter is a new line: JupyterLab takes it out of a plain text field in a cell."""
    row(panel, "calm-heron-35").locator(".nbt-name-button").click()
    panel.locator(".nbt-details button:text-is('Add a note')").click()
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    page.keyboard.type("two")
    page.keyboard.press("Control+Enter")
    panel.locator(".nbt-note").wait_for()

    assert panel.locator(".nbt-note").inner_text() == "one\ntwo"
    row(panel, "calm-heron-35").locator(".nbt-name-button").click()


def test_nested_runs(panel: Any) -> None:
    """Children unfold under their parent."""
    fold = row(panel, "calm-heron-38").locator(".nbt-fold")
    fold.click()
    row(panel, "child-0").wait_for()
    row(panel, "calm-heron-38").locator(".nbt-fold").click()
    row(panel, "child-0").wait_for(state="detached")


def test_groups(panel: Any) -> None:
    """Mean and spread by a param; a group opens into its runs."""
    panel.locator("select[aria-label='Group by']").select_option("params.model")
    panel.locator("[data-group='SVC']").wait_for()
    assert "±" in panel.locator("[data-group='SVC']").inner_text()

    panel.locator("[data-group='SVC'] .nbt-name-button").click()
    panel.locator(".nbt-count:text-is('20 of 45 runs')").wait_for()
    filter_runs(panel, "", shown="45 runs")


def test_a_failed_run_opens(panel: Any) -> None:
    """Error and source of its cell, as text."""
    row(panel, "broken").locator(".nbt-name-button").click()
    details = panel.locator(".nbt-details")
    details.locator(".nbt-code").first.wait_for()

    assert "ZeroDivisionError" in details.inner_text()
    assert details.locator(".nbt-code-comment").inner_text() == "# a comment"
    row(panel, "broken").locator(".nbt-name-button").click()


def test_ticked_runs_come_back_to_python(page: Any, panel: Any) -> None:
    """As do the runs that are shown."""
    filter_runs(panel, "metrics.f1 < 0.5", shown="20 of 45 runs")
    row(panel, "calm-heron-3").locator("input[type=checkbox]").check()
    run_id = row(panel, "calm-heron-3").get_attribute("data-run-id")
    settle(panel)

    assert run_cell(page, BACK).inner_text().split() == [f"['{run_id}']", "0.475", "20"]
    row(panel, "calm-heron-3").locator("input[type=checkbox]").uncheck()
    filter_runs(panel, "", shown="45 runs")


def test_edits(page: Any, panel: Any) -> None:
    """Rename, pin, tag with the keyboard; focus goes back to where it was."""
    run_id = row(panel, "calm-heron-37").get_attribute("data-run-id")
    row(panel, "calm-heron-37").locator(".nbt-name-button").click()
    panel.locator(f'[data-key="rename {run_id}"]').click()
    page.keyboard.type("odd finch")
    page.keyboard.press("Enter")
    row(panel, "odd finch").wait_for()
    page.wait_for_function(
        "key => document.activeElement.dataset.key === key", arg=f"rename {run_id}"
    )
    panel.locator(f'[data-key="pin {run_id}"]').click()
    panel.locator(".nbt-badge:text-is('pinned')").wait_for()

    assert names(panel)[0] == "odd finch" or "odd finch" in names(panel)[0]
    panel.locator(f'[data-key="pin {run_id}"]').click()
    panel.locator(".nbt-badge:text-is('pinned')").wait_for(state="detached")


def test_code_goes_into_a_cell_below(page: Any, panel: Any) -> None:
    """The params of the opened run, ready to run again."""
    menu = panel.locator(".nbt-details [aria-label='Insert code']")
    menu.click()
    panel.locator("[data-code=rerun]").click()
    panel.locator(".nbt-notice:has-text('The cell is below')").wait_for()
    below = cell_sources(page)[PANEL + 1]

    assert below.startswith("%%track 'odd finch'")
    assert "model = 'HistGB'" in below
    page.evaluate(
        "at => window.jupyterapp.shell.currentWidget.content.model.sharedModel.deleteCell(at)",
        PANEL + 1,
    )
    row(panel, "odd finch").locator(".nbt-name-button").click()


def test_a_deleted_run_comes_back(panel: Any) -> None:
    """By the Undo button."""
    row(panel, "calm-heron-36").locator("input[type=checkbox]").check()
    panel.locator("[data-key='delete ticked']").click()
    panel.locator(".nbt-count:text-is('44 runs')").wait_for()
    panel.locator("[data-key=undo]").click()
    panel.locator(".nbt-count:text-is('45 runs')").wait_for()
    row(panel, "calm-heron-36").wait_for()


def test_keys_stay_in_the_panel(page: Any, panel: Any) -> None:
    """`dd` over a button of ours deletes no cell."""
    before = len(cell_sources(page))
    panel.locator('[data-column="metrics.f1"]').focus()
    page.keyboard.press("d")
    page.keyboard.press("d")

    assert len(cell_sources(page)) == before
    unguarded = panel.locator(
        ":is(button, input, select, textarea, [tabindex='0']):not([data-lm-suppress-shortcuts])"
    )
    assert unguarded.count() == 0


def test_text_from_runs_stays_text(page: Any, panel: Any) -> None:
    """Name and tag of a run that look like markup are shown, and nothing executes."""
    named = page.locator(".nbt-name-button[title^='<img src=x']")
    hostile = panel.locator("tr[data-run-id]", has=named)
    hostile.locator(".nbt-name-button").click()
    panel.locator(".nbt-chip").wait_for()

    assert "</script>" in panel.locator(".nbt-chip").inner_text()
    assert panel.locator("img, script").count() == 0
    assert "hacked" not in page.title()
    hostile.locator(".nbt-name-button").click()


def test_it_lives_while_a_cell_runs(page: Any, panel: Any) -> None:
    """The new run appears by itself, its metric moves, a click answers, what is typed stays."""
    begin_cell(page, TRAINING)
    running = row(panel, "training")
    running.wait_for()
    metric = running.locator(".nbt-metric", has=page.locator(".nbt-spark"))
    metric.wait_for()
    first = metric.inner_text()
    page.wait_for_function(
        "([el, before]) => el.isConnected === false || el.innerText !== before",
        arg=[metric.element_handle(), first],
    )
    field = quick_field(panel, "run_name")
    field.click()
    page.keyboard.type("train")
    panel.locator(".nbt-count:text-is('1 of 46 runs')").wait_for()
    panel.locator('[data-column="duration"]').click()
    panel.locator('th[aria-sort] [data-column="duration"]').wait_for()

    assert "running" in running.inner_text()
    assert field.input_value() == "train"
    (page.folder / "project" / "stop").touch()
    running.locator(".nbt-hidden-words:text-is('finished')").wait_for(state="attached")
    wait_until_idle(page)
    field.fill("")
    panel.locator(".nbt-count:text-is('46 runs')").wait_for()
    panel.locator('[data-column="start_time"]').click()


def test_inside_another_widget(page: Any) -> None:
    """In a VBox it is alone, without a static twin."""
    output = run_cell(page, BOX)
    inner = output.locator("[data-nbtrack=runs]")
    inner.locator("tr[data-run-id]").first.wait_for()

    assert inner.locator(".nbt-count").inner_text() == "3 of 46 runs"
    assert output.locator(".nbtrack-static").count() == 0


@pytest.mark.parametrize(("width", "theme"), PLACES)
def test_it_fits(page: Any, panel: Any, theme: str, width: int) -> None:
    """Nothing sticks out of the panel, and its height is a screen at most."""
    resize(page, width, 1000)
    use_theme(page, theme)
    row(panel, "calm-heron-39").locator("input[type=checkbox]").check()
    panel.scroll_into_view_if_needed()

    assert panel.evaluate("el => el.scrollWidth <= el.clientWidth + 1")
    assert panel.bounding_box()["height"] <= 680


def test_nothing_leaves_the_machine(page: Any) -> None:
    """No request goes anywhere but to the notebook server."""
    assert page.foreign == []


def test_a_restarted_kernel(page: Any, panel: Any) -> None:
    """The panel says so, and keeps what it shows."""
    restart_kernel(page)
    panel.locator(".nbt-waiting:has-text('kernel was restarted')").wait_for()

    assert panel.locator("tr[data-run-id]").count() == 25


def test_a_reopened_notebook_shows_the_table(page: Any) -> None:
    """Without its kernel, trusted or not: the static twin, nothing executed."""
    save_notebook(page)
    content = json.loads((page.folder / "panel.ipynb").read_text())
    (page.folder / "trusted.ipynb").write_text(json.dumps(content))
    content["cells"][0]["source"] = "# changed by somebody\n"
    (page.folder / "changed.ipynb").write_text(json.dumps(content))
    open_notebook(page, page.address, "trusted.ipynb")
    expect_the_table(page)
    show_notebook(page, f"{page.folder.name}/changed.ipynb")
    expect_the_table(page)


def expect_the_table(page: Any) -> None:
    shown = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    twin = shown.locator(".nbtrack-static table").first
    twin.wait_for()

    assert "calm-heron-" in twin.inner_text()  # which of them, tests before this one have chosen
    assert "hacked" not in page.title()
