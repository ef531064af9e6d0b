"""The command as a whole: exit codes, errors, pipes and terminals."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nbtrack as package

COMMAND = [sys.executable, "-m", "nbtrack"]


def test_version_is_the_package_version():
    """`nbtrack --version` says which nbtrack this is."""
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)

    assert done.stdout == f"nbtrack {package.__version__}\n"


def test_an_error_is_one_line_and_exit_code_2(client, nbtrack):
    """A mistake is told on stderr, without a traceback, and nothing is on stdout."""
    client.create_run("0")

    code, out, err = nbtrack("show", "no-such-run")

    assert (code, out) == (2, "")
    assert err.startswith("nbtrack: No run 'no-such-run' in /")
    assert err.count("\n") == 1


def test_a_store_that_is_none_is_an_error(nbtrack, tmp_path):
    """--store with a folder that holds no project names it, and makes nothing there."""
    code, _, err = nbtrack("doctor")

    assert code == 2
    assert str(tmp_path) in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("inner", ["", ".nbtrack"])
def test_store_takes_the_project_folder_or_what_holds_it(client, nbtrack, tmp_path, inner):
    """--store may stand after the command, and name either of the two folders."""
    client.create_run("0")

    code, out, _ = nbtrack(
        "sql", "select count(*) as n from runs", "--store", str(tmp_path / inner)
    )

    assert (code, out.split()) == (0, ["n", "-", "1", "(1", "row)"])


def test_a_reader_that_goes_away_is_no_error(client, tmp_path):
    """`nbtrack … | head` ends quietly, with the exit code of a closed pipe."""
    client.create_run("0")
    many = "select * from range(100000)"
    command = [*COMMAND, "--store", str(tmp_path), "sql", many]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        errors = process.stderr.read()

    assert (process.returncode, errors) == (141, b"")


def test_an_ascii_terminal_gets_ascii(client, tmp_path):
    """Signs that the terminal does not know are written out instead of raising."""
    run = client.create_run("0", run_name="größe → 1")
    words = ["--store", str(tmp_path), "show", run.info.run_id]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "NO_COLOR": "1"}

    done = subprocess.run([*COMMAND, *words], capture_output=True, env=environment, check=True)

    assert done.stdout.decode("ascii").startswith(r"gr\xf6\xdfe -> 1")


def test_reading_makes_no_project(tmp_path: Path):
    """Looking for runs where there are none leaves no folder behind."""
    words = ["sql", "select * from runs"]

    subprocess.run([*COMMAND, *words], cwd=tmp_path, capture_output=True, check=True)

    assert list(tmp_path.iterdir()) == []
