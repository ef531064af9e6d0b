"""The gallery of scikit-learn as notebooks: its scripts from the source package, as cells.

The package is had by pip, from whatever index it is told of. pip asks a source package for its
metadata, which takes a build; the stand-in for its build backend hands out what lies there.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import sklearn

_BACKEND = """
import pathlib, shutil


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(folder, config_settings=None):
    found = pathlib.Path(folder) / "scikit_learn-0.dist-info"
    found.mkdir()
    shutil.copy("PKG-INFO", found / "METADATA")
    return found.name
"""
_MARK = re.compile(r"# ?%%|#{20,}\s*$")
_FITTING = frozenset(("fit", "fit_predict", "score", "cross_val_score", "cross_validate"))


def gallery(cache: Path) -> Path:
    """The folder of the scripts, fetched once. Raises OSError, with what pip said."""
    folder = cache / f"scikit-learn-{sklearn.__version__}"
    if not (folder / "examples").is_dir():
        package = _downloaded(cache)
        with tarfile.open(package) as archive:
            members = [each for each in archive if "/examples/" in each.name]
            archive.extractall(cache, members=members, filter="data")
        (cache / package.name.removesuffix(".tar.gz")).rename(folder)
        package.unlink()
    return folder / "examples"


def _downloaded(cache: Path) -> Path:
    backend = cache / "backend"
    backend.mkdir(parents=True, exist_ok=True)
    (backend / "mesonpy.py").write_text(_BACKEND)
    options = ["--no-deps", "--no-build-isolation", "--no-binary", "scikit-learn", "-d", str(cache)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", *options,
         f"scikit-learn=={sklearn.__version__}"],
        env={**os.environ, "PYTHONPATH": str(backend)},
        capture_output=True,
        text=True,
    )  # fmt: skip
    if done.returncode:
        raise OSError(done.stderr[-500:])
    return next(cache.glob("scikit_learn-*.tar.gz"))


def offline_scripts(examples: Path) -> list[Path]:
    """Those that need no download and no library beyond what the tests have, the shortest first."""
    found = []
    for script in examples.rglob("plot_*.py"):
        text = script.read_text(encoding="utf-8")
        needs = re.search(r"fetch_|skimage|plotly|polars|seaborn|load_sample_image|__file__", text)
        if needs is None:
            found.append((len(text), script))
    return [script for _, script in sorted(found)]


def cells_of(script: Path) -> list[str]:
    """The blocks between its marks, without those that are comments only."""
    blocks: list[list[str]] = [[]]
    for line in _without_docstring(script.read_text(encoding="utf-8")).splitlines():
        if _MARK.match(line):
            blocks.append([])
        else:
            blocks[-1].append(line)
    return [text for block in blocks if _has_code(text := "\n".join(block).strip("\n"))]


def tracked(cells: list[str]) -> list[str]:
    """With `%%track` over those that fit or score something at their top level or below."""
    return [f"%%track\n{cell}" if _fits(cell) else cell for cell in cells]


def _fits(cell: str) -> bool:
    return any(name in _FITTING for name in _called(ast.parse(cell)))


def _called(node: ast.AST) -> Iterator[str]:
    """Not in what is only defined."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)):
            yield name
    for child in ast.iter_child_nodes(node):
        yield from _called(child)


def _has_code(text: str) -> bool:
    return bool(ast.parse(text).body)


def _without_docstring(text: str) -> str:
    tree = ast.parse(text)
    first = tree.body[0]
    if ast.get_docstring(tree) is None:
        return text
    return "\n".join(text.splitlines()[first.end_lineno :])
