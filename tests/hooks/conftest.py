from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import nbtrack
from nbtrack.base import background
from nbtrack.hooks import plot_drawing
from nbtrack.hooks.autolog import HOOKS
from nbtrack.recording.session import current_session
from nbtrack.records.runs import Run
from tests.support.begun_project import begun_project

HERE = Path(__file__).parent
# Once they are imported, it takes longer to look at their modules than to record a fit; they are
# on in the tests of their own folders, beside all others.
DEAR = ("fastai", "keras", "pytorch", "transformers")


class Project:
    """A project of its own, with autolog on."""

    def runs(self) -> list[Run]:
        """The oldest first."""
        found = nbtrack.search_runs(output_format="list", search_all_experiments=True)
        return found[::-1]

    def run(self) -> Run:
        """The only one."""
        (run,) = self.runs()
        return run

    def children(self, run_id: str) -> list[Run]:
        return [r for r in self.runs() if r.data.tags.get("mlflow.parentRunId") == run_id]


@pytest.fixture(scope="module", autouse=True)
def _draws_nothing(request: pytest.FixtureRequest) -> Iterator[None]:
    """But in tests of pictures, which take longer than fits: as where matplotlib is missing."""
    with pytest.MonkeyPatch.context() as patched:
        if request.path.name != "test_plots.py":
            patched.setattr(plot_drawing, "can_draw", lambda: False)
        yield


@pytest.fixture
def autologged(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    nbtrack.set_tracking_uri(begun_project(tmp_path / "project"))
    nbtrack.autolog(exclude_flavors=DEAR if request.path.parent == HERE else ())
    yield Project()
    for switch in HOOKS.values():
        switch.forget()
    current_session().record_fits = lambda _scope: None
    while nbtrack.active_run() is not None:
        nbtrack.end_run()
    background.wait()
    nbtrack.set_tracking_uri(None)
