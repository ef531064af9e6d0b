"""A project that has been begun: how one begins is tested with the local store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nbtrack.stores.local.duckdb import DuckDBStore
from tests.support.begun_project import begun_project


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    opened = DuckDBStore(begun_project(tmp_path / ".nbtrack"))
    yield opened
    opened.close()
