"""The card and the table of runs in a real JupyterLab, as a user sees them."""

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
    "from sklearn.datasets import load_breast_cancer\n"
    "from sklearn.ensemble import RandomForestClassifier\n"
    "from sklearn.metrics import accuracy_score, f1_score\n"
    "from sklearn.model_selection import train_test_split\n"
    "X, y = load_breast_cancer(return_X_y=True)\n"
    "X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)",
    "%%track shallow forest\n"
    "max_depth = 2\n"
    "model = RandomForestClassifier(max_depth=max_depth, random_state=0).fit(X_train, y_train)\n"
    "accuracy = accuracy_score(y_test, model.predict(X_test))\n"
    "f1 = f1_score(y_test, model.predict(X_test))",
    "%%track deep forest\n"
    "max_depth = 8\n"
    "model = RandomForestClassifier(max_depth=max_depth, random_state=0).fit(X_train, y_train)\n"
    "accuracy = accuracy_score(y_test, model.predict(X_test))\n"
    "f1 = f1_score(y_test, model.predict(X_test))",
    f"%%track \"{HOSTILE.replace(chr(34), chr(39))}\" note='</script><script>alert(1)</script>'\n"
    "1 / 0",
    "%runs",
]


@pytest.fixture(scope="module")
def page(lab: LabFolder) -> Iterator[Any]:
    with opened_notebook(lab, "forests.ipynb", CELLS) as page:
        page.outputs = [run_cell(page, index) for index in range(len(CELLS))]
        yield page


def test_the_card_stands_under_its_cell(page: Any) -> None:
    """Name, status, metrics and the change against the run before are on the screen."""
    page.outputs[2].scroll_into_view_if_needed()  # out of sight, Lab shows nothing of it
    page.outputs[2].locator("text=deep forest").first.wait_for()
    text = page.outputs[2].inner_text()

    assert "deep forest" in text
    assert "finished" in text
    assert "accuracy" in text
    assert "best other run" in text


def test_a_failed_cell_says_so_once(page: Any) -> None:
    """The traceback is IPython's; the card adds what it was, and the error's one line."""
    output = page.outputs[3]

    assert output.inner_text().count("Traceback (most recent call last)") == 1
    assert "failed" in output.inner_text()


def test_text_from_runs_stays_text(page: Any) -> None:
    """A run named like markup shows its name, and nothing executes."""
    assert "<img src=x" in page.outputs[3].inner_text()
    assert page.locator(".jp-OutputArea-output img[src='x']").count() == 0
    assert "hacked" not in page.title()


def test_the_table_marks_the_best_run(page: Any) -> None:
    """%runs shows every run of the notebook's experiment, the best one starred."""
    table = page.outputs[4].locator("table")

    assert table.locator("tbody tr").count() >= 3
    assert "★" in page.outputs[4].inner_text()
    assert "forests" in page.outputs[4].inner_text()  # the experiment, named after the notebook


def test_nothing_leaves_the_machine(page: Any) -> None:
    """No request goes anywhere but to the notebook server."""
    assert page.foreign == []


@pytest.mark.parametrize(("width", "theme"), PLACES)
def test_text_can_be_read_in_every_theme(page: Any, theme: str, width: int) -> None:
    """The card's text stands out from what is behind it, without running the cell again."""
    resize(page, width, 900)
    use_theme(page, theme)
    page.outputs[2].scroll_into_view_if_needed()

    assert _contrast(page, page.outputs[2].locator("text=deep forest").first) >= 4.5


def _contrast(page: Any, element: Any) -> float:
    """The WCAG 2 contrast ratio of an element's text to the page behind it.

    https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio
    """
    colour = element.evaluate("e => getComputedStyle(e).color")
    behind = page.evaluate(
        "() => getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor"
    )
    lighter, darker = sorted((_luminance(colour), _luminance(behind)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [float(part) / 255 for part in colour.strip("rgba()").split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear))
