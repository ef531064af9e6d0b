"""A new user's panels in JupyterLab, for the tests that measure them and the pictures of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from tests.browser.lab import (
    LabFolder,
    opened_notebook,
    resize,
    run_cell,
    use_theme,
)
from tests.support.new_user import record_first_day

SCREENS = {900: 800, 1440: 900, 1920: 1080}  # width and height of a small, a usual, a large one
NARROW = 900  # so narrow that the file browser, which takes 250 pixels, is closed
THEMES = ("JupyterLab Light", "JupyterLab Dark")
SIGHT = Path(__file__).with_name("sight.js")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNumbers:
    """What the user of an experiment came to see."""

    metric: str
    is_lower_better: bool
    metrics: Sequence[str]
    params: Sequence[str]


OWN = {
    "cancer": OwnNumbers(
        metric="accuracy",
        is_lower_better=False,
        metrics=("accuracy", "f1", "loss", "val_loss"),
        params=("C", "max_depth", "learning_rate", "n_neighbors", "grid", "lr", "epochs"),
    ),
    "diabetes": OwnNumbers(
        metric="rmse",
        is_lower_better=True,
        metrics=("rmse", "r2"),
        params=("alpha", "max_depth"),
    ),
    "sweep": OwnNumbers(
        metric="val_loss",
        is_lower_better=True,
        metrics=("val_loss",),
        params=("lr", "depth"),
    ),
}
RESTING = 700  # milliseconds, after which a table has asked for as many columns as fit now
SET_UP = "%load_ext nbtrack\nimport nbtrack"
VIEWS: Mapping[str, str] = {
    **{experiment: f"%runs -e {experiment}" for experiment in OWN},
    "cancer, sorted": "%runs -e cancer --sort accuracy",
}


@contextmanager
def first_day(lab: LabFolder) -> Iterator[Any]:
    """The page of a notebook in which all VIEWS are open; `page.panels` has them by name."""
    record_first_day(lab.folder)
    size = {"width": 1440, "height": SCREENS[1440]}
    with opened_notebook(lab, "first_day.ipynb", [SET_UP, *VIEWS.values()], **size) as page:
        run_cell(page, 0)
        page.panels = {name: _shown(page, n) for n, name in enumerate(VIEWS, start=1)}
        page.evaluate(SIGHT.read_text())
        yield page


def _shown(page: Any, cell: int) -> Any:
    return settled(run_cell(page, cell).locator("[data-nbtrack=runs]"))


def settled(panel: Any) -> Any:
    """The panel, when it waits for nothing."""
    panel.locator("xpath=self::*[@aria-busy='false']").wait_for()
    return panel


def on_every_screen(page: Any) -> Iterator[str]:
    """In every theme and width, with the words for it."""
    for theme in THEMES:
        for width in SCREENS:
            yield use_screen(page, width, theme)


def on_each_screen(page: Any) -> Iterator[str]:
    """In every width, with the themes by turns: no theme moves anything."""
    for width, theme in zip(SCREENS, cycle(THEMES)):
        yield use_screen(page, width, theme)


def use_screen(page: Any, width: int, theme: str) -> str:
    use_theme(page, theme)
    resize(page, width, SCREENS[width])
    page.evaluate("isOpen => sight.fileBrowser(isOpen)", width > NARROW)
    page.wait_for_timeout(RESTING)
    return f"{width}-{theme.split()[1].lower()}"


def bring_up(panel: Any) -> Any:
    """To the top of the notebook, with the cell that asked for it: as it is after running it."""
    settled(panel).evaluate("el => sight.bringUp(el)")
    return panel
