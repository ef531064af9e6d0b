"""What is kept of a project takes memory up to a bound, and past it the file is asked."""

from __future__ import annotations

import numpy as np
import pytest

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import RunQuery
from nbtrack.stores.kept import kept_points, kept_runs, kept_table
from nbtrack.stores.kept.columns import TextColumn
from nbtrack.stores.local.duckdb import DuckDBStore

RUNS, KEYS = 30, 12


@pytest.fixture
def filled(store: DuckDBStore) -> DuckDBStore:
    for n in range(RUNS):
        run = f"run{n:02}"
        text = lines.run_line(run, t=now_us(), status="FINISHED", start_us=now_us())
        for key in range(KEYS):
            text += lines.metric_line(run, f"m{key}", float(n), step=0, t=now_us())
            text += lines.param_line(run, f"p{key}", f"{n:0100}", t=now_us())
        store.append(text)
    store.fold()
    return store


def best(store: DuckDBStore, key: str) -> list[str]:
    query = RunQuery(order_by=(f"{key} DESC",), max_results=2)
    return [run.info.run_id for run in store.read_run_page(query, folded=False).runs]


def kept_keys(store: DuckDBStore) -> list[str]:
    table = store._kept._table
    assert table is not None
    return [f"{kind}.{key}" for kind, of_kind in table.columns.items() for key in of_kind]


def test_of_a_small_project_all_keys_are_kept(filled: DuckDBStore) -> None:
    """After any question."""
    best(filled, "metrics.m1")
    assert len(kept_keys(filled)) == 2 * KEYS


def test_of_many_values_the_keys_that_were_named_are_kept(
    filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parent tag is one of them: pages fold children."""
    monkeypatch.setattr(kept_runs, "MOST_CELLS", RUNS * KEYS)
    for key in ("metrics.m1", "params.p1"):
        assert best(filled, key) == ["run29", "run28"]
    assert kept_keys(filled) == ["params.p1", "metrics.m1", "tags.mlflow.parentRunId"]
    assert len(filled.search_run_columns(RunQuery()).metrics) == KEYS


def test_columns_that_were_named_first_make_room_for_others(
    filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They never take more than MOST_BYTES, but for the keys of one question."""
    monkeypatch.setattr(kept_runs, "MOST_CELLS", 0)
    monkeypatch.setattr(kept_runs, "MOST_BYTES", 3000)
    for n in range(KEYS):
        assert best(filled, f"metrics.m{n}") == ["run29", "run28"]
        assert filled._kept._table is not None
        assert filled._kept._table.size_of_columns <= 3000
    assert "metrics.m0" not in kept_keys(filled)
    assert f"metrics.m{KEYS - 1}" in kept_keys(filled)


def test_long_texts_count(filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Params of a hundred characters fill what their number alone would not."""
    monkeypatch.setattr(kept_runs, "MOST_BYTES", RUNS * KEYS * 100)
    assert best(filled, "params.p1") == ["run29", "run28"]
    assert len(kept_keys(filled)) < KEYS


def test_of_too_many_runs_nothing_is_kept(
    filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is answered as before there was anything kept."""
    monkeypatch.setattr(kept_runs, "MOST_RUNS", RUNS - 1)
    for _ in range(2):
        assert best(filled, "metrics.m1") == ["run29", "run28"]
        assert filled.count_runs(RunQuery(filter_string="metrics.m1 > 9")) == 20
    assert filled._kept._table is None


def test_histories_are_kept_up_to_a_number_of_points(
    filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were read last."""
    monkeypatch.setattr(kept_points, "MOST_POINTS", 12)  # 1 point, 2 names and the answer itself
    monkeypatch.setattr("nbtrack.stores.local.signs.TICK_SECONDS", 0.0)
    for n in range(KEYS):
        assert [point.value for point in filled.read_metrics("run07", f"m{n}")] == [7.0]
    answers = filled._points._answers
    assert [("run07", f"m{n}") in answers for n in range(KEYS)] == [
        n >= KEYS - 3 for n in range(KEYS)
    ]


def test_histories_that_are_empty_are_counted_too(
    filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And so are the runs that a question names."""
    monkeypatch.setattr(kept_points, "MOST_POINTS", 20)
    monkeypatch.setattr("nbtrack.stores.local.signs.TICK_SECONDS", 0.0)
    for n in range(KEYS):
        assert filled.read_series(["nobody"] * 3, [f"none{n}"], x="step") == []
        assert filled.read_series(["nobody"] * 30, [f"none{n}"], x="step") == []
    assert 0 < len(filled._points._answers) <= 4


def test_facts_of_runs_as_records_are_kept_up_to_a_number(
    filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are asked for at once, or one after the other."""
    monkeypatch.setattr(kept_table, "_MOST_INFOS", 10)
    assert len(filled.search_run_columns(RunQuery()).infos) == RUNS
    for n in range(0, RUNS, 3):
        page = RunQuery(offset=n, max_results=3)
        assert len(filled.search_run_columns(page).infos) == 3
        assert filled._kept._table
        assert len(filled._kept._table._infos) <= 10


@pytest.mark.parametrize("bound", ["_MOST_BYTES_OF_RUNS", "_MOST_BYTES_DERIVED"])
def test_what_pages_show_and_sort_by_is_kept_up_to_a_size(
    filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """Runs with all their values, and columns of their facts."""
    monkeypatch.setattr(kept_table, bound, 10_000)
    for key in ("run_id", "run_name", "artifact_uri", "status", "user_id"):
        query = RunQuery(order_by=(f"{key} DESC",), max_results=5)
        assert len(filled.read_run_page(query, folded=False).runs) == 5
        table = filled._kept._table
        assert table
        assert 0 < (table._runs if bound.endswith("RUNS") else table._derived).size <= 10_000


def test_answers_are_kept_up_to_a_number_of_cells(
    filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Together."""
    monkeypatch.setattr(kept_table, "_MOST_CELLS_OF_ANSWERS", 100)
    for n in range(1, RUNS):
        assert len(filled.search_run_columns(RunQuery(max_results=n)).infos) == n
        assert filled._kept._table
        assert filled._kept._table._answers.size <= 100


def test_texts_that_no_run_has_any_more_are_forgotten() -> None:
    """A tag that is set again and again, of one run after the other."""
    column = TextColumn(3)
    column.put(np.array([0, 1]), ["first", "7"], [None, 7.0])
    for n in range(10_000):
        column.drop(np.array([2]))
        column.put(np.array([2]), [f"text {n}"], [float(n)])
    assert column.size < 400_000
    everything = np.array([0, 1, 2])
    assert column.shown(everything).tolist() == ["first", "7", "text 9999"]
    assert column.as_numbers().shown(everything).tolist() == [None, 7.0, 9999.0]
    assert column.where("7".__eq__).tolist() == [False, True, False]
    assert column.ranks().argsort().tolist() == [1, 0, 2]


def test_keys_of_one_question_that_are_too_large_are_not_kept_behind_it(
    filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is answered all the same, each time."""
    monkeypatch.setattr(kept_runs, "MOST_CELLS", 0)
    monkeypatch.setattr(kept_runs, "MOST_BYTES", 5000)
    for _ in range(2):
        values = filled.read_run_values(RunQuery(), [f"params.p{n}" for n in range(KEYS)])
        assert [len(texts) for texts in values.columns.values()] == [RUNS] * KEYS
        assert filled._kept._table
        assert filled._kept._table.size_of_columns <= 5000


def test_of_runs_with_long_names_nothing_is_kept(
    filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts of facts count too, also those that come later."""
    monkeypatch.setattr(kept_runs, "MOST_BYTES_OF_FACTS", RUNS * 1000)
    assert best(filled, "metrics.m1") == ["run29", "run28"]
    assert filled._kept._table
    for n in range(RUNS):
        filled.append(lines.run_line(f"run{n:02}", t=now_us(), name="x" * 1000))
    assert best(filled, "metrics.m1") == ["run29", "run28"]
    assert filled._kept._table is None


def test_of_runs_that_have_become_too_many_nothing_is_kept(
    filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was kept of the first ones is freed."""
    monkeypatch.setattr(kept_runs, "MOST_RUNS", RUNS)
    assert best(filled, "metrics.m1") == ["run29", "run28"]
    assert filled._kept._table
    filled.append(lines.run_line("more", t=now_us(), status="FINISHED", start_us=now_us()))
    assert best(filled, "metrics.m1") == ["run29", "run28"]
    assert filled._kept._table is None


def test_a_search_of_a_large_project_reads_nothing_in_vain(
    filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where not all keys can be kept it is the file's to answer, before anything is read."""
    monkeypatch.setattr(kept_runs, "MOST_CELLS", 0)
    query = RunQuery(filter_string="metrics.m1 > 9", max_results=10)
    for _ in range(2):
        assert len(filled.search_run_columns(query).infos) == 10
        assert filled._kept._table is None
    assert filled._kept._is_large


def test_a_store_that_was_closed_keeps_nothing(
    filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever still holds it holds no runs."""
    monkeypatch.setattr("nbtrack.stores.local.signs.TICK_SECONDS", 0.0)
    best(filled, "metrics.m1")
    filled.read_metrics("run07", "m1")
    assert filled._kept._table
    filled.close()
    assert filled._kept._table is None
    assert len(filled._points._answers) == 0
