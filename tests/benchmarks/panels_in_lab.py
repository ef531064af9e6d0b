"""The runs panel in a real JupyterLab and Chromium, over 100,000 runs x 20 params x 20 metrics.

python -m tests.benchmarks.panels_in_lab [RUNS]

Times are taken in the page, from the click (or from the run of the cell, in a kernel that has just
started) to what stands on it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.big_project import RUNS, make_big_project
from tests.browser.lab import open_browser, open_notebook, run_cell, running_lab, write_notebook

CALL = "import nbtrack\npanel = nbtrack.runs(experiment='all')\npanel"
CHOOSE = (
    "panel.selected = list(nbtrack.search_runs(search_all_experiments=True, max_results=%d).run_id)"
)
CELLS = ["1", CALL, CHOOSE % 10, CHOOSE % 20]
TIMES = 15

# `click` happens, then frames pass until `stands` holds; milliseconds.
TIMED = """async ([click, stands]) => {
    const [act, holds] = [eval(click), eval(stands)];
    const began = performance.now();
    act();
    while (!holds()) {
        if (performance.now() - began > 60000) throw Error(`not within a minute: ${stands}`);
        await new Promise(requestAnimationFrame);
    }
    return performance.now() - began;
}"""
ROOT = "document.querySelector('[data-nbtrack=runs]')"
RUN_CELL = """() => {
    const { content } = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = %d;
    window.jupyterapp.commands.execute('notebook:run-cell');
}"""
ROWS = f"() => {ROOT}?.querySelectorAll('tr[data-run-id]').length >= 25"
METRICS = f"""() => [...{ROOT}.querySelectorAll('button[data-column^="metrics."]')]
    .map(button => button.dataset.column)"""
SORT = f"""() => {ROOT}.querySelector('button[data-column="%s"]').click()"""
SORTED = f"""() =>
    {ROOT}.querySelector('th[aria-sort=descending] button[data-column="%s"]')"""
TAB = f"() => {ROOT}.querySelector('[data-tab=%s]').click()"
LINES = f"""() => {ROOT}.getAttribute('aria-busy') === 'false' &&
    {ROOT}.querySelectorAll('.mark-line path').length >= %d"""
TABLE = f"() => {ROOT}.querySelector('tr[data-run-id]').offsetHeight > 0"
REST = f"() => {ROOT}.getAttribute('aria-busy') === 'false'"
FEW = 100  # runs, of which a first picture is timed
VIEW = f"() => {ROOT}.querySelector('[data-segment=%s] input').click()"
DRAWN = f"""() => {ROOT}.getAttribute('aria-busy') === 'false' &&
    {ROOT}.querySelector('.nbt-charts[data-view=%s] svg.marks')"""


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
        _timed(page, RUN_CELL % 1, ROWS)
        page.wait_for_function(REST)
        page.wait_for_timeout(3000)  # somebody reads the table
        lines = _cold_and_warm(page, TAB % "charts", LINES % 10, away=TAB % "runs", gone=TABLE)
        found = {"picture": lines}
        _timed(page, TAB % "charts", LINES % 10)
        for view in ("scatter", "parallel"):
            away = {"away": VIEW % "lines", "gone": DRAWN % "lines"}
            found[view] = _cold_and_warm(page, VIEW % view, DRAWN % view, **away)
    return [
        (f"first {name} of {FEW} runs, {how}", milliseconds, most)
        for name, times in found.items()
        for how, milliseconds, most in zip(("cold", "warm"), times, (1500, 200))
    ]


def _cold_and_warm(
    page: Any, click: str, stands: str, *, away: str, gone: str
) -> tuple[float, float]:
    """The first time, and the median of those that follow."""
    times = []
    for _ in range(6):
        times.append(_timed(page, click, stands))
        _timed(page, away, gone)
        page.wait_for_function(REST)
    return times[0], median(times[1:])


def measured(page: Any) -> list[tuple[str, float, int]]:
    """(what, milliseconds, at most)"""
    shown = _timed(page, RUN_CELL % 1, ROWS)
    page.wait_for_function(REST)
    page.wait_for_timeout(3000)  # what comes after the first rows: keys, sparklines
    columns = page.evaluate(METRICS)
    sorts = [_sort(page, columns[n % len(columns)]) for n in range(TIMES)]
    run_cell(page, 2)
    cold = _timed(page, TAB % "charts", LINES % 10)
    _timed(page, TAB % "runs", TABLE)
    warm = _timed(page, TAB % "charts", LINES % 10)
    _timed(page, TAB % "runs", TABLE)
    run_cell(page, 3)
    many = []
    for _ in range(5):
        many.append(_timed(page, TAB % "charts", LINES % 20))
        _timed(page, TAB % "runs", TABLE)
    return [
        ("panel of 100,000 runs in a fresh kernel", shown, 1500),
        (f"click on a header to the sorted page, p50 of {TIMES}", median(sorts), 150),
        ("first chart, 10 runs x 100,000 points", cold, 2500),
        ("the same again", warm, 300),
        ("charts of 20 runs x 100,000 points, p50 of 5", median(many), 700),
    ]


def _sort(page: Any, column: str) -> float:
    return _timed(page, SORT % column, SORTED % column)


def _timed(page: Any, click: str, stands: str) -> float:
    return float(page.evaluate(TIMED, [click, stands]))


if __name__ == "__main__":
    main()
