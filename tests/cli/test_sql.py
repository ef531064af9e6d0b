from __future__ import annotations

import csv
import io
import json

import pytest


@pytest.fixture
def metric(client) -> None:
    run_id = client.create_run("0").info.run_id
    client.log_metric(run_id, "loss", 0.25)


def test_sql_prints_an_aligned_table(metric, nbtrack):
    """Without an option, people read it: heads, numbers to the right, the number of rows."""
    _, out, _ = nbtrack("sql", "select key, value from metrics")

    assert out.splitlines() == ["key   value", "---   -----", "loss   0.25", "(1 row)"]


def test_csv_is_for_programs(metric, nbtrack):
    """--csv is nothing but CSV, with a head."""
    _, out, _ = nbtrack("sql", "select key, value from metrics", "--csv")

    assert list(csv.DictReader(io.StringIO(out))) == [{"key": "loss", "value": "0.25"}]


def test_json_is_for_programs(metric, nbtrack):
    """--json is one array of objects."""
    _, out, _ = nbtrack("sql", "select key, value from metrics", "--json")

    assert json.loads(out) == [{"key": "loss", "value": 0.25}]


@pytest.mark.parametrize("query", ["delete from metrics", "select nonsense from runs", "selec"])
def test_what_is_no_query_is_refused(metric, nbtrack, query):
    """Wrong SQL, and SQL that would write, is an error and changes nothing."""
    code, _, err = nbtrack("sql", query)

    assert code == 2
    assert "Traceback" not in err
    assert nbtrack("sql", "select count(*) from metrics", "--csv")[1].split()[1] == "1"


def test_a_missing_value_is_no_text(metric, nbtrack):
    """The word None is what somebody logged; a dash is what nobody did."""
    _, out, _ = nbtrack("sql", "select 'None' as said, null as missing, '<NA>' as odd")

    assert out.splitlines()[2].split() == ["None", "–", "<NA>"]


def test_long_cells_are_cut_to_the_terminal(metric, nbtrack, monkeypatch):
    """The widest are cut, all alike; a remark says where the whole is."""
    monkeypatch.setenv("COLUMNS", "50")
    query = "select key, repeat('ab', 999) as a, repeat('cd', 99) as b, value from metrics"

    _, out, _ = nbtrack("sql", query)

    *table, remark = out.splitlines()
    assert max(map(len, table)) <= 50
    assert "loss" in table[2]
    assert table[2].count("…") == 2
    assert remark == "(1 row; --csv and --json have what is cut here)"
    assert "ab" * 999 in nbtrack("sql", query, "--csv")[1]
