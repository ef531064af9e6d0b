"""Runs grouped by what they share."""

from __future__ import annotations

from math import inf, nan, sqrt

import pytest

from nbtrack.errors import InvalidFilter
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import RunQuery, ViewType
from nbtrack.records.views import GroupedMetric
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.support.panel_project import (
    MINUTE_US,
    START_US,
    STATES,
    Write,
    deletion,
    run_text,
    write_as_two,
)

ODD_KEY = 'it\'s `odd` "key"'
NONE = GroupedMetric(mean=None, std=None, count=0)


@pytest.fixture(params=STATES)
def study(request, store: DuckDBStore, write: Write) -> DuckDBStore:
    texts = [
        run_text("a", params={"model": "SVC", ODD_KEY: 1}, metrics={"f1": 0.5}, tags={"t": "x"}),
        run_text("b", minute=1, params={"model": "SVC"}, metrics={"f1": 0.7}, tags={"t": "y"}),
        run_text("c", minute=2, params={"model": "tree"}, metrics={"f1": 0.2, "loss": 3.0}),
        run_text("d", minute=3, status="FAILED", experiment_id="2"),
        run_text("x", minute=4, params={"model": "SVC"}, metrics={"f1": 9.0}) + deletion("x"),
        lines.cell_line("a", t=now_us(), lineage="cell 1")
        + lines.cell_line("c", t=now_us(), lineage="cell 1"),
    ]
    write_as_two(store, write, texts, request.param)
    return store


def groups(store: DuckDBStore, by: str, **query: object) -> dict[str | None, int]:
    return {g.value: g.runs for g in store.read_groups(RunQuery(**query), by=by, metrics=[])}


def test_groups_have_means_and_the_newest_stands_first(study: DuckDBStore) -> None:
    """The spread is that of a sample: one value has none; None holds the runs without it."""
    none, tree, svc = study.read_groups(RunQuery(), by="params.model", metrics=["f1", "loss"])

    assert (svc.value, svc.runs, svc.newest_us) == ("SVC", 2, START_US + MINUTE_US)
    assert svc.metrics["f1"] == GroupedMetric(
        mean=pytest.approx(0.6), std=pytest.approx(0.2 / sqrt(2)), count=2
    )
    assert (tree.value, tree.metrics["f1"]) == ("tree", GroupedMetric(mean=0.2, std=None, count=1))
    assert (none.value, none.runs, none.metrics) == (None, 1, {"f1": NONE, "loss": NONE})


def test_runs_are_grouped_by_what_they_have_in_common(study: DuckDBStore) -> None:
    """Params, tags, experiments, cells, statuses; keys with any character in them."""
    assert groups(study, "tags.t") == {"x": 1, "y": 1, None: 2}
    assert groups(study, "experiment") == {"1": 3, "2": 1}
    assert groups(study, "cell") == {"cell 1": 2, None: 2}
    assert groups(study, "status") == {"RUNNING": 3, "FAILED": 1}
    assert groups(study, f"params.{ODD_KEY}") == {"1": 1, None: 3}


def test_only_matching_runs_are_grouped(study: DuckDBStore) -> None:
    """Deleted ones when they are asked for; the page does not matter."""
    assert groups(study, "params.model", filter_string="metrics.f1 > 0.6") == {"SVC": 1}
    assert groups(study, "params.model", view_type=ViewType.DELETED_ONLY) == {"SVC": 1}
    assert groups(study, "params.model", max_results=1, experiment_ids=("1",)) == {
        "SVC": 2,
        "tree": 1,
    }


def test_a_mean_leaves_out_what_is_not_finite(store: DuckDBStore, write: Write) -> None:
    """As if it was not logged; and the latest value counts."""
    write(run_text("a", metrics={"m": nan}), run_text("b", metrics={"m": inf}))
    write(run_text("c", metrics={"m": 1.0}))
    write(lines.metric_line("c", "m", 4.0, step=1, t=now_us()))

    (group,) = store.read_groups(RunQuery(), by="experiment", metrics=["m"])
    assert (group.runs, group.metrics["m"]) == (3, GroupedMetric(mean=4.0, std=None, count=1))


@pytest.mark.parametrize("by", ["model", "param s.x", "datasets.name"])
def test_what_runs_cannot_be_grouped_by_is_refused(store: DuckDBStore, by: str) -> None:
    """The message names what they can."""
    with pytest.raises(InvalidFilter, match=r"Accepted keys|is no column"):
        store.read_groups(RunQuery(), by=by, metrics=[])


def test_an_empty_project_has_no_groups(store: DuckDBStore) -> None:
    """Not even one of nothing."""
    assert store.read_groups(RunQuery(), by="params.x", metrics=["m"]) == []
