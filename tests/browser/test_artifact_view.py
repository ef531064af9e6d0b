"""The artifacts of a run in a real JupyterLab: tree, previews, and pages that must do nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
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

PAGE = (
    "<html><head><meta http-equiv=refresh content='0;url=http://203.0.113.1/moved'>"
    "<link rel=stylesheet href='http://203.0.113.1/x.css'><base href='http://203.0.113.1/'></head>"
    "<body style='color:#333'><h1>report</h1>"
    '<script>parent.document.title="pwned"; parent.pwned = true</script>'
    '<img src="http://203.0.113.1/x">'
    "<style>@import url(http://203.0.113.1/y.css); h1 {background: url(http://203.0.113.1/z)}"
    "</style><iframe src='http://203.0.113.1/frame'></iframe><a href='http://203.0.113.1/a'>on</a>"
    "<svg><a xlink:href='http://203.0.113.1/b'><text y='20'>there</text></a></svg>"
    "<img src='y' onerror='top.document.title=1'></body></html>"
)
NAME = "<img src=x onerror=alert(1)>.txt"
CELLS = [
    "%load_ext nbtrack\nimport json, nbtrack, pandas as pd\nfrom matplotlib.figure import Figure\n"
    "import nbtrack.artifacts",
    "%%track all kinds\n"
    "figure = Figure(figsize=(4, 3))\n"
    "figure.subplots().plot([3, 1, 2])\n"
    "figure.patch.set_alpha(0)\n"
    "nbtrack.log_figure(figure, 'plots/loss.png')\n"
    "nbtrack.log_text('one\\ntwo <b>three</b>', 'notes/text.txt')\n"
    "nbtrack.log_dict({'a': [1, {'b': None}]}, 'notes/facts.json')\n"
    "rows = pd.DataFrame({'x': range(150), 'name': 'n'})\n"
    "nbtrack.log_text(rows.to_csv(index=False), 'rows.csv')\n"
    "nbtrack.log_text(json.dumps({'cells': [{'cell_type': 'code', 'source': 'a = 1\\na', 'outputs':"
    " [{'text': '1'}]}, {'cell_type': 'markdown', 'source': '# why'}]}), 'work.ipynb')\n"
    f"nbtrack.log_text({PAGE!r}, 'report.html')\n"
    f"nbtrack.log_text('named like markup', {NAME!r})",
    "run = nbtrack.search_runs().run_id[0]\nnbtrack.artifacts.show(run)",
    "nbtrack.runs()",
]


@pytest.fixture(scope="module")
def page(lab: LabFolder) -> Iterator[Any]:
    with opened_notebook(lab, "kinds.ipynb", CELLS) as page:
        page.outputs = [run_cell(page, index) for index in range(len(CELLS))]
        page.refused = []
        page.on("requestfailed", lambda r: page.refused.append(r.url) if is_refused(r) else None)
        page.outputs[2].locator("[data-artifact]").first.wait_for()
        yield page


def is_refused(request: Any) -> bool:
    """By the page's own rules, before it was sent; Chromium tells of such requests too."""
    return "csp" in str(request.failure)


@pytest.fixture
def panel(page: Any) -> Any:
    found = page.outputs[2].locator("[data-nbtrack=artifacts]")
    found.scroll_into_view_if_needed()
    return found


def look_at(panel: Any, path: str, kind: str) -> Any:
    """The preview of an artifact, once it stands."""
    panel.get_by_title(path, exact=True).first.click()
    found = panel.locator(f"[data-preview={kind}]")
    found.wait_for()
    return found


def test_the_tree_opens_and_closes_by_keyboard(page: Any, panel: Any) -> None:
    """Folders are buttons that say whether they are open, and keep the focus."""
    folder = panel.locator("[data-folder=notes]")
    assert folder.get_attribute("aria-expanded") == "true"
    folder.focus()
    page.keyboard.press("Enter")

    assert folder.get_attribute("aria-expanded") == "false"
    assert panel.locator("[data-artifact='notes/text.txt']").count() == 0
    page.keyboard.press("Enter")
    assert panel.locator("[data-artifact='notes/text.txt']").count() == 1


def test_a_picture_stands_on_a_checkered_ground(page: Any, panel: Any) -> None:
    """So that what is transparent is seen; with its size, digest and buttons."""
    picture = look_at(panel, "plots/loss.png", "image").locator("img")
    picture.evaluate("e => e.decode()")

    assert "gradient" in picture.evaluate("e => getComputedStyle(e).backgroundImage")
    assert panel.get_by_role("button", name="Copy sha256").is_visible()


def test_text_and_json_are_text(panel: Any) -> None:
    """Markup in them is shown as it is, JSON is indented."""
    assert look_at(panel, "notes/text.txt", "text").inner_text() == "one\ntwo <b>three</b>"
    assert '"a": [\n    1,' in look_at(panel, "notes/facts.json", "json").inner_text()


def test_a_table_has_a_head_that_stays(panel: Any) -> None:
    """The first rows, and how many there are."""
    table = look_at(panel, "rows.csv", "table")

    assert table.locator("tbody tr").count() == 100
    assert "the first 100 rows" in table.inner_text()
    assert table.locator("thead th").first.evaluate("e => getComputedStyle(e).position") == "sticky"


def test_a_notebook_is_its_cells(panel: Any) -> None:
    """With the text of their outputs."""
    assert look_at(panel, "work.ipynb", "notebook").locator(".nbt-cell").count() == 2


def test_a_page_neither_runs_nor_fetches(page: Any, panel: Any) -> None:
    """No script, no image, no style sheet, no forwarding; its links lead nowhere."""
    frame = look_at(panel, "report.html", "page").locator("iframe").element_handle()
    inside = frame.content_frame()
    inside.wait_for_load_state("load")

    assert frame.get_attribute("sandbox") == ""
    assert inside.url == "about:srcdoc"
    assert inside.locator("a[href]").count() == 0
    assert page.evaluate("window.pwned") is None
    assert "pwned" not in page.title()
    assert set(page.foreign) <= set(page.refused)


def test_a_file_named_like_markup(page: Any, panel: Any) -> None:
    """Its name is text, wherever it stands."""
    assert look_at(panel, NAME, "text").inner_text() == "named like markup"
    assert panel.locator("img[src='x']").count() == 0


def test_what_is_downloaded_is_the_file(page: Any, panel: Any) -> None:
    """Byte by byte, under its own name."""
    look_at(panel, "notes/text.txt", "text")
    with page.expect_download() as download:
        panel.get_by_role("button", name="Download").click()

    data = Path(download.value.path()).read_bytes()
    assert download.value.suggested_filename == "text.txt"
    assert hashlib.sha256(data).hexdigest()[:8] in panel.locator(".nbt-digest").inner_text()


def test_the_row_of_a_run_has_them_too(page: Any) -> None:
    """Opened in the runs table; what was chosen stays chosen when the table is drawn again."""
    runs = page.outputs[3].locator("[data-nbtrack=runs]")
    runs.scroll_into_view_if_needed()
    runs.locator("tr[data-run-id] [aria-expanded]").first.click()
    look_at(runs, "notes/facts.json", "json")
    runs.locator("tr[data-run-id] input[type=checkbox]").first.check()
    runs.locator("[data-artifacts]").scroll_into_view_if_needed()

    assert runs.locator("[data-preview=json]").is_visible()


@pytest.mark.parametrize(("width", "theme"), PLACES)
def test_it_fits_its_page(page: Any, panel: Any, theme: str, width: int) -> None:
    """Tree and preview beside each other, or below; nothing hangs out of the panel."""
    resize(page, width, 1000)
    use_theme(page, theme)
    look_at(panel, "rows.csv", "table")

    assert panel.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
