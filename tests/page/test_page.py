"""The pages of the panels: their types, their lint, and the tests of what needs no browser."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from nbtrack.panels.shared.assets import PANELS, modules_of
from tests.page.npm import need_npm
from tests.page.npm import npm as run_npm
from tests.panels.shared.test_assets import ENTRIES

HERE = Path(__file__).parent
TYPES = re.compile(r'(?:@import|import type) \{([^}]*)\} from "([^"]+)"')


def test_no_export_is_left_over():
    """What is exported is imported by another module, by a test, or as a type."""
    modules = {module.file: module for entry in ENTRIES for module in modules_of(entry)}
    imported = Counter(
        (i.file, name) for m in modules.values() for i in m.imports for name, _ in i.names
    )
    for file in [*HERE.glob("*.js"), *PANELS.rglob("page/*.js"), *PANELS.rglob("page/*.d.ts")]:
        imported.update(_taken(file))

    left = [
        f"{file}: {name}"
        for file, module in modules.items()
        if file not in ENTRIES
        for name in module.exports
        if not imported[file, name]
    ]
    assert left == []


def _taken(file: Path) -> list[tuple[str, str]]:
    """(module, name) of what a test, or a comment with types, imports."""
    statements = TYPES.findall(file.read_text())
    if file.parent == HERE:
        statements = re.findall(r'^import \{([^}]*)\} from "([^"]+)"', file.read_text(), re.M)
    found = []
    for names, path in statements:
        place = Path(os.path.normpath(file.parent / path))
        if place.is_relative_to(PANELS):
            short = place.relative_to(PANELS).as_posix()
            found += [(short, name.strip()) for name in names.split(",")]
    return found


@pytest.fixture(scope="session")
def npm():
    need_npm()
    return run_npm


@pytest.mark.parametrize("script", ["types", "lint", "test"])
def test_the_pages_pass(npm, script):
    ran = npm("run", "--silent", script)

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]


def test_the_linter_sees_what_is_unused_or_undeclared(npm, tmp_path):
    wrong = tmp_path / "wrong.js"
    wrong.write_text(
        'import { h } from "./dom.js";\n'
        "function never() {}\n"
        "export function some(parameter) {\n"
        "  return gone();\n"
        "}\n"
    )
    ran = npm("exec", "--", "biome", "lint", "--config-path=.", "--reporter=summary", str(wrong))

    assert ran.returncode != 0
    found = set(re.findall(r"no[A-Z]\w+", ran.stdout + ran.stderr))
    assert found == {
        "noUndeclaredVariables",
        "noUnusedFunctionParameters",
        "noUnusedImports",
        "noUnusedVariables",
    }


WRONG_PAGE = """
import { PanelHost } from "%(page)s/panel_host.js";
import { gone } from "%(page)s/dom.js";
import { h } from "%(page)s/lost.js";

/** @param {PanelHost} host */
export async function wrong(host) {
  await host.ask("no question", {});
  await host.ask("details", { ran: "1" });
  const { source } = await host.ask("details", { run: "1" });
  return [gone, h, source.length, source.lines];
}
"""


def test_types_see_wrong_imports_and_wrong_messages(npm, tmp_path):
    """A name that is not exported, a lost file, a question, an argument, a field of an answer."""
    config = {"extends": str(HERE / "tsconfig.json"), "include": [str(tmp_path / "wrong.js")]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))
    (tmp_path / "wrong.js").write_text(WRONG_PAGE % {"page": PANELS / "shared" / "page"})
    ran = npm("exec", "--", "tsc", "--project", str(tmp_path))

    lines = [int(line) for line in re.findall(r"wrong\.js\((\d+),", ran.stdout)]
    assert lines == [3, 4, 8, 9, 11], ran.stdout


def test_the_lock_file_names_no_host():
    """npm takes packages from wherever it is told to, not from where somebody once had them."""
    assert "://" not in re.sub(
        r'"funding": \{[^}]*\}', "", (HERE / "package-lock.json").read_text()
    )
