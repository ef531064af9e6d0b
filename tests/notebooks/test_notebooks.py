"""Every notebook in notebooks/ runs, and running it again gives the same outputs.

The notebooks are kept without outputs. So a copy is executed first, and then nbval, strictly,
runs it again and compares every output; what may differ is in nbval_sanitize.cfg.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SANITIZE = Path(__file__).with_name("nbval_sanitize.cfg")


def code_cells(notebook: Path) -> list[dict[str, Any]]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def run_again(copy: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Compare the outputs of an executed copy with those of a second run, in a project in *folder*.

    From the beginning again: attempts are counted.
    """
    settings = {"NBTRACK_DIR": str(folder / ".nbtrack"), "NBTRACK_NOTEBOOK": str(copy)}
    strictly = ["--nbval", "--nbval-current-env", f"--nbval-sanitize-with={SANITIZE}"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *strictly, str(copy)],
        env={**os.environ, **settings},
        cwd=copy.parent,
        capture_output=True,
        text=True,
    )


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
def test_running_it_again_gives_the_same_outputs(notebook, ran, tmp_path):
    """Strict nbval: each cell's outputs are equal, save run ids, times and paths."""
    done = run_again(ran(notebook), tmp_path)

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
