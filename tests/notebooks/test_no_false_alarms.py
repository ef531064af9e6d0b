"""The tutorials, run from top to bottom in a fresh project: nothing to warn of."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nbtrack.cli.notebook_run import run_notebook
from nbtrack.records.runs import RunQuery
from nbtrack.records.warned import Warned, warnings_in
from nbtrack.stores.opening import open_store

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def warned_in(project: Path) -> list[tuple[str | None, Warned]]:
    store = open_store(str(project))
    runs = store.search_runs(RunQuery(max_results=1000))
    assert runs
    return [(run.info.run_name, each) for run in runs for each in warnings_in(run.data.tags)]


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_clean_notebook_is_warned_of_nothing(notebook: Path, ran: Callable[[Path], Path]) -> None:
    """In a fresh project."""
    assert warned_in(ran(notebook).parent / ".nbtrack") == []


@pytest.mark.slow
def test_what_runs_again_is_warned_of_nothing_but_that(
    ran: Callable[[Path], Path], tmp_path: Path
) -> None:
    """The one that fits and measures most. The third cannot: its model is in production then."""
    copy = ran(next(path for path in NOTEBOOKS if path.stem == "02_scikit_learn"))
    project = shutil.copytree(copy.parent / ".nbtrack", tmp_path / ".nbtrack")
    executed = copy.read_bytes()
    run_notebook(copy, project=project)
    copy.write_bytes(executed)  # others compare its outputs
    assert {each.kind for _, each in warned_in(project)} <= {"already-ran"}
