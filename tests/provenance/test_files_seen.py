"""What the audit hook sees of files, and what it costs those that open none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nbtrack.provenance.executions.cell_reading import read_cell
from nbtrack.provenance.executions.files import FileWatch, Opened, watch

COST = """
import sys, time
from nbtrack.provenance.executions.files import watch
def cost():
    times = []
    for _ in range(9):
        began = time.perf_counter()
        for each in range(100_000): id(each)
        times.append(time.perf_counter() - began)
    return min(times)
def bare(event, args, known=frozenset({"open"})):
    if event in known: pass
none = cost()
sys.addaudithook(bare)
of_bare = cost()
watch.stop(watch.start())
print((cost() - of_bare) / (of_bare - none))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def seen(act: Callable[[], object]) -> Opened:
    opened = watch.start()
    try:
        act()
    finally:
        watch.stop(opened)
    return opened


def test_a_removed_tree_is_written(folder: Path) -> None:
    (folder / "tree" / "inner").mkdir(parents=True)
    (folder / "tree" / "inner" / "a.txt").touch()

    written = seen(lambda: shutil.rmtree("tree")).written

    assert str(folder / "tree") in written
    assert str(folder / "tree" / "inner" / "a.txt") in written
    assert str(folder / "a.txt") not in written  # it is removed by an open folder


def test_the_old_name_of_a_renamed_file_is_written(folder: Path) -> None:
    (folder / "old").touch()

    opened = seen(lambda: os.replace("old", "new"))

    assert set(opened.written) == {str(folder / "old"), str(folder / "new")}
    assert set(opened.read) == {str(folder / "old")}


@pytest.mark.parametrize("is_open", [True, False])
def test_paths_below_an_open_folder(folder: Path, is_open: bool) -> None:
    (folder / "sub").mkdir()
    number = os.open("sub", os.O_RDONLY)
    opened = Opened()
    if not is_open:
        os.close(number)

    opened.note("os.mkdir", (b"made", 0o777, number))
    opened.note("os.rename", ("a", "b", number, -1))

    below = {str(folder / "sub" / "made"), str(folder / "sub" / "a")}
    assert set(opened.written) == {str(folder / "b")} | (below if is_open else set())
    if is_open:
        os.close(number)


@pytest.mark.parametrize(
    ("source", "needs"),
    [
        ("import os, numpy as np\nfrom sklearn.svm import SVC", False),
        ("import numpy\nget_ipython().run_line_magic('matplotlib', 'inline')", False),
        ("import numpy, own_module", True),
        ("from . import beside", True),
        ("import numpy\nx = 1", True),
        ("import numpy\nget_ipython().run_line_magic('run', 'a.py')", True),
        ("# nothing", True),
    ],
)
def test_a_cell_that_only_imports_libraries_has_no_hook(
    monkeypatch: pytest.MonkeyPatch, source: str, needs: bool
) -> None:
    """Imports pay most for it; modules of the project may read data."""
    hooks: list[object] = []
    monkeypatch.setattr(sys, "addaudithook", hooks.append)

    FileWatch().start(imports=read_cell(source).only_imports)

    assert bool(hooks) is needs


def test_code_that_opens_no_files_pays_little() -> None:
    """Hardly more than for a hook that does nothing at all: a method took three times that."""
    told = subprocess.run(
        [sys.executable, "-c", COST], capture_output=True, text=True, check=True
    ).stdout

    assert float(told) < 2
