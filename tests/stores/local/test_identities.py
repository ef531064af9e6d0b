"""Runs are found by the digest of all that decides what they compute."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nbtrack.journal import lines
from nbtrack.journal.writing import Journal
from nbtrack.stores.local import identities, migrations
from nbtrack.stores.local.duckdb import DuckDBStore

DIGEST, ALIKE = "7" * 32, "7" * 15 + "8" * 17  # they begin alike
Write = Callable[..., Journal]


def run_of(run_id: str, digest: str = DIGEST, *, status: str = "FINISHED", t: int = 1) -> str:
    begins = lines.run_line(run_id, t=t, name=f"run {run_id}", status="RUNNING", start_us=t)
    tag = lines.tag_line(run_id, identities.IDENTITY_TAG, digest, t=t + 1)
    metric = lines.metric_line(run_id, "accuracy", 0.5, step=0, t=t + 1)
    return begins + metric + tag + lines.run_line(run_id, t=t + 2, status=status)


def found(store: DuckDBStore, digest: str = DIGEST) -> list[str]:
    return [each.run_id for each in store.read_identical(digest)]


@pytest.mark.parametrize("is_folded", [True, False])
def test_runs_of_an_identity_are_found(store: DuckDBStore, write: Write, is_folded: bool) -> None:
    """The newest first, with what they reached; also what another kernel has just written."""
    journal = write(
        run_of("a") + run_of("b", t=5) + run_of("other", ALIKE) + run_of("c", status="FAILED")
    )
    if is_folded:
        journal.close()
        store.fold()
        assert not identities.is_in_journals(store.folder / "journal", DIGEST)

    newest, _ = runs = store.read_identical(DIGEST)

    assert [each.run_id for each in runs] == ["b", "a"]
    assert (newest.name, newest.metrics) == ("run b", {"accuracy": 0.5})
    assert newest.tags[identities.IDENTITY_TAG] == DIGEST
    assert found(store, ALIKE) == ["other"]
    assert found(store, "1" * 32) == []


def test_what_an_older_nbtrack_noted_is_found(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tags are in the file already when the table is made."""
    steps = migrations.STEPS
    store.append(run_of("a"))
    store.fold()
    with store._attachment.open(read_only=False) as connection:
        connection.execute("drop table project.stored.identities")
        connection.execute("delete from project.main.migrations where number >= 5")
    made = next(step for step in steps if "identities" in step.name)
    assert made.number == 5

    assert found(DuckDBStore(store.folder)) == ["a"]


def test_a_run_that_is_removed_is_forgotten(store: DuckDBStore, tmp_path: Path) -> None:
    """With all else of it."""
    store.append(run_of("a") + run_of("b"))
    store.fold()
    store.remove_runs(["a"])

    assert found(store) == ["b"]
    with store._attachment.open(read_only=True) as connection:
        rows = connection.execute("select count(*) from project.stored.identities").fetchall()
    assert rows == [(1,)]
