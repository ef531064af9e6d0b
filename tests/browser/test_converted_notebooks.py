"""What nbconvert makes of a notebook with our outputs: tables and charts are in it in each form,
and no panel that is dead."""

from __future__ import annotations

import re
import shutil
import subprocess
from base64 import b64decode
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.browser.lab import needs_browser, open_browser

nbconvert = pytest.importorskip("nbconvert")

CURVE = "for step in range(5): nbtrack.log_metric('loss', 1 / (step + 1), step=step)"
CELLS = [
    "%load_ext nbtrack\nimport nbtrack",
    f"%%track calm heron\n{CURVE}",
    f"%%track odd finch\nlr = 0.1\n{CURVE}",
    "%runs --charts",
    "nbtrack.compare('calm heron', 'odd finch')",
]
DEAD = re.compile(r"Error displaying widget|model not found|RunsPanel\(|ComparePanel\(")


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """As it is saved after its cells have run, by a kernel of its own."""
    folder = tmp_path_factory.mktemp("converted")
    patch = pytest.MonkeyPatch()
    patch.setenv("NBTRACK_DIR", str(folder / ".nbtrack"))
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in CELLS])
    NotebookClient(made, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    patch.undo()
    return nbformat.reads(nbformat.writes(made), as_version=4)


def converted(notebook: Any, form: str, **options: Any) -> tuple[str, dict[str, bytes]]:
    """The text, and the files beside it."""
    text, resources = nbconvert.get_exporter(form)(**options).from_notebook_node(notebook)
    return text, resources.get("outputs") or {}


@pytest.mark.parametrize("form", ["html", "slides", "markdown"])
def test_tables_and_charts_are_there(notebook: Any, form: str) -> None:
    """Pictures in the page, or beside it; what is made by pandoc begins with the last one."""
    text, files = converted(notebook, form)

    for words in ("calm heron", "odd finch", "loss"):
        assert words in text
    assert DEAD.findall(text) == []
    assert text.count("nbtrack-static") >= 2
    beside = [name for name in files if name.endswith((".png", ".svg")) and name in text]
    assert beside or re.search(r'src="data:image/(png|svg\+xml);base64,[\w+/]{1000}', text)
    assert all(len(files[name]) > 1000 for name in beside)


def test_latex_takes_the_table_and_the_chart(notebook: Any) -> None:
    """The chart as PDF: nbconvert would ask Inkscape for one."""
    text, files = converted(notebook, "latex")

    for words in ("calm heron", "odd finch", "2 runs compared"):
        assert words in text
    assert DEAD.findall(text) == []
    charts = [name for name in files if name.endswith(".pdf") and name in text]
    assert [files[name][:4] for name in charts] == [b"%PDF"]
    assert re.findall(r"\\begin\{Verbatim\}.*\n\s*\\end\{Verbatim\}", text) == []


def test_a_page_without_pictures_in_it(notebook: Any) -> None:
    """The chart as PNG too, for what takes no SVG: it is whole."""
    pictures = [
        output.data["image/png"]
        for cell in notebook.cells
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]

    assert pictures
    assert all(b64decode(each).startswith(b"\x89PNG") for each in pictures)


@needs_browser
@pytest.mark.parametrize("media", ["screen", "print"])
def test_a_browser_shows_them(notebook: Any, tmp_path: Path, media: str) -> None:
    """Without a network, and without script; so does paper, of which `webpdf` is made."""
    text, _ = converted(notebook, "html")
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    with open_browser(width=1000, height=800) as page:
        page.context.set_offline(True)
        page.emulate_media(media=media)
        page.goto((tmp_path / "page.html").as_uri(), wait_until="domcontentloaded")
        tables = page.locator(".nbtrack-static table")

        assert [each.is_visible() for each in tables.all()] == [True, True]
        chart = page.locator("img[src^='data:image/']").first
        assert chart.is_visible()
        assert chart.evaluate("img => img.complete && img.naturalWidth") > 100
        assert "Error" not in page.locator("body").inner_text()
        page.context.set_offline(False)


@needs_browser
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext (poppler-utils)")
def test_what_it_prints_can_be_read(notebook: Any, tmp_path: Path) -> None:
    """Table, comparison and chart, whose words are text; no panel that is dead."""
    text, _ = converted(notebook, "html")
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    with open_browser() as page:
        page.context.set_offline(True)
        page.goto((tmp_path / "page.html").as_uri(), wait_until="domcontentloaded")
        page.pdf(path=tmp_path / "page.pdf")
        page.context.set_offline(False)
    command = ["pdftotext", "-layout", str(tmp_path / "page.pdf"), "-"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert re.search(r"odd finch\s+finished", printed)
    assert re.search(r"METRICS|metrics", printed)
    assert "2 runs, as of" in printed
    assert DEAD.findall(printed) == []
