"""Who may import whom: a part of nbtrack imports its own ring and lower ones.

Ring 3 holds parts that know nothing of each other; the facades and the command line call anything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import nbtrack

ROOT = Path(nbtrack.__file__).parent
RINGS = [
    [
        "errors",
        "guard",
        "lines",
        "locks",
        "paging",
        "panel_records",
        "plain_values",
        "records",
        "registry_records",
        "settings",
        "values",
    ],
    ["artifact_store", "journal", "segments", "stores"],
    [
        "active_experiment",
        "artifact_formats",
        "artifact_preview",
        "background",
        "capture",
        "client",
        "client_logging",
        "client_registry",
        "difference",
        "experiments",
        "find_run",
        "model_registry",
        "models",
        "plot_drawing",
        "run",
        "run_batch",
        "run_creation",
        "run_frame",
        "run_stack",
        "run_tables",
        "run_writer",
        "session",
        "surroundings",
        "table_formats",
    ],
    ["hooks", "notebook"],
]
FACADES = [
    "nbtrack",
    "__main__",
    "artifacts",
    "cli",
    "data",
    "entities",
    "exceptions",
    "fluent",
    "fluent_logging",
    "fluent_registry",
    "ipython",
    "pyfunc",
    "sklearn",
    "tracking",
]
RING_OF = {part: ring for ring, parts in enumerate(RINGS) for part in parts}
FILES = sorted(ROOT.rglob("*.py"))


def part_of(file: Path) -> str:
    """The top-level module or package that *file* belongs to; "nbtrack" is `__init__` itself."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return "nbtrack" if parts == ("__init__",) else parts[0]


def imported_parts(file: Path) -> Iterator[tuple[int, str]]:
    """(line, part) of every import of ours, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name}:{node.lineno} imports relatively"
            names = [f"{node.module}.{each.name}" for each in node.names]
        elif isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        else:
            continue
        for name in names:
            if name.partition(".")[0] == "nbtrack":
                yield node.lineno, _part_named(name)


def _part_named(name: str) -> str:
    part = name.partition(".")[2].partition(".")[0]
    is_part = (ROOT / part).is_dir() or (ROOT / f"{part}.py").is_file()
    return part if part and is_part else "nbtrack"


def may_import(importer: str, imported: str) -> bool:
    if importer in FACADES or importer == imported:
        return True
    if imported in FACADES:
        return False
    if RING_OF[importer] == len(RINGS) - 1 == RING_OF[imported]:
        return False
    return RING_OF[imported] <= RING_OF[importer]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_module_imports_its_own_ring_and_lower(file):
    """A journal that knows of sessions, or a session that knows of cards, cannot be reused."""
    breaches = [
        f"line {line}: {part_of(file)} imports {part}"
        for line, part in imported_parts(file)
        if not may_import(part_of(file), part)
    ]

    assert breaches == []


def test_every_module_has_a_ring():
    """A new part is given its place when it is made; one that is gone loses it."""
    placed = {*RING_OF, *FACADES}

    assert sorted(placed) == sorted({part_of(file) for file in FILES} | {"nbtrack"})


def test_a_breach_is_seen():
    """The rule itself: upwards and across ring 3 is refused, down and from a facade is not."""
    assert may_import("session", "journal")
    assert may_import("cli", "notebook")
    assert not may_import("journal", "session")
    assert not may_import("client", "fluent")
    assert not may_import("notebook", "cli")


def test_imports_inside_functions_are_read(tmp_path):
    """Hiding an import in a function does not hide the dependency."""
    file = tmp_path / "x.py"
    file.write_text(
        "def f():\n    from nbtrack.session import current_session\n    import nbtrack\n"
    )

    assert list(imported_parts(file)) == [(2, "session"), (3, "nbtrack")]
