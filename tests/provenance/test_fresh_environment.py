"""`--env venv`: a run is had again with the packages that were recorded, not with those of now."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.provenance.reproduction.reproducing import reproduce_run
from nbtrack.provenance.reproduction.verdicts import Outcome, Verdict
from nbtrack.records.runs import Run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # some 40 packages are installed

OTHER = "1.16.0"  # of six, which is small, requires nothing, and is installed here in a newer one
CELL = "%%track\nimport six\nother_score = 0.5\nsix_score = float(six.__version__[:4])"
# What nbtrack requires and this cell does not use: to install it takes longer than all the rest.
UNUSED = {"altair", "nbclient", "pandas", "scikit-learn", "vl-convert-python"}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where packages come from."""
    place = str(tmp_path_factory.mktemp("index"))
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--retries=0"]
    done = subprocess.run([*command, "-d", place, f"six=={OTHER}"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no package index can be reached: {done.stderr.strip().splitlines()[-1]}")


def reproduced_with(notebook, run: Run, *, six: str, alone: bool = False) -> Verdict:
    """As if that had been installed when the run was recorded, and nothing else where it is
    *alone*."""
    environment = notebook.store.read_environments([run.info.run_id])[run.info.run_id]
    others = {} if alone else {n: v for n, v in environment["packages"].items() if n not in UNUSED}
    packages = {**others, "six": six}
    known = lines.environment_line(six, {**environment, "packages": packages}, t=now_us())
    notebook.store.append(known + lines.run_line(run.info.run_id, t=now_us(), environment=six))
    return reproduce_run(notebook.store, run, env="venv")


@pytest.mark.usefixtures("index")
def test_the_recorded_packages_are_those_that_it_runs_with(notebook):
    """All else is as it was."""
    assert metadata.version("six") != OTHER
    run = notebook.tracked(CELL)

    verdict = reproduced_with(notebook, run, six=OTHER)

    assert verdict.outcome is Outcome.DIFFERENT, verdict
    assert [each.what for each in verdict.differences] == ["metric six_score"]
    assert verdict.differences[0].now == repr(float(OTHER[:4]))
    assert verdict.compared >= 2


@pytest.mark.usefixtures("index")
def test_packages_that_nobody_has_are_named(notebook):
    """With what pip says."""
    verdict = reproduced_with(notebook, notebook.tracked(CELL), six="0.0.0.1", alone=True)

    assert verdict.headline.startswith("NOT RUNNABLE: its packages cannot be installed:")
    assert "six==0.0.0.1" in verdict.headline


def test_it_takes_no_longer_than_it_may(notebook):
    """Building counts."""
    run = notebook.tracked(CELL)
    verdict = reproduce_run(notebook.store, run, env="venv", timeout=0.1)
    assert verdict.headline.endswith("took longer than the time it was given")
