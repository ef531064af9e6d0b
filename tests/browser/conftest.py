"""One Chromium and one JupyterLab for all browser tests, and in it a folder for each file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.browser.lab import (
    CHROMIUM,
    LabFolder,
    begin_afresh,
    is_browser_kept,
    kept_browser,
    running_lab,
)

_BESIDE = Path(__file__).parent
_browser = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    if CHROMIUM and not is_browser_kept():
        _browser.enter_context(kept_browser())


@pytest.hookimpl(trylast=True)  # after the fixtures
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Playwright's event loop runs as long, and would be in the way of tests of other rooms."""
    if nextitem is None or nextitem.path.parent != _BESIDE:
        _browser.close()


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabFolder]:
    folder = tmp_path_factory.mktemp("lab")
    with running_lab(folder) as address:
        yield LabFolder(folder, address)


@pytest.fixture(scope="module")
def lab(lab_server: LabFolder, request: pytest.FixtureRequest) -> Iterator[LabFolder]:
    """A folder whose notebooks have a project of their own, and the address of its notebooks."""
    made = lab_server.subfolder(request.module.__name__)
    yield made
    begin_afresh(lab_server)
