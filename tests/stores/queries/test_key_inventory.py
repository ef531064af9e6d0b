"""Which params, metrics and tags the runs have, and whether they differ."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nan

import pytest

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import RunQuery, ViewType
from nbtrack.records.views import KeyFacts
from nbtrack.stores.kept import kept_runs
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.queries import key_inventory
from tests.support.panel_project import STATES, Write, deletion, run_text, write_as_two

ODD_KEY = 'it\'s `odd` "key" $k0'


def facts(
    key: str, runs: int, distinct: int, *, is_number: bool = False, **ends: float
) -> KeyFacts:
    bounds = {"low": None, "high": None} | ends
    return KeyFacts(key=key, runs=runs, distinct=distinct, is_number=is_number, **bounds)


def named(found: Sequence[KeyFacts], key: str) -> KeyFacts:
    return next(each for each in found if each.key == key)


@pytest.fixture(params=["pieces", "bitmaps", "views"], autouse=True)
def way(request, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are kept in pieces; where that is too much they are counted in bitmaps, or, of very
    many, by the views: with the same answer."""
    if request.param != "pieces":
        monkeypatch.setattr(kept_runs, "MOST_RUNS", -1)
    if request.param == "views":
        monkeypatch.setattr(key_inventory, "MOST_BITMAP_BYTES", 0)


@pytest.mark.parametrize("state", STATES)
def test_keys_are_told_with_their_range(store: DuckDBStore, write: Write, state: str) -> None:
    """Of the matching runs; deleted ones do not count."""
    texts = [
        run_text("a", params={"lr": "0.1", "model": "SVC", ODD_KEY: 1}, metrics={"f1": 0.5}),
        run_text("b", params={"lr": "1e-3", "model": "SVC"}, metrics={"f1": 0.7, "n": 3}),
        run_text("c", params={"lr": "auto"}, tags={"team": "red"}),
        run_text("x", params={"model": "tree", "gone": 1}) + deletion("x"),
    ]
    write_as_two(store, write, texts, state)

    found = store.read_keys(RunQuery())
    assert found.params == [
        facts(ODD_KEY, 1, 1, is_number=True, low=1, high=1),
        facts("lr", 3, 2, low=0.001, high=0.1),
        facts("model", 2, 1),
    ]
    assert found.metrics == [
        facts("f1", 2, 2, is_number=True, low=0.5, high=0.7),
        facts("n", 1, 1, is_number=True, low=3, high=3),
    ]
    assert found.tags == [facts("team", 1, 1)]


def test_only_matching_runs_count(store: DuckDBStore, write: Write) -> None:
    """By filter, experiment and view type; order and page do not matter."""
    write(run_text("a", params={"p": 1}, metrics={"m": 1}), run_text("b", params={"p": 2}))
    write(run_text("c", params={"q": 3}, experiment_id="2"), run_text("x", params={"r": 1}))
    write(deletion("x"))

    def keys(**query: object) -> list[tuple[str, int]]:
        return [(each.key, each.runs) for each in store.read_keys(RunQuery(**query)).params]

    assert keys(max_results=1, order_by=("metrics.m",)) == [("p", 2), ("q", 1)]
    assert keys(filter_string="metrics.m > 0") == [("p", 1)]
    assert keys(experiment_ids=("2",)) == [("q", 1)]
    assert keys(view_type=ViewType.DELETED_ONLY) == [("r", 1)]


def test_the_latest_values_count(store: DuckDBStore, write: Write) -> None:
    """Of a param typed twice, a metric of many steps, a tag that was changed or removed."""
    write(run_text("a", params={"p": 1}, metrics={"m": 9}, tags={"t": "old", "gone": "x"}))
    write(run_text("b", params={"p": 2}, metrics={"m": 2}, tags={"t": "new"}))
    write(
        lines.param_line("a", "p", "2", t=now_us()),
        lines.metric_line("a", "m", 2.0, step=1, t=now_us()),
        lines.tag_line("a", "t", "new", t=now_us()),
        lines.tag_line("a", "gone", None, t=now_us()),
    )

    found = store.read_keys(RunQuery())
    assert found.params == [facts("p", 2, 1, is_number=True, low=2, high=2)]
    assert found.metrics == [facts("m", 2, 1, is_number=True, low=2, high=2)]
    assert found.tags == [facts("t", 2, 1)]


def test_a_range_is_of_finite_numbers(store: DuckDBStore, write: Write) -> None:
    """NaN and the infinities are numbers all the same."""
    write(run_text("a", metrics={"m": nan, "n": inf}, params={"p": "nan", "q": "5"}))
    write(run_text("b", metrics={"m": -1.5, "n": -inf}, params={"p": "inf", "q": "five"}))

    found = store.read_keys(RunQuery())
    assert named(found.metrics, "m") == facts("m", 2, 2, is_number=True, low=-1.5, high=-1.5)
    assert named(found.metrics, "n") == facts("n", 2, 2, is_number=True)
    assert named(found.params, "p") == facts("p", 2, 2, is_number=True)
    assert named(found.params, "q") == facts("q", 2, 2, low=5, high=5)


def test_keys_stand_in_the_order_people_expect(store: DuckDBStore, write: Write) -> None:
    """p2 before p10, whatever the case; odd digits harm nothing."""
    keys = ["p10", "P2", "alpha", "p2", "²", "p007", "9" * 5000]
    write(run_text("a", params=dict.fromkeys(keys, 1)))

    found = [each.key for each in store.read_keys(RunQuery()).params]
    assert found == ["9" * 5000, "alpha", "P2", "p2", "p007", "p10", "²"]


def test_an_inventory_is_kept_until_somebody_writes(store: DuckDBStore, write: Write) -> None:
    """The same answer, not an equal one; and right after a write, by whatever process."""
    journal = write(run_text("a", params={"p": 1}))
    first = store.read_keys(RunQuery())
    assert store.read_keys(RunQuery(max_results=5)) is first
    assert store.read_keys(RunQuery(filter_string="params.p > 1")).params == []

    journal.append(lines.param_line("a", "q", "1", t=now_us()))
    assert [each.key for each in store.read_keys(RunQuery()).params] == ["p", "q"]


def test_an_empty_project_has_no_keys(store: DuckDBStore) -> None:
    """Looking makes nothing."""
    found = store.read_keys(RunQuery())
    assert (found.params, found.metrics, found.tags) == ([], [], [])
    assert not store.folder.exists()
