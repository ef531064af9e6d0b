"""The modules of the pages: how they are put together, and that ours all go together."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from nbtrack.panels.shared import assets
from nbtrack.panels.shared.assets import PANELS, PageFault, modules_of, script, styles

ENTRIES = sorted(
    entry
    for panel in PANELS.rglob("*.py")
    for entry in re.findall(r'_esm = script\("([^"]+)"\)', panel.read_text())
)
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


def _run(folder: Path, entry: str) -> str:
    """What *entry*'s exported `said` is, in node."""
    (folder / "whole.mjs").write_text(script(str(folder / entry)))
    code = 'const { default: all } = await import("./whole.mjs"); console.log(all.said);'
    ran = subprocess.run(
        ["node", "--input-type=module", "-e", code], cwd=folder, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def _write(folder: Path, **modules: str) -> None:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text)


# --- what they become


@needs_node
def test_a_module_keeps_its_own_names_to_itself(tmp_path):
    """Two modules may call different things the same: only imports connect them."""
    _write(
        tmp_path,
        a='const word = "a";\nexport function say() {\n  return word;\n}\n',
        b='const word = "b";\nexport const said = word;\n',
        c='import { say } from "./a.js";\nimport { said as other } from "./b.js";\n'
        "export const said = `${say()} ${other}`;\n",
    )

    assert _run(tmp_path, "c.js") == "a b"


@needs_node
def test_a_module_that_two_import_is_run_once_and_before_them(tmp_path):
    """Its state is shared, as of a real module."""
    _write(
        tmp_path,
        list='export const found = [];\nfound.push("list");\n',
        one='import { found } from "./list.js";\nfound.push("one");\nexport const one = 1;\n',
        two='import { found } from "./list.js";\nfound.push("two");\nexport const two = 2;\n',
        all='import { found } from "./list.js";\nimport {\n  one,\n} from "./one.js";\n'
        'import { two } from "./two.js";\nexport const said = [...found, one, two].join();\n',
    )

    assert _run(tmp_path, "all.js") == "list,one,two,1,2"


def test_style_sheets_come_once_in_the_order_of_imports(tmp_path):
    (tmp_path / "x.css").write_text(".x {}")
    (tmp_path / "y.css").write_text(".y {}")
    _write(
        tmp_path,
        a='import "./x.css";\nexport const a = 1;\n',
        b='import "./y.css";\nimport "./x.css";\nimport { a } from "./a.js";\n',
    )

    assert styles(str(tmp_path / "b.js")) == ".x {}\n.y {}"


# --- what is refused


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('import { x } from "./gone.js";\n', "gone.js, and there is no such file"),
        ('import "./gone.css";\n', "gone.css, and there is no such file"),
        ('import { b, x } from "./other.js";\n', r"imports x; .*other.js exports a, b\."),
        ('import { entry } from "./entry.js";\nexport const entry = 1;\n', "a circle"),
        ('import * as all from "./other.js";\n', "is not understood"),
        ('import other from "./other.js";\n', "is not understood"),
        ("export default 1;\n", "is not understood"),
        ("export let n = 1;\n", "is not understood"),  # its importers would keep the first value
    ],
)
def test_what_cannot_work_is_refused_with_the_name_of_the_file(tmp_path, text, words):
    _write(tmp_path, entry=text, other="export const a = 1;\nexport class b {}\n")

    with pytest.raises(PageFault, match=words) as refused:
        script(str(tmp_path / "entry.js")) + styles(str(tmp_path / "entry.js"))
    assert "entry.js" in str(refused.value)


# --- ours


def test_every_file_of_a_page_is_in_some_panel():
    """A file that nothing imports is no part of any page."""
    modules = {module.file: module for entry in ENTRIES for module in modules_of(entry)}
    sheets = {sheet for module in modules.values() for sheet in module.sheets}
    there = {
        file.relative_to(PANELS).as_posix()
        for kind in ("js", "css")
        for file in PANELS.rglob(f"page/**/*.{kind}")
        if "report" not in file.parts  # a page of its own, which has nothing to put together
    }

    assert len(ENTRIES) == 7
    assert there == {*modules, *sheets}


@needs_node
@pytest.mark.parametrize("entry", ENTRIES)
def test_a_panel_s_script_can_be_read(entry, tmp_path):
    """It is one module, which gives anywidget its `render`; nothing runs outside of functions."""
    whole = tmp_path / "panel.mjs"
    whole.write_text(script(entry))
    code = f'import("{whole}").then(({{ default: panel }}) => console.log(typeof panel.render))'
    ran = subprocess.run(["node", "-e", code], capture_output=True, text=True)

    assert (ran.stdout.strip(), ran.stderr) == ("function", "")
    assert script(entry).count("\nexport ") == 1


@needs_node
def test_a_bundle_is_what_any_front_end_takes(tmp_path):
    """VS Code, Colab and marimo take the text of the module from the kernel, and import it as an
    address that holds it all: there it has nothing beside it that it could import or load. Nor does
    a bundle speak to JupyterLab, or to a loader of modules."""
    told = []
    for number, entry in enumerate(ENTRIES):
        text, sheet = script(entry), styles(entry)
        loads = re.findall(
            r"^import\b.*|\b(?:require|define|import)\(.*|JupyterFrontEnd", text, re.M
        )
        assert set(loads) <= {"import(/* webpackIgnore: true */ url);"}  # Vega, from a blob of ours
        assert not re.findall(r"@import|url\((?![\"']?data:)", sheet)
        assert len(text) + len(sheet) < 600_000  # of a message to the page
        (tmp_path / f"{number}.js").write_text(text)
        told.append(str(tmp_path / f"{number}.js"))
    code = """
        const { readFileSync } = await import("node:fs");
        for (const file of process.argv.slice(1)) {
            const held = readFileSync(file).toString("base64");
            const { default: panel } = await import(`data:text/javascript;base64,${held}`);
            console.log(Object.keys(panel).includes("render"));
        }"""
    command = ["node", "--input-type=module", "-e", code, *told]
    ran = subprocess.run(command, capture_output=True, text=True)

    assert (ran.stdout.split(), ran.stderr) == (["true"] * len(ENTRIES), "")


@pytest.mark.parametrize("entry", [*ENTRIES, "report/page/report.js"])
def test_scripts_hold_no_markup_and_no_address(entry):
    """Text from runs is inserted as text, and nothing is fetched: but that a page of its own looks
    whether its server is there again, and logs out."""
    text = script(entry).replace('fetch("/page.js", { method: "HEAD" })', "")
    text = text.replace('fetch("/logout", { method: "POST", redirect: "manual" })', "")

    for forbidden in ("innerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch("):
        assert forbidden not in text
    assert set(part.split('"')[0] for part in text.split("://")[1:]) == {"www.w3.org/2000/svg"}


def test_a_panel_s_script_is_put_together_once():
    assert script(ENTRIES[0]) is script(ENTRIES[0])
    assert assets.script.cache_info().hits
