"""Who may import whom: a room of nbtrack imports its own ring and lower ones, and no circle ties
modules together, in a room or across rooms.

Imports within functions count: hiding one does not hide the dependency. One that has to be in a
circle says why on its line, behind `# circle:`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import nbtrack

ROOT = Path(nbtrack.__file__).parent
RINGS = [
    {"errors", "settings", "base", "records", "display"},
    {"journal", "artifact_store", "capture", "charts"},
    {"remote", "stores"},
    {"recording", "lookup"},
    {"models"},
    {"model_registry", "datasets", "evaluation", "provenance", "transfer"},
    {"api", "hooks", "cards"},
    {"cells", "panels", "scripts"},
    {"assistant", "cli", "ipython", "jupyter", "server", "web", "facades"},
]
RING_OF = {room: number for number, rooms in enumerate(RINGS) for room in rooms}
STRANGERS = [{"cells", "panels"}]  # of one ring, and not to know of each other
# What users import, named as in MLflow: it hands on names of any room, and no room imports it.
FACADES = {
    "__init__",
    "__main__",
    "artifacts",
    "catboost",
    "client",
    "config",
    "data",
    "data/__init__",
    "entities",
    "entities/__init__",
    "exceptions",
    "fastai",
    "keras",
    "lightgbm",
    "models/__init__",
    "models/model",
    "onnx",
    "optuna",
    "pyfunc",
    "pyfunc/__init__",
    "pytorch",
    "sklearn",
    "statsmodels",
    "tensorflow",
    "tracking",
    "tracking/__init__",
    "transformers",
    "types/__init__",
    "types/schema",
    "xgboost",
}
FILES = sorted(ROOT.rglob("*.py"))
MAY_CIRCLE = "# circle:"


class Import(NamedTuple):
    line: int
    module: str  # a path as of `module_of`
    is_excused: bool


def module_of(file: Path, *, root: Path = ROOT) -> str:
    """ "stores/local/fold", "models/__init__"."""
    return file.relative_to(root).with_suffix("").as_posix()


def room_of(module: str) -> str:
    room = module.partition("/")[0]
    return "facades" if module in FACADES or room in FACADES else room


def imports_of(file: Path, *, root: Path = ROOT) -> list[Import]:
    """Every import of ours, also inside functions and under TYPE_CHECKING."""
    return _imports_in(file.read_text(encoding="utf-8"), root)


@cache
def _imports_in(text: str, root: Path) -> list[Import]:
    lines = text.splitlines()
    return [
        Import(node.lineno, module, MAY_CIRCLE in lines[node.lineno - 1])
        for node in ast.walk(ast.parse(text))
        for name in _names(node)
        if (module := _module_named(name, root)) is not None
    ]


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"line {node.lineno} imports relatively"
        return [f"{node.module}.{each.name}" for each in node.names]
    return [each.name for each in node.names] if isinstance(node, ast.Import) else []


def _module_named(name: str, root: Path) -> str | None:
    """The longest beginning of a dotted *name* that is a module of ours."""
    ours, *parts = name.split(".")
    if ours != "nbtrack":
        return None
    for length in range(len(parts), -1, -1):
        place = root.joinpath(*parts[:length])
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                return module_of(file, root=root)
    return None


def may_import(importer: str, imported: str) -> bool:
    above, below = room_of(importer), room_of(imported)
    if above == below or above in ("facades", "cli"):
        return True
    if below == "facades" or any({above, below} == pair for pair in STRANGERS):
        return False
    return RING_OF[below] <= RING_OF[above]


def circle_in(graph: Mapping[str, set[str]]) -> list[str]:
    """One that there is, from a module back to it; [] without."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as exc:
        return list(exc.args[1])
    return []


def graph_of(root: Path = ROOT) -> dict[str, set[str]]:
    """What each module imports, also what it names for types alone."""
    return {
        (module := module_of(file, root=root)): {
            found.module
            for found in imports_of(file, root=root)
            if not (found.is_excused or found.module == module)
        }
        for file in sorted(root.rglob("*.py"))
    }


def test_modules_import_their_own_ring_and_lower():
    """A journal that knows of sessions, or a session that knows of cards, cannot be reused."""
    breaches = [
        f"{module}, line {found.line}: {found.module}"
        for module, file in ((module_of(file), file) for file in FILES)
        for found in imports_of(file)
        if not may_import(module, found.module)
    ]

    assert breaches == []


def test_every_room_has_a_ring():
    """A new room is given its place when it is made; one that is gone loses it."""
    assert {room_of(module_of(file)) for file in FILES} == set(RING_OF)


def test_no_circle_of_imports():
    """Modules in a circle cannot be read, tested or moved one at a time."""
    assert circle_in(graph_of()) == []


def test_an_init_only_says_what_its_room_is_for():
    """What lives in an `__init__` is loaded with everything else, and found by nobody."""
    for file in ROOT.rglob("__init__.py"):
        if module_of(file) not in FACADES:
            body = ast.parse(file.read_text(encoding="utf-8")).body
            assert len(body) == 1, file
            sentences = re.findall(r"\.(?:\s|$)", ast.get_docstring(ast.Module(body, [])) or "")
            assert len(sentences) >= 2, file


def test_a_breach_is_seen():
    """The rule itself: upwards and between strangers is refused; down, and by a facade, is not."""
    assert may_import("recording/session", "journal/writing")
    assert may_import("cli/main", "panels/runs/view")
    assert may_import("sklearn", "hooks/sklearn/hook")
    assert not may_import("journal/writing", "recording/session")
    assert not may_import("cells/magics", "panels/runs/view")
    assert not may_import("api/client", "tracking")
    assert not may_import("models/loading", "models/__init__")


def test_a_circle_is_seen(tmp_path):
    """Also through a function, or for types; not where the line says why it may be."""
    (tmp_path / "__init__.py").touch()
    (tmp_path / "one.py").write_text("def f():\n    from nbtrack.two import g\n")
    for line, is_circle in [
        ("from nbtrack.one import f", True),
        ("from nbtrack import one", True),
        ("if TYPE_CHECKING:\n    from nbtrack.one import f", True),
        ("from nbtrack.one import f  # circle: a test", False),
    ]:
        (tmp_path / "two.py").write_text(f"{line}\n")
        assert bool(circle_in(graph_of(tmp_path))) is is_circle, line
