"""A row of the runs panel that is open, in a real JupyterLab: what is read in it, and what not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.lab import (
    LabFolder,
    needs_browser,
    opened_notebook,
    resize,
    run_cell,
)

pytestmark = needs_browser

ELSEWHERE = "http://203.0.113.1"
NOTE = f"""# Deeper

A **deep** one, see [the paper](https://example.org/x) and [this](javascript:document.title=1).

<script>document.title = "hacked"</script><img src=x onerror="document.title='hacked'">
![pixel]({ELSEWHERE}/pixel.png) [![y]({ELSEWHERE}/y.png)](javascript:1) <{ELSEWHERE}/a>

| depth | score |
|---|--:|
| 8 | <b>0.9</b> |
"""
CELLS = [
    "%load_ext nbtrack\nimport nbtrack\nfrom matplotlib.figure import Figure\n"
    "from sklearn.datasets import load_iris\nfrom sklearn.tree import DecisionTreeClassifier",
    "%%track deep tree\n"
    "learning_rate_of_the_scheduler = 0.1\n"
    "tree = DecisionTreeClassifier(max_depth=3).fit(*load_iris(return_X_y=True))\n"
    "nbtrack.log_metric('accuracy', 0.95)\n"
    "nbtrack.log_text('x', 'a.txt')\n"
    "figure = Figure(figsize=(4, 3))\n"
    "figure.subplots().plot([3, 1, 2])\n"
    "nbtrack.log_figure(figure, 'plots/loss.png')\n"
    f"nbtrack.log_text({NOTE!r}, 'report.md')\n"
    f"nbtrack.set_tag('mlflow.note.content', {NOTE!r})",
    "%%track broken\n" + "x = 1\n" * 60 + "raise ValueError('no <b>data</b>')",
    "nbtrack.runs()",
]


@pytest.fixture(scope="module")
def page(lab: LabFolder) -> Iterator[Any]:
    with opened_notebook(lab, "rows.ipynb", CELLS, height=1000) as page:
        panel = [run_cell(page, n) for n in range(len(CELLS))][-1].locator("[data-nbtrack=runs]")
        panel.locator("xpath=self::*[@aria-busy='false']").wait_for()
        page.panel = panel
        yield page


@pytest.fixture(params=["deep tree", "broken"])
def either(page: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    yield from opened(page, request.param)


@pytest.fixture
def tree(page: Any) -> Iterator[Any]:
    yield from opened(page, "deep tree")


@pytest.fixture
def broken(page: Any) -> Iterator[Any]:
    yield from opened(page, "broken")


def opened(page: Any, name: str) -> Iterator[Any]:
    button = page.panel.locator("tr[data-run-id]", has_text=name).first.locator(".nbt-name-button")
    button.click()
    details = page.panel.locator(".nbt-details")
    details.locator(".nbt-detail-head").wait_for()
    details.locator(".nbt-artifacts").wait_for(state="attached")
    yield details
    button.click()
    details.wait_for(state="detached")


def part(details: Any, title: str) -> Any:
    return details.locator(f".nbt-part:has(> h4:text-is('{title}'))")


def test_the_picture_stands_there_at_once(tree: Any) -> None:
    """Not the first file, and nothing of the model."""
    tree.locator(".nbt-pane img").wait_for()

    assert tree.locator(".nbt-pane-path").inner_text().endswith(".png")
    assert tree.locator("[data-artifact$='MLmodel']").count() == 0


def test_a_note_is_markdown(tree: Any) -> None:
    note = part(tree, "Note").locator(".nbt-markdown")

    assert note.locator("h4").inner_text() == "Deeper"
    assert note.locator("strong").inner_text() == "deep"
    assert note.locator("td").all_inner_texts() == ["8", "<b>0.9</b>"]


def test_nothing_in_a_note_runs_or_loads(page: Any, tree: Any) -> None:
    """Markup is text, a picture is words, and a link leads to the web or nowhere."""
    tree.locator("[data-artifact='report.md']").click()
    tree.locator("[data-preview=markdown] .nbt-markdown").wait_for()
    for shown in (part(tree, "Note"), tree.locator("[data-preview=markdown]")):
        markdown = shown.locator(".nbt-markdown")
        links = markdown.locator("a").evaluate_all("all => all.map(a => a.href)")

        assert links == ["https://example.org/x", f"{ELSEWHERE}/a"]
        assert "<script>" in markdown.inner_text()
        assert "[picture: pixel]" in markdown.inner_text()
        assert markdown.locator("img, script, b, iframe, style").count() == 0
    assert "hacked" not in page.title()
    assert page.foreign == []


def test_only_what_the_run_has_is_offered(broken: Any) -> None:
    """No model, no metrics, no params, no files: no word of them."""
    broken.locator(".nbt-no-artifacts").wait_for(state="attached")

    assert broken.get_by_role("button", name="Register model").count() == 0
    titles = [t.lower() for t in broken.locator(".nbt-part > h4:visible").all_inner_texts()]
    assert titles == ["error", "note", "tags", "cell"]
    broken.get_by_role("button", name="Insert code").click()
    assert broken.locator("[data-code=model]").count() == 0
    broken.get_by_role("button", name="Insert code").click()


def test_a_model_can_be_registered(tree: Any) -> None:
    assert tree.get_by_role("button", name="Register model").is_visible()


def test_a_failed_run_says_how(broken: Any) -> None:
    """The error, and the end of its traceback, as text."""
    error = part(broken, "Error")

    assert error.locator(".nbt-error-words").inner_text() == "ValueError: no <b>data</b>"
    assert "---> 62" in error.locator(".nbt-run-error").inner_text()


def test_a_long_source_is_shown_on_demand(broken: Any) -> None:
    cell = part(broken, "Cell")
    assert "raise ValueError" not in cell.inner_text()

    cell.get_by_role("button", name="Show all 62 lines").click()
    assert "raise ValueError" in cell.inner_text()


@pytest.mark.parametrize("width", [467, 700, 1006, 1486])
def test_nothing_in_a_row_scrolls_or_breaks_a_value(page: Any, either: Any, width: int) -> None:
    """The notebook scrolls; a key breaks between its words, and beside it stands a whole value."""
    resize(page, width + 140, 1000)
    page.wait_for_timeout(700)
    scrolling = either.evaluate(
        """details => [...details.querySelectorAll('*'), details.closest('.nbt-scroll')]
            .filter(el => /auto|scroll/.test(getComputedStyle(el).overflowY))
            .filter(el => el.scrollHeight > el.clientHeight + 1)
            .map(el => el.className)"""
    )
    narrow = either.evaluate(
        """details => [...details.querySelectorAll('.nbt-params dd')]
            .filter(dd => dd.getClientRects().length && dd.clientWidth < 40)
            .map(dd => dd.textContent)"""
    )
    resize(page, 1100, 1000)

    assert scrolling == []
    assert narrow == []


def test_numbers_come_before_ids(tree: Any) -> None:
    text = tree.inner_text()
    run_id = tree.get_attribute("data-details")

    assert text.index("0.95") < text.index(run_id)
    assert "attempt" not in text
