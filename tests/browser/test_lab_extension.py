"""Our extension of JupyterLab: no dead panels, and the newest runs at the side without a kernel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.browser.accessible import serious_faults
from tests.browser.lab import (
    LabFolder,
    begin_cell,
    cell_sources,
    needs_browser,
    open_browser,
    open_notebook,
    opened_notebook,
    run_cell,
    run_cells_behind,
    save_notebook,
    show_notebook,
    use_theme,
    wait_until_idle,
    write_notebook,
)
from tests.page.npm import need_npm

pytestmark = needs_browser

NAME = "herons.ipynb"
HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"
CELLS = [
    "%load_ext nbtrack\nimport nbtrack",
    "%%track calm heron\ndepth = 2\nnbtrack.log_metric('f1', 0.5)",
    "%%track odd finch\ndepth = 8\nnbtrack.log_metric('f1', 0.75)",
    f'%%track "{HOSTILE.replace(chr(34), chr(39))}"\nnbtrack.log_metric("f1", 0.25)',
    "%runs",
]
PANEL = len(CELLS) - 1
QUIET = ".nbtrack-quiet:visible"
# JupyterLab's own, of a kernel that is ended, and of messages for who is no longer there.
OTHERS = ("Could not restore the debugger state", "Comm not found")
CLOSE = """async ending => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.context.save();
  if (ending) await panel.sessionContext.shutdown();
  panel.dispose();
}"""

KERNEL = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.id"
# It is there, and would be shown in a moment.
USE_KERNEL = """async id => {
  const { sessionContext, content } = window.jupyterapp.shell.currentWidget;
  await sessionContext.changeKernel({ id });
  const outputs = content.widgets.flatMap(cell => cell.model.outputs?.toJSON() ?? []);
  const views = outputs.map(({ data }) => data?.["application/vnd.jupyter.widget-view+json"]);
  const panel = views.find(Boolean).model_id;
  const pause = time => new Promise(resolve => setTimeout(resolve, time));
  while (!sessionContext.session?.kernel?.hasComm(panel)) await pause(50);
  await pause(1500);
}"""

WRITE = """([cell, source]) =>
  window.jupyterapp.shell.currentWidget.content.model.cells.get(cell).sharedModel.setSource(source)
"""

# The lines that the page opens from now on can be cut, as when the server ends.
WATCH_LINES = """() => {
  window.ourLines = [];
  window.WebSocket = class extends WebSocket {
    constructor(...said) {
      super(...said);
      if (this.url.includes("/nbtrack/line")) window.ourLines.push(this);
    }
  };
}"""
CUT_LINES = "() => { for (const line of window.ourLines.splice(0)) line.close(); }"
OPEN_LINES = "() => window.ourLines.filter(({ readyState }) => readyState < 2).length"


@pytest.fixture(scope="module")
def page(lab: LabFolder) -> Iterator[Any]:
    with opened_notebook(lab, NAME, CELLS) as page:
        page.complaints = []
        page.on("console", lambda said: said.type == "error" and page.complaints.append(said.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.asked = {}
        page.on("request", lambda asked: page.asked.update({asked.url: asked.resource_type}))
        run_cell(page, 0)
        run_cells_behind(page, 0)
        yield page


@pytest.fixture(autouse=True)
def no_complaints(page: Any) -> Iterator[None]:
    page.complaints.clear()
    yield
    assert [said for said in page.complaints if not said.startswith(OTHERS)] == []


def reopen(lab: LabFolder, page: Any, *, ending: bool, name: str = NAME) -> Any:
    """The notebook, closed and opened again; the output of its panel."""
    page.evaluate(CLOSE, ending)
    show_notebook(page, f"{lab.folder.name}/{name}")
    return output_of_panel(page)


def output_of_panel(page: Any) -> Any:
    output = page.locator(".jp-Notebook .jp-CodeCell").nth(PANEL).locator(".jp-Cell-outputArea")
    output.scroll_into_view_if_needed()
    return output


def is_live(output: Any) -> None:
    output.locator("[data-nbtrack=runs][aria-busy=false] .nbt-table").first.wait_for()
    assert output.locator(QUIET).count() == 0


def is_dead(output: Any) -> None:
    """The table stands, one line tells why it does nothing, and nobody speaks of an error."""
    output.locator(QUIET).wait_for()
    output.locator(".nbtrack-static table").wait_for()
    assert "Error displaying widget" not in output.inner_text()
    assert output.locator("[data-nbtrack]").count() == 0


def test_a_panel_lives_in_its_cell(page: Any) -> None:
    is_live(output_of_panel(page))


def test_it_lives_where_its_kernel_is_found_again(lab: LabFolder, page: Any) -> None:
    is_live(reopen(lab, page, ending=False))


def test_without_its_kernel_its_table_stands(lab: LabFolder, page: Any) -> None:
    """With a line that says so, until the cell runs again; the panel before tells nobody."""
    output = reopen(lab, page, ending=True)
    page.evaluate("() => window.dispatchEvent(new Event('pagehide'))")
    is_dead(output)
    assert output.locator(QUIET).inner_text() == "Run the cell for the live panel."

    run_again(page, 0)
    run_again(page, PANEL)

    is_live(output_of_panel(page))


def run_again(page: Any, cell: int) -> None:
    begin_cell(page, cell)
    wait_until_idle(page)


def test_of_a_notebook_that_nobody_trusts(lab: LabFolder, page: Any) -> None:
    """Even with the kernel of another in it; text of its runs stays text."""
    save_notebook(page)
    whole = json.loads((lab.folder / NAME).read_text())
    whole["cells"].append({**whole["cells"][0], "id": "strange", "outputs": []})
    (lab.folder / "strange.ipynb").write_text(json.dumps(whole))
    kernel = page.evaluate(KERNEL)
    output = reopen(lab, page, ending=False, name="strange.ipynb")
    page.evaluate(USE_KERNEL, kernel)

    is_dead(output)
    assert "<img src=x" in output.inner_text()
    assert "hacked" not in page.title()
    reopen(lab, page, ending=False)


def test_cells_that_are_runs_are_marked(page: Any) -> None:
    """How each ended, and which was the best of those before it; no other cell."""
    marks = page.locator(".jp-Notebook .nbtrack-mark")

    assert marks.evaluate_all("all => all.map(each => each.textContent)") == ["●", "★", "●"]
    assert "the best by f1" in marks.nth(1).get_attribute("title")


# --- the editor

COLOURED = """n => [...document.querySelectorAll(".jp-Notebook .jp-Cell")[n]
  .querySelectorAll("[class*=nbtrack-at-]")]
  .map(span => [span.className.replace("nbtrack-at-", ""), span.textContent])"""
OPTIONS = "%%track lr=0.1 --note 'is it better?' --nite"


def coloured(page: Any, cell: int) -> dict[str, str]:
    """The text of each kind; the spans of Python's words cut ours into pieces."""
    found: dict[str, str] = {}
    for kind, text in page.evaluate(COLOURED, cell):
        found[kind] = found.get(kind, "") + text
    return found


def test_the_line_of_a_magic_has_its_colours(page: Any) -> None:
    """As it is typed, in cells of code alone."""
    code = insert(page, "x = 1")
    text = insert(page, f"{OPTIONS}\nx = '%%track --note'", cell_type="markdown")
    none = [coloured(page, 0), coloured(page, code), coloured(page, text)]
    page.evaluate(WRITE, [code, f"# why\n{OPTIONS}\nx = 1 # --note"])

    assert none == [{}, {}, {}]
    assert coloured(page, PANEL) == {"magic": "%runs"}
    assert coloured(page, code) == {
        "magic": "%%track",
        "key": "lr=",
        "value": "0.1'is it better?'",
        "option": "--note",
        "unknown": "--nite",
    }


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_colours_can_be_read(page: Any, theme: str) -> None:
    need_npm()
    use_theme(page, theme)

    assert serious_faults(page, theme, of=".cm-line:has(.nbtrack-at-unknown)") == []


# --- the side


@pytest.fixture(scope="module")
def side(page: Any) -> Iterator[Any]:
    page.evaluate("() => window.jupyterapp.shell.activateById('nbtrack-side')")
    side = page.locator("#nbtrack-side")
    side.locator("li[data-run-id]").first.wait_for()
    yield side
    page.evaluate("() => window.jupyterapp.commands.execute('filebrowser:activate')")


def names(side: Any) -> list[str]:
    return side.locator("li[data-run-id] > button bdi").all_inner_texts()


def opened(side: Any, name: str) -> Any:
    """What is told of that run."""
    row = side.locator("li[data-run-id]", has=side.page.locator(f"bdi:text-is('{name}')"))
    button = row.locator("> button")
    if button.get_attribute("aria-expanded") == "false":
        button.click()
    told = side.locator(f"[data-details='{row.get_attribute('data-run-id')}']")
    told.locator(".nbt-buttons").wait_for()
    return told


def test_the_newest_runs_are_at_the_side(side: Any) -> None:
    """With the metric that matters, the best one starred."""
    best = side.locator("li[data-run-id]", has_text="odd finch").locator(".nbt-side-metric")

    assert names(side)[-2:] == ["odd finch", "calm heron"]
    assert best.inner_text().split() == ["f1", "★", "0.75"]


def test_its_page_is_asked_for_as_all_else(page: Any, side: Any) -> None:
    """Script and style, with what JupyterHub wants to see of who asks."""
    kinds = [kind for url, kind in page.asked.items() if "/nbtrack/side." in url]

    assert kinds == ["fetch", "fetch"]


def test_a_run_is_there_while_its_cell_works(lab: LabFolder, page: Any, side: Any) -> None:
    """No kernel is asked: this one has no time."""
    wait = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.05)"
    begin_cell(page, insert(page, f"%%track late wren\n{wait}"))
    side.locator("bdi:text-is('late wren')").wait_for()
    running = side.locator("li", has_text="late wren").locator(".nbt-side-facts").inner_text()
    (lab.folder / "go").touch()
    wait_until_idle(page)

    assert running.startswith("running")
    assert names(side)[0] == "late wren"


def insert(page: Any, source: str, *, cell_type: str = "code") -> int:
    """At the end; which cell that is."""
    return page.evaluate(
        """([source, cell_type]) => {
          const { sharedModel } = window.jupyterapp.shell.currentWidget.content.model;
          const outputs = cell_type === "code" ? { outputs: [] } : {};
          const cell = { cell_type, source, metadata: {}, ...outputs };
          sharedModel.insertCell(sharedModel.cells.length, cell);
          return sharedModel.cells.length - 1;
        }""",
        [source, cell_type],
    )


def test_what_a_run_is(page: Any, side: Any) -> None:
    """Values and source; and its code goes into the notebook."""
    told = opened(side, "calm heron")
    text = told.inner_text()
    told.locator("button[aria-label='Insert code']").click()
    told.locator("[data-code=rerun]").click()
    side.locator(".nbt-notice", has_text="The cell is below").wait_for()

    assert "depth = 2" in text
    assert "herons.ipynb" in text
    assert any("# again: calm heron" in source for source in cell_sources(page))


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_all_can_be_read(page: Any, side: Any, theme: str) -> None:
    """axe-core finds nothing serious in the column, with a run that is open and one that failed."""
    need_npm()
    use_theme(page, theme)
    opened(side, "calm heron")

    assert serious_faults(page, theme, of="#nbtrack-side") == []


def test_to_its_cell(page: Any, lab: LabFolder, side: Any) -> None:
    """In the notebook that it was in, wherever one is."""
    (lab.folder / "other.ipynb").write_text((lab.folder / "strange.ipynb").read_text())
    show_notebook(page, f"{lab.folder.name}/other.ipynb")
    opened(side, "odd finch").locator("button", has_text="Go to cell").click()
    page.wait_for_function(
        """name => {
          const { context, content } = window.jupyterapp.shell.currentWidget;
          return context.path.endsWith(name) && content.activeCellIndex === 2;
        }""",
        arg=NAME,
    )


def test_two_are_compared_in_the_main_area(page: Any, side: Any) -> None:
    opened(side, "calm heron")
    opened(side, "odd finch").locator("button", has_text="Compare").click()
    panel = page.locator("#jp-main-dock-panel [data-nbtrack=runs]:visible")
    panel.locator("[data-tab=compare][aria-selected=true]").wait_for()

    panel.locator("[data-line]").first.wait_for()


FOLDERS = {
    "one": ('tracking_uri = "https://one.example.org"', "are on https://one.example.org"),
    "two": ('tracking_uri = "https://two.example.org"', "are on https://two.example.org"),
    "odd": ('tracking_uri = "ftp://x"', "nbtrack stores in a folder, or on a server"),
}


def test_why_there_is_nothing(page: Any, lab: LabFolder, side: Any) -> None:
    """Of each folder in its own words; and what can be shown comes back."""
    for name, (settings, words) in FOLDERS.items():
        folder = lab.folder / name
        folder.mkdir()
        (folder / "pyproject.toml").write_text(f"[tool.nbtrack]\n{settings}\n")
        write_notebook(folder / "finch.ipynb", ["1"])
        show_notebook(page, f"{lab.folder.name}/{name}/finch.ipynb")
        side.locator("> [role=status]", has_text=words).wait_for()
        assert names(side) == []
    page.complaints.clear()  # Chromium's, of the answer 400
    show_notebook(page, f"{lab.folder.name}/{NAME}")

    side.locator("li[data-run-id]").first.wait_for()
    assert not side.locator("> [role=status]").is_visible()


def test_folded_it_has_no_line(page: Any, side: Any) -> None:
    page.evaluate(WATCH_LINES)
    open_lines = []
    for widget in ("filebrowser", "nbtrack-side", "filebrowser", "nbtrack-side"):
        page.evaluate("id => window.jupyterapp.shell.activateById(id)", widget)
        if widget == "nbtrack-side":
            side.locator("li[data-run-id]").first.wait_for()
        open_lines.append(page.evaluate(OPEN_LINES))

    assert open_lines == [0, 1, 0, 1]


def test_the_whole_panel_comes_back(page: Any, side: Any) -> None:
    """So does the side; what was there can be read meanwhile."""
    side.locator("[data-key=all]").click()
    panel = page.locator("#jp-main-dock-panel [data-nbtrack=runs]:visible")
    panel.locator(".nbt-table").first.wait_for()
    page.evaluate(CUT_LINES)
    said = page.locator("#jp-main-dock-panel [role=status]", has_text="No answer").inner_text()
    can_be_read = panel.locator(".nbt-table").first.is_visible()
    page.wait_for_function(f"() => ({OPEN_LINES})() === 2")
    page.locator("[inert] [data-nbtrack=runs]").wait_for(state="detached")
    panel.locator(".nbt-table").first.wait_for()
    side.locator("li[data-run-id]").first.wait_for()

    assert can_be_read
    assert said.endswith("comes back with one.")
    assert len(names(side)) > 1
    assert page.get_by_text("No answer from").filter(visible=True).count() == 0


def test_only_who_may_run_code_is_let_in(lab: LabFolder) -> None:
    base, token = lab.address.split("/lab/tree")[0], lab.address.split("?")[1]
    refused = {
        address: status(f"{base}/nbtrack/{address}")
        for address in ("project?of=", "line?of=", f"project?of=../..&{token}")
    }

    assert list(refused.values()) == [403, 403, 400]
    assert status(f"{base}/nbtrack/project?of=&{token}") == 200


def status(address: str) -> int:
    try:
        with urlopen(address) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_in_notebook_7(lab: LabFolder) -> None:
    """Its menu opens the side, and the whole panel is below the notebook, where it can be read."""
    pytest.importorskip("notebook")
    with open_browser() as page:
        address = lab.address.replace("/lab/tree/", "/notebooks/").replace("?", f"/{NAME}?")
        page.goto(address)
        page.locator(".nbtrack-at-magic").first.wait_for()
        page.get_by_role("menuitem", name="View").click()
        page.get_by_text("Left Sidebar").hover()
        page.get_by_text("Show Runs (nbtrack)").click()
        page.locator("#nbtrack-side [data-key=all]").click()
        below = page.locator("#jp-down-stack")
        below.locator("[data-nbtrack=runs] .nbt-table").first.wait_for()

        assert below.bounding_box()["height"] > 200
        assert page.locator("#nbtrack-side li[data-run-id]").count() > 1


def test_turned_off_nothing_is_left_of_it(lab: LabFolder) -> None:
    """By its name, as the extension manager does it; panels are what they are elsewhere."""
    file = lab.folder.parent / ".lab" / "labconfig" / "page_config.json"
    before = file.read_text()
    config = json.loads(before)
    config["disabledExtensions"]["nbtrack"] = True
    file.write_text(json.dumps(config))
    try:
        with open_browser() as page:
            write_notebook(lab.folder / "off.ipynb", ["1"])
            open_notebook(page, lab.address, "off.ipynb")
            plugins = [f"nbtrack:{name}" for name in ("panels", "side", "marks", "colours")]
            there = [page.evaluate("id => window.jupyterapp.hasPlugin(id)", id) for id in plugins]

            assert there == [False, False, False, False]
            assert page.locator("#nbtrack-side, .nbtrack-quiet, .nbtrack-mark").count() == 0
    finally:
        file.write_text(before)
