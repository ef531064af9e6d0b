"""Columns of many runs at once."""

from __future__ import annotations

import pytest

from nbtrack.errors import InvalidFilter
from nbtrack.records.runs import RunQuery
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.support.panel_project import START_US, STATES, Write, deletion, run_text, write_as_two

ODD_KEY = 'it\'s `odd`."key" $c0'


@pytest.fixture(params=STATES)
def study(request, store: DuckDBStore, write: Write) -> DuckDBStore:
    texts = [
        run_text("a", params={"lr": "0.1", ODD_KEY: "x"}, metrics={"f1": 0.5}, tags={"t": "y"}),
        run_text("b", minute=1, params={"lr": "auto"}, metrics={"f1": 0.7}),
        run_text("c", minute=2, status="FINISHED", end_us=START_US + 121_000_000),
        run_text("x", minute=3, metrics={"f1": 1.0}) + deletion("x"),
    ]
    write_as_two(store, write, texts, request.param)
    return store


def test_columns_are_as_long_as_the_runs_and_in_their_order(study: DuckDBStore) -> None:
    """Params are text, metrics numbers; None where a run has no value."""
    found = study.read_run_values(RunQuery(), ["params.lr", "metrics.f1", "duration", "tags.t"])

    assert (found.run_ids, found.names) == (["c", "b", "a"], ["run c", "run b", "run a"])
    assert found.columns == {
        "params.lr": [None, "auto", "0.1"],
        "metrics.f1": [None, 0.7, 0.5],
        "duration": [1.0, None, None],
        "tags.t": [None, None, "y"],
    }


def test_they_are_sorted_filtered_and_paged(study: DuckDBStore) -> None:
    """As a table of runs is."""
    query = RunQuery(order_by=("metrics.f1 desc",), max_results=2)
    assert study.read_run_values(query, []).run_ids == ["b", "a"]
    query = RunQuery(filter_string="metrics.f1 < 0.6")
    assert study.read_run_values(query, ["metrics.f1"]).columns == {"metrics.f1": [0.5]}


def test_a_key_is_taken_as_it_is(study: DuckDBStore) -> None:
    """Without quotes, whatever it holds."""
    column = f"params.{ODD_KEY}"
    found = study.read_run_values(RunQuery(filter_string="run_id = 'a'"), [column, "params.`lr`"])

    assert found.columns == {column: ["x"], "params.`lr`": [None]}


def test_times_are_milliseconds(study: DuckDBStore) -> None:
    """As everywhere outside of the store."""
    found = study.read_run_values(RunQuery(filter_string="run_id = 'c'"), ["start_time", "status"])

    assert found.columns == {"start_time": [START_US // 1000 + 120_000], "status": ["FINISHED"]}


@pytest.mark.parametrize("column", ["f1", "thing.x", "datasets.name", "params", ""])
def test_an_unknown_column_is_refused(store: DuckDBStore, column: str) -> None:
    """Before anything is read."""
    with pytest.raises(InvalidFilter):
        store.read_run_values(RunQuery(), [column])


def test_no_run_matches(store: DuckDBStore) -> None:
    """The columns are there, and empty."""
    found = store.read_run_values(RunQuery(), ["params.lr", "duration"])
    assert (found.run_ids, found.columns) == ([], {"params.lr": [], "duration": []})
