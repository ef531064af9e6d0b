"""One JupyterLab for all browser tests, and in it a folder for each file of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab import LabFolder, begin_afresh, running_lab


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
