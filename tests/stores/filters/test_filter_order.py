"""order_by clauses run as real SQL in a real DuckDB."""

from __future__ import annotations

import pytest

from nbtrack.stores.filters.clauses import experiment_order, run_filter, run_order
from tests.support.naming import naming
from tests.support.search_tables import HOUR, NOON, matching, open_search_tables, ordered


@pytest.fixture
def sql():
    with open_search_tables() as connection:
        yield connection


@pytest.mark.parametrize("nothing", [None, [], "", " "])
def test_the_newest_run_comes_first(sql, nothing):
    """Without an order, by start time downwards."""
    assert ordered(sql, run_order(nothing)) == "edcba"


ORDERS = [
    (["metrics.f1"], "dbaec"),
    (["metrics.f1 ASC"], "dbaec"),
    (["metrics.f1 DESC"], "abdec"),
    (["metrics.`val/loss` desc"], "baced"),
    (["metrics.val/loss"], "cabed"),
    (["params.lr"], "abcde"),
    (["params.lr desc"], "cbade"),
    (["params.depth"], "bcaed"),
    (["params.depth DESC"], "cabed"),
    (["tags.team"], "cbaed"),
    (["tags.team DESC"], "abced"),
    (["params.`learning rate`"], "bedca"),
    (["run_name"], "badec"),
    (["attributes.`Run Name` desc"], "edabc"),
    (["duration"], "ebadc"),
    (["duration desc"], "dabec"),
    (["Created"], "abcde"),
    (["end_time desc"], "edbac"),
    (["status", "metrics.f1 desc"], "badec"),
    ("status, metrics.f1 desc", "badec"),
    (["attribute.start_time ASC"], "abcde"),
]


def test_missing_values_come_last_in_both_directions(sql):
    """Numbers, then NaN, then text, then runs without the key; ties go to the newest."""
    for order_by, expected in ORDERS:
        with naming(order_by):
            assert ordered(sql, run_order(order_by)) == expected


def test_equal_runs_are_told_apart_by_their_id(sql):
    """Two runs of one moment always come in the same order."""
    sql.execute(f"update current.runs set start_us = {(NOON + HOUR) * 1000}")

    assert ordered(sql, run_order("lifecycle_stage")) == "abcde"


def test_a_filter_and_an_order_share_one_query(sql):
    """Their parameter names differ, and keys are bound."""
    clause, order = run_filter("params.lr < 100"), run_order(["params.`lr`", "metrics.f1"])
    query = f"""select r.run_id from current.runs r {order.joins}
                where {clause.sql} order by {order.order_by}"""

    rows = sql.execute(query, clause.parameters | order.parameters).fetchall()
    assert rows == [("a",), ("b",), ("c",)]
    assert order.parameters == {"o0": "lr", "o1": "f1"}
    assert matching(sql, clause) == "abc"


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        (None, "210"),
        (["name"], "021"),
        (["creation_time ASC"], "012"),
        ("last_update_time desc", "210"),
        (["tags.rank"], "210"),
        (["tags.rank desc"], "120"),
        (["experiment_id"], "012"),
    ],
)
def test_experiments_sort_by_their_own_keys(sql, order_by, expected):
    """The newest experiment comes first unless asked otherwise."""
    order = experiment_order(order_by)

    assert ordered(sql, order, of="current.experiments e", show="e.experiment_id") == expected
