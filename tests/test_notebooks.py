"""Every notebook in notebooks/ runs, and running it again gives the same outputs.

The notebooks are kept without outputs. So a copy is executed first, and then nbval, strictly,
runs it again and compares every output; what may differ is in nbval_sanitize.cfg.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from nbtrack.cli.notebook_run import run_notebook

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PATIENCE = """
import nbtrack.cells.look_back, nbtrack.cells.tracked_cell
nbtrack.cells.look_back.WAIT_SECONDS = nbtrack.cells.tracked_cell.TRACE_WAIT_SECONDS = 60
del nbtrack
"""
SANITIZE = Path(__file__).with_name("nbval_sanitize.cfg")


def code_cells(notebook: Path) -> list[dict[str, Any]]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def run_twice(notebook: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Execute a copy, then compare its outputs with those of a second run."""
    copy, project = folder / notebook.name, folder / ".nbtrack"
    folder.mkdir()
    shutil.copy(notebook, copy)
    run_notebook(copy, project=project)
    shutil.rmtree(project)  # from the beginning again: attempts are counted
    settings = {"NBTRACK_DIR": str(project), "NBTRACK_NOTEBOOK": str(copy)}
    strictly = ["--nbval", "--nbval-current-env", f"--nbval-sanitize-with={SANITIZE}"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *strictly, str(copy)],
        env={**os.environ, **settings},
        cwd=folder,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def patience(tmp_path, monkeypatch):
    """For kernels that wait for a comparison as long as it takes.

    A card waits 50 ms and goes without then, as on a machine that is busy with other tests.
    """
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "patience.py").write_text(PATIENCE)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))


def sanitized(text: str) -> str:
    """*text* as nbval compares it."""
    rules = ConfigParser(interpolation=None)
    rules.read(SANITIZE, encoding="utf-8")
    for name in rules.sections():
        text = re.sub(rules[name]["regex"], rules[name]["replace"], text)
    return text


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_without_outputs(notebook):
    """Outputs belong to the reader's own run, and make differences unreadable."""
    assert [c["outputs"] for c in code_cells(notebook) if c["outputs"]] == []
    assert {c["execution_count"] for c in code_cells(notebook)} == {None}


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_running_it_again_gives_the_same_outputs(notebook, tmp_path, patience):
    """Strict nbval: each cell's outputs are equal, save run ids, times and paths."""
    done = run_twice(notebook, tmp_path / "notebooks")

    assert done.returncode == 0, done.stdout[-8000:]
    assert f"{len(code_cells(notebook))} passed" in done.stdout


@pytest.mark.parametrize(
    "text",
    [
        "accuracy 0.9254 +0.0123 ▲ better",
        "12 children, best RandomForestClassifier max_depth=8",
        "attempt 2 of sweep",
        "f1 0.97 C 0.01 → 0.1",
    ],
)
def test_results_are_compared_as_they_are(text):
    """Metrics, params and names are not sanitized away: a wrong number is a failed test."""
    assert sanitized(text) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("run 3f2a91bc", "run 00c1d2e3"),
        ("took 14.2 s", "took 3 min 5 s"),
        ("recording took 3.2 ms", "recording took 12 ms"),
        ("just now", "42 s ago"),
        ("logistic 2026-11-29 13:26", "logistic 2026-12-01 00:00"),
        ("<td>900\u00a0ms</td>", "<td>1\u00a0min\u00a03\u00a0s</td>"),
        ("sweep  finished    850 ms  0.97", "sweep  finished  14.2 s  0.97"),
        ("+4 more: n_iter 12", "+5 more: n_iter 12"),
    ],
)
def test_what_differs_from_run_to_run_is_not_compared(one, other):
    """Ids, durations and ages."""
    assert sanitized(one) == sanitized(other)
