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
