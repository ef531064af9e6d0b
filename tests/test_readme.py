"""What README says is so: its commands are CI's, its examples run, its tables are complete."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import nbformat
import pytest

import nbtrack
from nbtrack.cli.main import _parser
from nbtrack.cli.notebook_run import run_notebook
from nbtrack.settings import Settings
from tests.test_rings import RING_OF, RINGS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "nbtrack"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def joined(command: str) -> str:
    """A command on one line, however it was broken."""
    return " ".join(command.replace("\\\n", " ").split())


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below *heading*, without its head."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_there_are_two_set_up_commands():
    """Two commands, and no third, take a bare machine to a demo and to the tests."""
    assert len(blocks("bash")) == 2


def test_the_first_command_installs_and_runs_the_demo():
    """Each of its pieces is executed from the built wheel in test_package."""
    assert joined(blocks("bash")[0]).split(" && ") == [
        "python3 -m venv .venv",
        ".venv/bin/pip install .",
        ".venv/bin/nbtrack demo",
    ]


def test_ci_ends_with_the_second_command():
    """What README tells a contributor to run is what CI runs, character for character."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert script.endswith("\n" + blocks("bash")[1])


def test_the_second_command_checks_everything():
    """A bare machine has Python, venv and pip, which bring uv. Then lint, format, types, tests."""
    pieces = joined(blocks("bash")[1]).split(" && ")

    assert [piece.removeprefix(".venv/bin/") for piece in pieces] == [
        "python3 -m venv .venv",
        "pip install uv",
        "uv pip install --python .venv -e '.[test]'",
        "ruff check .",
        "ruff format --check .",
        "mypy --strict",
        "pytest -n 2 --cov",
    ]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which README's notebook cells have run, one after the other.

    And before them one of an experiment that takes less time when all of it runs again.
    """
    folder = tmp_path_factory.mktemp("readme")
    quick = [blocks("ipython")[0], "%%track quick\nx = 1"]
    for name, sources in (("one", quick), ("cells", blocks("ipython"))):
        cells = [nbformat.v4.new_code_cell(source.rstrip()) for source in sources]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
        run_notebook(folder / f"{name}.ipynb", project=folder / ".nbtrack")
    nbtrack.MlflowClient(str(folder / ".nbtrack")).create_registered_model("wine")
    for kind in ("file", "sqlite"):  # what is to be imported
        shutil.unpack_archive(
            ROOT / "tests" / "transfer" / "stores" / f"mlflow-2.22.0-{kind}.zip", folder
        )
    return folder


@pytest.mark.slow
def test_the_cells_record_what_the_text_says(project):
    """The six lines give a run with C and accuracy, and the loop makes three children."""
    runs = nbtrack.MlflowClient(str(project / ".nbtrack"))
    experiment = runs.get_experiment_by_name("cells")
    found = {run.info.run_name: run for run in runs.search_runs([experiment.experiment_id])}

    first, sweep = found["first try"], found["sweep"]
    assert first.data.params["C"] == "0.1"
    assert {"accuracy", "LogisticRegression_score_X"} <= set(first.data.metrics)
    parents = [run.data.tags.get("mlflow.parentRunId") for run in found.values()]
    assert parents.count(sweep.info.run_id) == 3


def commands_in_the_text() -> list[str]:
    """Those that stand among its words, as somebody would type them."""
    of_runs = (
        r"`(nbtrack (?:diff|export|gc|import|reproduce|runs|server|show|sql|stop|sync)\b[^`]*)`"
    )
    return sorted({joined(found) for found in re.findall(of_runs, README)})


@pytest.mark.parametrize("command", commands_in_the_text())
def test_a_command_in_the_text_is_understood(command):
    """Options that are told of are there."""
    assert _parser().parse_args(shlex.split(command)[1:]).command == command.split()[1]


OF_AN_EXPERIMENT = "nbtrack reproduce --all -e NAME"


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [*"".join(blocks("console")).splitlines(), OF_AN_EXPERIMENT.replace("NAME", "one")],
)
def test_a_terminal_line_works(project, line):
    """Each command of the terminal block does its work on that project."""
    assert OF_AN_EXPERIMENT in commands_in_the_text()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "NBTRACK_DIR": str(project / ".nbtrack")}

    done = subprocess.run(
        ["bash", "-c", line], env=environment, cwd=project, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


@pytest.mark.slow
def test_the_scripts_work(tmp_path):
    """The Python blocks run as pasted, one after the other, and print something."""
    environment = {**os.environ, "NBTRACK_DIR": str(tmp_path / ".nbtrack")}
    script = "\n".join(blocks("python"))

    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "loss" in done.stdout


def test_every_block_is_of_a_kind_that_is_tested():
    """A new kind of code block needs a test of its own."""
    languages = re.findall(r"^```([\w-]*)$", README, re.MULTILINE)[::2]

    # The last three are of a team: tests/remote/test_readme_of_teams.py, tests/server.
    assert set(languages) <= {"bash", "console", "ipython", "py", "python", "sh", "shell",
                              "shell-script", "yaml"}  # fmt: skip


def test_every_setting_is_listed():
    """The table has the settings there are, with the variable that sets each."""
    listed = [(row[0], row[1]) for row in rows("Settings")]

    assert listed == [(f"`{f.name}`", f"`NBTRACK_{_variable(f.name)}`") for f in fields(Settings)]


def test_every_view_is_listed_with_its_columns(tmp_path):
    """The table is what nbtrack.sql can be asked, no more and no less."""
    from nbtrack.recording.session import current_session
    from nbtrack.stores.local import schema
    from nbtrack.stores.registry import registry_schema

    store = current_session().store_for(str(tmp_path / ".nbtrack"))
    there = {
        f"`{view}`": ", ".join(store.query(f"select * from {view}").columns)
        for view in [*schema.PUBLIC_VIEWS, *registry_schema.PUBLIC_VIEWS]
    }

    assert {row[0]: row[1] for row in rows("SQL views")} == there


def test_every_link_leads_somewhere():
    """Links and pictures inside the repository exist."""
    targets = re.findall(r"\]\(([^)#:]+)\)", README)

    assert [target for target in targets if not (ROOT / target).exists()] == []


def _variable(name: str) -> str:
    return {"folder": "DIR"}.get(name, name.upper())


def test_the_command_is_there_when_it_is_used():
    """What is installed into .venv is not on the path: before the first bare command it says so."""
    before = README.partition("```console")[0]

    assert "source .venv/bin/activate" in before
    assert "`.venv/bin/nbtrack --store nbtrack-demo runs`" in before
    assert "%pip install /path/to/this/clone" in before


def test_the_rooms_stand_in_their_rings():
    """The table of rooms is that of test_rings; a room that moves, moves in both."""
    told = {
        room: int(ring)
        for ring, names, _ in rows("How the code is laid out")
        for room in re.findall(r"`(\w+)(?:/|\.py)`", names)
    }
    folders = {room: ring for room, ring in RING_OF.items() if (PACKAGE / room).is_dir()}

    assert folders.items() <= told.items()
    assert {told["ipython"], told["sklearn"], told["pyfunc"]} == {len(RINGS) - 1}


def test_the_ways_through_the_rooms_lead_through_modules_that_are_there():
    """A step that is renamed is renamed in the README, or nobody finds the way."""
    section = README.partition("\n## How the code is laid out\n")[2].partition("\n## ")[0]
    steps = re.findall(r"`([a-z_]+/[a-z_/]+)`", section.partition("**The way of")[2])

    assert len(steps) > 30
    assert [step for step in steps if not _is_there(step)] == []


def _is_there(step: str) -> bool:
    return (PACKAGE / step).is_dir() or (PACKAGE / f"{step}.py").is_file()
