"""Cells that ran in a real kernel, and what is kept of their executions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.executions import Execution, ExecutionStatus
from nbtrack.records.runs import Run
from nbtrack.stores.store import Store
from tests.support.kernel import Kernel


class Notebook:
    """Cells in a kernel with nbtrack loaded; each needs all before it unless it says otherwise."""

    def __init__(self, folder: Path) -> None:
        self.kernel = Kernel(folder)
        self.folder = folder
        self._number = self._first = 0

    def begin(self) -> None:
        """What ran before is needed by nobody any more."""
        self._first = self._number

    @property
    def store(self) -> Store:
        return self.kernel.store

    def run(self, source: str, **facts: Any) -> Run | None:
        before = {run.info.run_id for run in self.kernel.runs()}
        count = int(self.kernel.value("get_ipython().execution_count"))
        reply = self.kernel.run(source)
        new = [run for run in self.kernel.runs() if run.info.run_id not in before]
        found = next((run for run in new if "mlflow.parentRunId" not in run.data.tags), None)
        self._write(source, reply.status == "ok", count, found, facts)
        return found

    def tracked(self, source: str, **facts: Any) -> Run:
        found = self.run(source, **facts)
        assert found is not None
        return found

    @property
    def numbers(self) -> range:
        """Of the executions since the test began."""
        return range(self._first, self._number)

    def keep_text(self, text: str) -> str:
        self.store.append(lines.text_line(self.digest(text), text, t=now_us()))
        return self.digest(text)

    @staticmethod
    def digest(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    def _write(
        self, source: str, ok: bool, count: int, run: Run | None, facts: dict[str, Any]
    ) -> None:
        digest = self.keep_text(source)
        known = {"needs": tuple(self.numbers), "folder": str(self.folder)}
        execution = Execution(
            kernel="k",
            number=self._number,
            source=digest,
            execution_count=count,
            run_id=None if run is None else run.info.run_id,
            started_us=now_us(),
            status=ExecutionStatus.OK if ok else ExecutionStatus.ERROR,
            **{**known, **facts},
        )
        self.store.append(lines.execution_line(execution, t=now_us()))
        self._number += 1


@pytest.fixture(scope="module")
def _started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    made = Notebook(tmp_path_factory.mktemp("notebook"))
    yield made
    made.kernel.close()


@pytest.fixture
def notebook(_started: Notebook) -> Notebook:
    """One kernel for all tests of a module."""
    _started.begin()
    return _started
