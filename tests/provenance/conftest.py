"""Cells that run in a real kernel, and leave what they need behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nbtrack.records.runs import Run
from nbtrack.stores.store import Store
from tests.support.kernel import LOADED, Kernel
from tests.support.kernel_forks import forked_kernels


class Notebook:
    def __init__(self, folder: Path) -> None:
        self.kernel = Kernel(folder)
        self.folder = folder

    @property
    def store(self) -> Store:
        return self.kernel.store

    def run(self, source: str) -> Run | None:
        """The run of the cell, if it has one."""
        before = {run.info.run_id for run in self.kernel.runs()}
        self.kernel.run(source)
        new = [run for run in self.kernel.runs() if run.info.run_id not in before]
        return next((run for run in new if "mlflow.parentRunId" not in run.data.tags), None)

    def tracked(self, source: str) -> Run:
        found = self.run(source)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """One kernel for all tests of a module."""
    made = Notebook(tmp_path_factory.mktemp("notebook"))
    yield made
    made.kernel.close()


@pytest.fixture(autouse=True)
def _fresh_kernels_are_forks() -> Iterator[None]:
    """Of a process of their own, so that sets are ordered otherwise than in the notebook."""
    with forked_kernels(*LOADED, origin="fresh kernels"):
        yield
