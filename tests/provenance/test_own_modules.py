"""Modules of the project: what is kept of them is what was loaded, and no secret."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from nbtrack.provenance.executions.imported import ImportedModules
from nbtrack.records.executions import Execution
from tests.provenance.run_cells import Ran, run_notebooks

OLD, NEW = "def f(): return 1\n", "def f(): return 22  # edited\n"
FIRST = f"import sys; sys.path.insert(0, '.')\n_ = open('helpers.py', 'w').write({OLD!r})"
EDIT = (
    f"_ = open('helpers.py', 'w').write({NEW!r})\n"
    "import os, time; os.utime('helpers.py', (time.time() + 5,) * 2)"
)
USE = "r = helpers.f()"
NOTEBOOKS = {
    "untouched": [FIRST, "import helpers", USE],
    "edited": [FIRST, "import helpers", EDIT, USE],
    "reloaded": [
        FIRST,
        "import helpers",
        EDIT,
        "import importlib; importlib.reload(helpers)",
        USE,
    ],
    "autoreload": [FIRST, "%load_ext autoreload\n%autoreload 2\nimport helpers", EDIT, USE],
    "edited by the cell": [
        FIRST,
        "%load_ext autoreload\n%autoreload 2\nimport helpers",
        f"{USE}\n{EDIT}",
    ],
}
SAYS = {
    "untouched": ("1", OLD),
    "edited": ("1", OLD),
    "reloaded": ("22", NEW),
    "autoreload": ("22", NEW),
    "edited by the cell": ("1", OLD),
}
SECRET = "password = 'hunter2hunter2'\nSIZE = 3\n"


@pytest.fixture(scope="module")
def ran() -> dict[str, Ran]:
    return dict(zip(NOTEBOOKS, run_notebooks(list(NOTEBOOKS.values())), strict=True))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_is_kept_is_what_ran(ran: dict[str, Ran], name: str) -> None:
    value, text = SAYS[name]
    last = ran[name].executions[-1]
    (kept,) = (file for file in last.modules if file.path.endswith("/helpers.py"))

    assert ran[name].value == value
    assert kept.sha256 == hashlib.sha256(text.encode()).hexdigest()
    is_stale = any("helpers.py" in gap and "not loaded anew" in gap for gap in last.gaps)
    assert is_stale == name.startswith("edited")


def test_a_secret_of_a_module_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "with_secret.py").write_text(SECRET)
    (tmp_path / "without.py").write_text(OLD)
    monkeypatch.syspath_prepend(tmp_path)
    modules = ImportedModules()
    import with_secret  # type: ignore[import-not-found] # written above
    import without  # type: ignore[import-not-found] # written above

    modules.look(again=False)
    execution = Execution(
        kernel="k", number=0, source="s", modules=modules.of_libraries({"with_secret"})
    )

    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    assert modules.texts(execution)[digest] == SECRET.replace("hunter2hunter2", "***")
    assert OLD in modules.texts(execution).values()
    (gap,) = modules.gaps(execution)
    assert "with_secret.py" in gap
    assert "without.py" not in gap
    assert (with_secret.SIZE, without.f()) == (3, 1)


def test_what_a_library_finds_in_a_folder_of_the_users_is_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other modules of a library are not asked each."""
    import json

    (tmp_path / "of_mine.py").write_text(OLD)
    monkeypatch.setattr(json, "__path__", [*json.__path__, str(tmp_path)])
    modules = ImportedModules()
    import json.of_mine  # type: ignore[import-not-found] # written above
    import json.tool

    new = modules.look(again=False)

    monkeypatch.delitem(sys.modules, "json.of_mine")
    assert modules.paths(new) == [str(tmp_path / "of_mine.py")]
