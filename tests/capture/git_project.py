"""Small real repositories for the tests of this folder."""

import json
import subprocess
from pathlib import Path

AUTHOR = ("-c", "user.name=ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false")


def make_repository(folder: Path) -> Path:
    """One commit on `main` with a source file and a notebook."""
    (folder / "src").mkdir(parents=True)
    run_git(folder, "init", "-q", "-b", "main")
    (folder / "src" / "train.py").write_text("lr = 1\n")
    (folder / "eda.ipynb").write_text(notebook("x = 1"))
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-q", "-m", "first")
    return folder


def run_git(folder: Path, *arguments: str) -> str:
    command = ["git", *AUTHOR, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def notebook(*sources: str, output: str = "") -> str:
    cells = [
        {"cell_type": "code", "source": [each], "outputs": [{"text": output}], "metadata": {}}
        for each in sources
    ]
    return json.dumps({"cells": [*cells, {"cell_type": "markdown", "source": "words"}]})
