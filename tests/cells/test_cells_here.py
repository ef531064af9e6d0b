"""Cells in a shell of this very process: what a kernel does with them, in milliseconds each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import nbtrack
import nbtrack.ipython
from nbtrack.base import background
from nbtrack.cells import look_back, tracked_cell
from nbtrack.hooks import plot_drawing
from nbtrack.hooks.autolog import HOOKS
from nbtrack.provenance.slices import slice_of
from nbtrack.recording.session import current_session
from nbtrack.records.runs import Run
from nbtrack.records.warned import warnings_in
from tests.support.begun_project import begun_project


class Shown(NamedTuple):
    printed: str
    card: str  # all text twins
    error: BaseException | None


Cell = Callable[..., Shown]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InteractiveShell]:
    """One for all tests, as a notebook has."""
    folder = tmp_path_factory.mktemp("here")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("IPYTHONDIR", str(folder))
        patched.chdir(folder)
        patched.setattr(look_back, "WAIT_SECONDS", 60.0)
        patched.setattr(tracked_cell, "TRACE_WAIT_SECONDS", 60.0)
        patched.setattr(plot_drawing, "can_draw", lambda: False)
        forget_autolog()  # another test of this process may have turned it off
        InteractiveShell.clear_instance()
        made = InteractiveShell.instance()
        nbtrack.set_tracking_uri(begun_project(folder / ".nbtrack"))
        nbtrack.ipython.load_ipython_extension(made)
        yield made
        nbtrack.ipython.unload_ipython_extension(made)
        nbtrack.ipython._extension = None
        forget_autolog()
        background.wait()
        nbtrack.set_tracking_uri(None)
        made.restore_sys_module_state()
        InteractiveShell.clear_instance()


def forget_autolog() -> None:
    for switch in HOOKS.values():
        switch.forget()


@pytest.fixture
def run(shell: InteractiveShell) -> Cell:
    def run_cell(source: str, *, cell_id: str | None = None) -> Shown:
        with capture_output() as seen:
            done = shell.run_cell(source, store_history=True, cell_id=cell_id)
        card = "\n".join(each.data.get("text/plain", "") for each in seen.outputs)
        return Shown(seen.stdout, card, done.error_in_exec)

    return run_cell


def newest() -> Run:
    return nbtrack.search_runs(output_format="list", search_all_experiments=True)[0]


def test_a_tracked_cell_is_a_run(run: Cell) -> None:
    """With its name, its params, what it measured, and a card."""
    shown = run(
        "%%track first try lr=0.1\nimport nbtrack\nepochs = 3\naccuracy = sum([0.25, 0.25])"
    )
    found = newest()

    assert shown.card.startswith("first try · finished")
    assert "accuracy inferred  0.5" in shown.card
    assert (found.info.run_name, found.info.status) == ("first try", "FINISHED")
    assert found.data.params == {"lr": "0.1", "epochs": "3"}


def test_a_cell_that_fails_is_a_run_that_failed(run: Cell) -> None:
    """And its error is the user's."""
    shown = run("%%track broken\nhalf = 0.5\n1 / 0")

    assert isinstance(shown.error, ZeroDivisionError)
    assert "failed" in shown.card
    assert newest().info.status == "FAILED"


def test_a_fit_is_recorded(run: Cell) -> None:
    """With the cell's data, its model, and what is measured of it later."""
    run(
        "from sklearn.datasets import load_iris\nfrom sklearn.naive_bayes import GaussianNB\n"
        "from sklearn.metrics import accuracy_score\nX, y = load_iris(return_X_y=True)"
    )
    run("%%track fit\nmodel = GaussianNB().fit(X, y)")
    found = newest()
    run("rating = accuracy_score(y, model.predict(X))")
    background.wait()

    assert found.data.tags["estimator_name"] == "GaussianNB"
    assert "accuracy_score_X" in nbtrack.get_run(found.info.run_id).data.metrics


def test_the_cells_that_it_needs_are_known(run: Cell) -> None:
    """Those before it, without the one that it does not use."""
    run("numbers = [1, 2]")
    run("unused = 1")
    run("numbers.append(3)")
    run("%%track needs\ntotal = sum(numbers)")
    store = current_session().store
    cells = store.read_executions(newest().info.run_id)
    needed = slice_of(cells, cells[-1].number)
    sources = store.read_texts([cell.source for cell in needed]).values()

    assert "numbers.append(3)" in sources
    assert "unused = 1" not in sources


def test_a_cell_that_counts_itself_up_is_warned_of(run: Cell) -> None:
    """The second time; its card says so."""
    run("steps = 0", cell_id="begin")
    for kinds in (set(), {"stale"}):
        shown = run("%%track --no-warn already-ran\nsteps += 1", cell_id="up")
        assert dict(warnings_in(newest().data.tags)).keys() == kinds
        assert ("⚠ stale" in shown.card) == bool(kinds)


def test_children_and_what_is_left_open(run: Cell) -> None:
    """The best child is on the card; one that was left open ends with the cell."""
    shown = run(
        "%%track sweep\nfor c in (1, 3, 2):\n"
        "    with nbtrack.start_run(run_name=f'C={c}'): nbtrack.log_metric('f1', c / 10)\n"
        "nbtrack.start_run(run_name='left');"
    )

    assert "best of 4 children" in shown.card
    assert nbtrack.active_run() is None
    assert newest().data.tags["nbtrack.closed_by"] == "end of the cell"


def test_commands_about_runs(run: Cell) -> None:
    """Dropped, brought back, and tracked without a line of one's own."""
    run("%%track dropped\nx = 1")
    assert "dropped" in run("%track drop").printed
    assert newest().info.run_name != "dropped"
    run("%track restore")
    assert newest().info.run_name == "dropped"

    run("%track on")
    run("nbtrack.log_metric('m', 0.75)")
    assert newest().data.metrics == {"m": 0.75}
    run("%track off")
    assert "cells with %%track" in run("%track status").printed


def test_a_wrong_option_is_told(run: Cell) -> None:
    """And nothing is recorded."""
    before = newest().info.run_id

    run("%%track --nonsense\nx = 1")
    assert newest().info.run_id == before
