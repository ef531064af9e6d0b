"""Taking runs out of the database for good."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from nbtrack.errors import StoreBusy
from nbtrack.journal import lines
from nbtrack.journal.writing import Journal
from nbtrack.records.runs import RunQuery
from nbtrack.stores.local import duckdb as store_module
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.local.schema import TABLES


def whole(run: str) -> str:
    return (
        lines.run_line(run, t=1, status="FINISHED")
        + lines.metric_line(run, "m", 1.0, step=0, t=1)
        + lines.param_line(run, "p", "1", t=1)
        + lines.tag_line(run, "t", "1", t=1)
        + lines.artifact_line(run, "a", "ab", size=1, t=1)
        + lines.cell_line(run, t=1, source="x")
        + lines.input_line(run, t=1, name="iris")
        + lines.model_line(f"m-{run}", t=1, source_run_id=run, status="READY")
        + lines.model_value_line(f"m-{run}", "tag", "t", "1", t=1)
        + lines.model_point_line(run, "m", 1.0, step=0, t=1, model_id=f"m-{run}")
        + lines.model_link_line(run, f"m-{run}", "output", t=1)
    )


@pytest.mark.parametrize("is_folded", [False, True])
def test_a_removed_run_is_gone_from_every_table(
    store: DuckDBStore, write: Callable[..., Journal], is_folded: bool
) -> None:
    """Also what was waiting in journals; other runs keep theirs."""
    write(whole("a") + whole("b"))
    if is_folded:
        store.fold()
    store.remove_runs(["a", "unknown"])

    store.fold()
    assert [run.info.run_id for run in store.search_runs(RunQuery())] == ["b"]
    with store._attachment.open(read_only=True) as connection:
        for table, columns in TABLES.items():
            if "run_key" in columns:
                count = f"select count(*) from project.stored.{table}"
                assert connection.execute(count).fetchall() == [(1,)], table


def test_removing_says_when_the_file_is_held(
    store: DuckDBStore, write: Callable[..., Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not remove a half of the run and call that done."""
    write(whole("a"))
    store.fold()
    write(whole("b"))
    monkeypatch.setattr(store_module, "WAIT_SECONDS", 0.05)
    with (
        duckdb.connect(str(store.database), read_only=True),
        pytest.raises(StoreBusy, match="another program has it open"),
    ):
        store.remove_runs(["a", "b"])
    assert len(store.search_runs(RunQuery())) == 2
