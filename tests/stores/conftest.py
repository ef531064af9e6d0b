"""A project in a folder of its own, and lines put into its journals as processes would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nbtrack.journal.writing import Journal
from nbtrack.stores.local.duckdb import DuckDBStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    opened = DuckDBStore(tmp_path / ".nbtrack")
    yield opened
    opened.close()


@pytest.fixture
def write(store: DuckDBStore) -> Iterator[Callable[..., Journal]]:
    """`write(text, ...)`: a journal of another writer, alive, that holds these lines."""
    journals: list[Journal] = []

    def write_one(*texts: str) -> Journal:
        journals.append(Journal(store.folder / "journal"))
        for text in texts:
            journals[-1].append(text)
        return journals[-1]

    yield write_one
    for journal in journals:
        journal.close()
