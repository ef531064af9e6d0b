"""The table of runs: order, columns, and what it never lets through."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest

from nbtrack.panels.runs.table import RunRow, RunTable, run_table_html, run_table_text
from tests.support.markup_check import HOSTILE, Page


def row(run_id: str, **known) -> RunRow:
    return RunRow(**{"run_id": run_id, "name": f"run {run_id}", "status": "FINISHED", **known})


def order_of(table: RunTable) -> list[str]:
    """The ids, in the order of the text's lines."""
    words = run_table_text(table).split()
    ids = {r.run_id for r in table.rows}
    return [after for word, after in pairwise(words) if word == "run" and after in ids]


def head(table: RunTable) -> list[str]:
    return next(line for line in run_table_text(table).splitlines() if "status" in line).split()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_from_a_run_stays_text(hostile):
    """Names, keys, values, filters and errors cannot become markup or steer a terminal."""
    table = RunTable(
        rows=[
            row("a", name=hostile, status=hostile, params={hostile: hostile}, error=hostile),
            row(hostile, metrics={hostile: 0.5}, parent_id="a", is_best=True, experiment=hostile),
        ],
        param_keys=[hostile],
        metric_keys=[hostile],
        sort_key=hostile,
        best_by=hostile,
        experiment=hostile,
        filter_text=hostile,
    )

    page = Page(run_table_html(table))

    assert page.unwanted == []
    assert page.open == []
    text = run_table_text(table) + run_table_text(table, ascii_only=True)
    assert not set(page.text + "".join(page.titles)) & set("\u202e\x1b\x00\r\n\udc80")
    assert not set(text) & set("\u202e\x1b\x00\r\udc80")


def test_no_runs_say_what_was_asked_for():
    """An empty table names the filter that matched nothing."""
    empty = RunTable(rows=[], experiment="churn", filter_text="metrics.f1 > <2>")

    assert Page(run_table_html(empty)).text == "No runs in churn match metrics.f1 > <2>"
    assert run_table_text(empty) == "No runs in churn match metrics.f1 > <2>"


def test_no_runs_yet_says_where_it_looked():
    """The folder, and what is to be seen elsewhere: somebody may be looking in the wrong place."""
    empty = RunTable(rows=[], experiment="churn", place="/home/a/.nbtrack", elsewhere=1)

    for seen in (Page(run_table_html(empty)).text, run_table_text(empty)):
        assert "No runs in churn yet (looked in /home/a/.nbtrack)" in seen
        assert "--all shows 1 run of other experiments" in seen


def test_a_param_that_all_runs_share_is_said_once():
    """Columns are for what differs; what only some runs have differs, too."""
    rows = [
        row("a", params={"cv": "5", "model": "SVC", "n": "1"}),
        row("b", params={"cv": "5", "model": "RF"}),
    ]
    table = RunTable(rows=rows, param_keys=["cv", "n", "model"])

    assert "same for all: cv=5" in run_table_text(table)
    assert "same for all: cv=5" in Page(run_table_html(table)).text
    assert head(table)[-3:] == ["n", "model", "id"]


def test_a_missing_value_is_a_dash():
    """A run without the metric did not score zero; a bad number is named and has no bar."""
    rows = [
        row("a", metrics={"f1": 0.5}),
        row("b", metrics={"f1": 0.9}),
        row("c"),
        row("d", metrics={"f1": math.nan}),
    ]
    table = RunTable(rows=rows, metric_keys=["f1"])

    assert " – " in run_table_text(table)
    assert " NaN " in run_table_text(table)
    assert run_table_html(table).count("linear-gradient") == 2


def test_children_stand_below_their_parent():
    """A family stands where its best member stood; inside it the order stays."""
    rows = [
        row("kid2", parent_id="top"),
        row("solo"),
        row("kid1", parent_id="top"),
        row("top"),
        row("orphan", parent_id="elsewhere"),
    ]

    assert order_of(RunTable(rows=rows)) == ["top", "kid2", "kid1", "solo", "orphan"]
    assert run_table_text(RunTable(rows=rows)).count("↳") == 2
    assert run_table_html(RunTable(rows=rows)).count("↳") == 2


def test_an_order_that_was_asked_for_is_kept():
    """Sorted runs stand in that order, families or not."""
    rows = [row("kid", parent_id="top"), row("solo"), row("top"), row("late", parent_id="top")]
    table = RunTable(rows=rows, sort_key="metrics.f1")

    assert order_of(table) == ["kid", "solo", "top", "late"]
    assert "↳" not in run_table_text(table) + run_table_html(table)


def test_runs_that_name_each_other_as_parents_are_all_shown():
    """Damaged data loses nobody."""
    rows = [row("a", parent_id="b"), row("b", parent_id="a"), row("c", parent_id="c")]

    assert sorted(order_of(RunTable(rows=rows))) == ["a", "b", "c"]


def test_the_best_run_has_a_star_and_a_word():
    """The mark does not rest on colour."""
    rows = [row("a", metrics={"f1": 0.9}, is_best=True), row("b", metrics={"f1": 0.8})]
    table = RunTable(rows=rows, metric_keys=["f1"], best_by="f1")

    assert "run a ★ best" in Page(run_table_html(table)).text
    assert "★ best by f1" in Page(run_table_html(table)).text
    assert [line[:7] for line in run_table_text(table).splitlines()][2:4] == ["* run a", "  run b"]


@pytest.mark.parametrize(
    ("sort_key", "column"),
    [
        ("metrics.f1", "f1"),
        ("f1", "f1"),
        ("params.`lr`", "lr"),
        ("params.same", "same"),
        ("start_time", "started"),
        ("end_time", "ended"),
        ("attributes.user_id", "user"),
        ("run_id", "id"),
        ("tags.team", "team"),
    ],
)
def test_the_sorted_column_says_so(sort_key, column):
    """One head has the arrow, and aria-sort for those who do not see it."""
    rows = [
        row("a", metrics={"f1": 1.0}, params={"lr": "1", "same": "x"}, tags={"team": "red"}),
        row("b", params={"lr": "2", "same": "x"}, user="ada"),
    ]
    table = RunTable(rows=rows, param_keys=["lr", "same"], metric_keys=["f1"], sort_key=sort_key)

    assert f"{column} ▼" in run_table_text(table)
    assert run_table_html(table).count("▼") == 1
    attributes = Page(run_table_html(table)).attributes
    assert [value for name, value in attributes if name == "aria-sort"] == ["descending"]


def test_an_error_is_one_click_away():
    """A failed run keeps its row; the message opens below the status, first line only."""
    table = RunTable(rows=[row("a", status="FAILED", error="ValueError: no\nmore")])

    assert "<details" in run_table_html(table)
    assert "ValueError: no …" in Page(run_table_html(table)).text
    assert "run a failed: ValueError: no …" in run_table_text(table)


def test_heads_and_groups_carry_their_scope():
    """A screen reader can say which run and which metric a number belongs to."""
    table = RunTable(rows=[row("a", params={"x": "1"}, metrics={"f1": 1.0})], param_keys=["x"])

    scopes = [value for name, value in Page(run_table_html(table)).attributes if name == "scope"]

    assert scopes == ["colgroup"] * 3 + ["col"] * 6 + ["row"]
    assert "<caption" in run_table_html(table)


@pytest.mark.parametrize("width", [40, 70, 100])
def test_the_text_fits_and_counts_what_it_left_out(width):
    """Columns are dropped until it fits; the name and the sorted column stay."""
    metrics = {f"metric_{i}": i / 7 for i in range(9)}
    rows = [row("a", metrics=metrics, name="a name of a length " * 9), row("b", name="训练" * 20)]
    table = RunTable(rows=rows, metric_keys=list(metrics), sort_key="metric_8", experiment="x" * 99)

    text = run_table_text(table, width=width)

    assert "metric_8 ▼" in text
    assert len(re.findall("columns? not shown", text)) == 1
    assert max(len(line) for line in text.splitlines()) <= max(width, 42)


def test_the_text_can_be_plain_ascii():
    """A terminal without Unicode gets the same table in look-alikes."""
    rows = [row("a", name="é ↳", metrics={"f1": 0.5}, is_best=True), row("b", parent_id="a")]
    table = RunTable(rows=rows, metric_keys=["f1"], best_by="f1")

    text = run_table_text(table, ascii_only=True)

    assert text.isascii()
    assert "* best by f1" in text
    assert "  > run b" in text


def test_columns_without_end_are_cut_and_counted():
    """A saved notebook does not carry hundreds of columns; the sorted one always stays."""
    keys = [f"m{i}" for i in range(40)]
    table = RunTable(rows=[row("a")], metric_keys=keys, sort_key="metrics.m39")

    seen, text = Page(run_table_html(table)).text, run_table_text(table, width=999)

    assert "m39 ▼" in seen
    assert "m20" not in seen
    assert "32 columns not shown" in seen
    assert text.count("not shown") == 1
    assert text.endswith("32 columns not shown")


@pytest.mark.parametrize("width", [40, 100])
def test_what_the_best_run_is_best_by_is_shown(width):
    """A star without its number would have to be believed."""
    keys = [f"m{i}" for i in range(40)]
    every = dict.fromkeys(keys, 0.5) | {"m39": 0.25}
    rows = [row("a", name="long " * 9, metrics=every, is_best=True), row("b", metrics=every)]
    table = RunTable(rows=rows, metric_keys=keys, sort_key="metrics.m38", best_by="m39")

    seen, text = Page(run_table_html(table)).text, run_table_text(table, width=width)

    assert " m39 " in seen
    assert "0.25" in text
    assert "m38 ▼" in text
    assert max(len(line) for line in text.splitlines()) <= width


def test_columns_that_most_runs_have_come_first():
    """One early run that logged everything does not push out what the others log."""
    once = {f"old{i}": 1.0 for i in range(30)}
    rows = [row("b", metrics={"f1": 0.5}), row("a", metrics={"f1": 0.4, **once})]
    table = RunTable(rows=rows, metric_keys=[*once, "f1"])

    assert " f1 " in Page(run_table_html(table)).text


def test_runs_of_several_experiments_say_of_which():
    """With one experiment its name stands in the caption, with several in a column."""
    both = [row("a", experiment="churn"), row("b", experiment="fraud")]
    one = [row("a", experiment="churn"), row("b", experiment="churn")]

    assert "experiment" in head(RunTable(rows=both))
    assert "fraud" in Page(run_table_html(RunTable(rows=both))).text
    assert "experiment" not in head(RunTable(rows=one))
    assert run_table_text(RunTable(rows=one)).startswith("churn · 2 runs")


def test_params_that_some_runs_merely_lack_give_way_to_metrics():
    """Eight params are enough where most say nothing; one that was asked for stays."""
    noise = {f"p{i}": "same" for i in range(20)}
    rows = [row("a", params=noise | {"lr": "1"}), row("b", params={"lr": "2"})]

    shown = head(RunTable(rows=rows, param_keys=[*noise, "lr"], sort_key="params.p19"))

    assert [word for word in shown if word[0] == "p"] == [*(f"p{i}" for i in range(6)), "p19"]
    assert "lr" in shown
