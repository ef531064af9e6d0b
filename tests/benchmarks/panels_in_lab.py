"""The runs panel in a real JupyterLab and Chromium, over 100,000 runs x 20 params x 20 metrics.

python -m tests.benchmarks.panels_in_lab [RUNS]

Times are taken by the clock of the page, from the mouse (or from the run of the cell, in a kernel
that has just started) to the frame that paints what came of it: of a header, the rows in their new
order.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.big_project import RUNS, make_big_project
from tests.benchmarks.page_clock import ROOT, click_time, sort_time, time_of
from tests.browser.lab import open_browser, open_notebook, run_cell, running_lab, write_notebook

CALL = "import nbtrack\npanel = nbtrack.runs(experiment='all')\npanel"
CHOOSE = (
    "panel.selected = list(nbtrack.search_runs(search_all_experiments=True, max_results=%d).run_id)"
)
CELLS = ["1", CALL, CHOOSE % 10, CHOOSE % 20]
READING = 3000  # milliseconds
TURNED = 7  # columns

RUN_CELL = """() => {
    const { content } = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = %d;
    dispatchEvent(new Event('begin'));
    window.jupyterapp.commands.execute('notebook:run-cell');
}"""
ROWS = f"() => {ROOT}?.querySelectorAll('tr[data-run-id]').length >= 25"
COLUMNS = f"""() => [...{ROOT}.querySelectorAll('button[data-column]')]
    .map(button => button.dataset.column)"""
TAB = "[data-tab=%s]"
LINES = f"""() => {ROOT}.getAttribute('aria-busy') === 'false' &&
    {ROOT}.querySelectorAll('.mark-line path').length >= %d"""
TABLE = f"() => {ROOT}.querySelector('tr[data-run-id]').offsetHeight > 0"
REST = f"() => {ROOT}.getAttribute('aria-busy') === 'false'"
FEW = 100  # runs, of which a first picture is timed
VIEW = "[data-segment=%s]"
DRAWN = f"""() => {ROOT}.getAttribute('aria-busy') === 'false' &&
    {ROOT}.querySelector('.nbt-charts[data-view=%s] svg.marks')"""
QUERY = "[data-nbtrack=runs] .nbt-query"
OFFERED = f"() => {ROOT}.querySelector('.nbt-offers:not([hidden]) .nbt-choice')"
LISTED = f"() => {ROOT}.querySelector('.nbt-column-list:not([hidden]) .nbt-column-line')"
COUNT = f"() => {ROOT}.querySelector('.nbt-count').textContent"
COUNTED = f"before => {ROOT}.querySelector('.nbt-count').textContent !== before"
BETWEEN = 300  # milliseconds from one click to the next


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
        make_big_project(folder / "project", runs=runs)
        write_notebook(folder / "panel.ipynb", CELLS)
        with running_lab(folder) as address, open_browser(width=1600, height=1000) as page:
            open_notebook(page, address, "panel.ipynb")
            run_cell(page, 0)  # Lab drops a run that comes before the notebook is quite ready
            print("| in the page | measured | at most |\n|---|---:|---:|")
            show(measured(page))
        show(first_pictures(folder / "few"))


def show(found: list[tuple[str, float, int]]) -> None:
    for words, milliseconds, most in found:
        print(f"| {words} | {milliseconds:,.0f} ms | {most:,} ms |", flush=True)


def first_pictures(folder: Path) -> list[tuple[str, float, int]]:
    """Of a small project: as `measured`."""
    make_big_project(folder / "project", runs=FEW)
    write_notebook(folder / "panel.ipynb", CELLS)
    with running_lab(folder) as address, open_browser(width=1600, height=1000) as page:
        open_notebook(page, address, "panel.ipynb")
        run_cell(page, 0)
        _first_rows(page)
        lines = _cold_and_warm(page, TAB % "charts", LINES % 10, away=TAB % "runs", gone=TABLE)
        found = {"picture": lines}
        click_time(page, TAB % "charts", LINES % 10)
        for view in ("scatter", "parallel"):
            away = {"away": VIEW % "lines", "gone": DRAWN % "lines"}
            found[view] = _cold_and_warm(page, VIEW % view, DRAWN % view, **away)
    return [
        (f"first {name} of {FEW} runs, {how}", milliseconds, most)
        for name, times in found.items()
        for how, milliseconds, most in zip(("cold", "warm"), times, (1500, 200))
    ]


def _first_rows(page: Any) -> float:
    """Of the panel, in a kernel that has just started; and the seconds in which somebody reads
    them, and what comes after them stands: keys, small curves."""
    shown = time_of(page, lambda: page.evaluate(RUN_CELL % 1), ROWS, event="begin")
    page.wait_for_function(REST)
    page.wait_for_timeout(READING)
    return shown


def _cold_and_warm(
    page: Any, click: str, stands: str, *, away: str, gone: str, times: int = 6
) -> tuple[float, float]:
    """The first time, and the median of those that follow."""
    taken = []
    for _ in range(times):
        taken.append(click_time(page, click, stands))
        click_time(page, away, gone)
        page.wait_for_function(REST)
    return taken[0], median(taken[1:])


def measured(page: Any) -> list[tuple[str, float, int]]:
    """(what, milliseconds, at most)"""
    shown = _first_rows(page)
    found = [("panel of 100,000 runs in a fresh kernel", shown, 1500), *clicks_on_headers(page)]
    found += small_things(page)
    run_cell(page, 2)
    away = {"away": TAB % "runs", "gone": TABLE}
    cold, warm = _cold_and_warm(page, TAB % "charts", LINES % 10, **away)
    run_cell(page, 3)
    first, many = _cold_and_warm(page, TAB % "charts", LINES % 20, **away)
    return [
        *found,
        ("first chart, 10 runs x 100,000 points", cold, 2500),
        ("the same again, p50 of 5", warm, 200),
        ("first chart of 20 runs x 100,000 points", first, 500),
        ("the same again, p50 of 5", many, 500),
    ]


def clicks_on_headers(page: Any) -> list[tuple[str, float, int]]:
    """On each of them; then on the same ones; then twice on each, the second time after a while;
    then of a filter, after a while and at once, which leaves no time to read ahead."""
    columns = page.evaluate(COLUMNS)
    first, again = _sorts(page, columns), _sorts(page, columns)
    turned = []
    for column in columns[:TURNED]:
        _sorts(page, [column])
        page.wait_for_timeout(READING)
        turned += _sorts(page, [column])
    _filter(page, "metrics.m05 > 0.5")
    page.wait_for_timeout(READING)
    filtered, at_once = _sorts(page, columns), []
    for n, column in enumerate(columns[:TURNED], start=1):
        _filter(page, f"metrics.m05 > 0.5{n}")
        at_once += _sorts(page, [column])
    _filter(page, "")
    return [
        (f"click on a header to the sorted rows, {words}, p50 of {len(times)}", median(times), 100)
        for words, times in {
            "the first on each": first,
            "each again": again,
            "the other way": turned,
            "of a filter": filtered,
            "of a new filter, at once": at_once,
        }.items()
    ]


def _filter(page: Any, text: str) -> None:
    before = page.evaluate(COUNT)
    page.locator(QUERY).fill(text)
    page.wait_for_function(COUNTED, arg=before)


def _sorts(page: Any, columns: list[str]) -> list[float]:
    times = []
    for column in columns:
        page.wait_for_function(REST)
        page.wait_for_timeout(BETWEEN)
        times.append(sort_time(page, column))
    return times


def small_things(page: Any) -> list[tuple[str, float, int]]:
    """What the page does without the kernel."""
    listed, offered = [], []
    for _ in range(5):
        listed.append(click_time(page, '[data-key="columns"]', LISTED))
        page.keyboard.press("Escape")
        query = page.locator(QUERY)
        offered.append(time_of(page, partial(query.press, "m"), OFFERED, event="keydown"))
        page.keyboard.press("Escape")
        query.fill("")
    return [
        ("list of columns, p50 of 5", median(listed), 100),
        ("a letter in the query box to its offers, p50 of 5", median(offered), 100),
    ]


if __name__ == "__main__":
    main()
