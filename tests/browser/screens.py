"""Pictures of a new user's first day: `python -m tests.browser.screens FOLDER`.

One for every view, width and theme, as it is on the screen: for designers, and for the README.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.browser.first_day import bring_up, first_day, on_every_screen, settled
from tests.browser.lab import LabFolder, kept_browser, running_lab

Show = Callable[[Any], None]


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        running_lab(Path(home)) as address,
        kept_browser(),
        first_day(LabFolder(Path(home), address)) as page,
    ):
        for view, show in SHOWN.items():
            panel = page.panels[view.split(":")[0]]
            show(panel)
            _take(page, panel, folder, view)


def _take(page: Any, panel: Any, folder: Path, view: str) -> None:
    for screen in on_every_screen(page):
        bring_up(panel)
        page.wait_for_timeout(300)  # what comes into sight is drawn, and moves into place
        name = view.replace(": ", "-").replace(", ", "-").replace(" ", "-")
        page.screenshot(path=folder / f"{name}-{screen}.png")


def _as_it_comes(panel: Any) -> None:
    settled(panel)


def _open_first(panel: Any) -> None:
    panel.locator("tr[data-run-id] .nbt-name-button").first.click()
    panel.locator(".nbt-details .nbt-detail-head").wait_for()


def _compare_first_two(panel: Any) -> None:
    for n in range(2):
        panel.locator("tr[data-run-id] input[type=checkbox]").nth(n).check()
    panel.locator("[data-tab=compare]").click()
    panel.locator("[data-line]").first.wait_for()


def _charts(panel: Any) -> None:
    panel.locator("[data-tab=charts]").click()
    settled(panel)
    panel.page.wait_for_timeout(3_000)  # the first picture of all; there may be none to wait for


SHOWN: Mapping[str, Show] = {
    "cancer": _as_it_comes,
    "diabetes": _as_it_comes,
    "sweep": _as_it_comes,
    "cancer, sorted": _as_it_comes,
    "cancer, sorted: open row": _open_first,
    "cancer, sorted: compare": _compare_first_two,
    "cancer: charts": _charts,
    "diabetes: charts": _charts,
    "sweep: charts": _charts,
}


if __name__ == "__main__":
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    main(Path(sys.argv[1]))
