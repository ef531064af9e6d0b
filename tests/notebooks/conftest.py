"""The tutorials, each run once from top to bottom in a fresh project, for all their tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from nbtrack.cli.notebook_run import run_notebook
from tests.support.kernel import LOADED, PATIENT
from tests.support.kernel_forks import forked_kernels

# Nor does a card say how long it took to get ready, which it does where that was long.
STARTUP = f"""{PATIENT}
from nbtrack.cells import cell_card
cell_card._NOTICEABLE_SECONDS = float("inf")
"""


@pytest.fixture
def patience(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """For kernels that wait for a comparison as long as it takes.

    A card waits 50 ms and goes without then, as on a machine that is busy with other tests.
    """
    home = tmp_path_factory.mktemp("ipython")
    startup = home / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "patience.py").write_text(f"exec({STARTUP!r}, {{}})")
    monkeypatch.setenv("IPYTHONDIR", str(home))


@pytest.fixture
def ran(patience: None, run_once: Callable[[Path], Path]) -> Callable[[Path], Path]:
    """`ran(notebook)`: an executed copy; the project beside it is the next test's, too."""
    return run_once


@pytest.fixture(scope="session")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    @cache
    def run(notebook: Path) -> Path:
        copy = Path(shutil.copy(notebook, tmp_path_factory.mktemp("notebooks")))
        with forked_kernels(*LOADED):
            run_notebook(copy, project=copy.parent / ".nbtrack")
        return copy

    return run


@pytest.fixture(autouse=True)
def _fresh_kernels_are_forks() -> Iterator[None]:
    with forked_kernels(*LOADED, origin="fresh kernels"):
        yield
