"""search_runs as tables of three libraries: one content, each with its own types."""

from __future__ import annotations

import math
import subprocess
import sys
from datetime import UTC, datetime

import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import InvalidValue

FORMATS = ("pandas", "polars", "arrow")


@pytest.fixture(autouse=True)
def project(tmp_path):
    nbtrack.set_tracking_uri(tmp_path / ".nbtrack")
    yield tmp_path
    nbtrack.set_tracking_uri(None)


def log_two_runs():
    with nbtrack.start_run():
        nbtrack.log_params({"a": 1, "b": "x"})
        nbtrack.log_metrics({"m": 0.5, "n": float("nan")})
        nbtrack.set_tag("team", "red")
    with nbtrack.start_run():
        nbtrack.log_param("a", 2)


def rows(table):
    """Of any library, as dicts of Python's own values."""
    if isinstance(table, pd.DataFrame):
        found = table.astype(object).where(table.notna(), None).to_dict("records")
    else:
        found = table.to_dicts() if hasattr(table, "to_dicts") else table.to_pylist()
    return [{name: _plain(value) for name, value in row.items()} for row in found]


def _plain(value):
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value


@pytest.mark.parametrize("output_format", ["polars", "arrow"])
def test_columns_and_values_are_those_of_pandas(output_format):
    """In the same order, times in UTC."""
    log_two_runs()
    wanted = nbtrack.search_runs()
    table = nbtrack.search_runs(output_format=output_format)

    names = table.columns if output_format == "polars" else table.column_names
    assert list(names) == list(wanted.columns)
    assert rows(table) == rows(wanted)
    assert rows(table)[0]["start_time"].utcoffset() == datetime.now(UTC).utcoffset()


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_filter_and_an_order_hold_for_all_formats(output_format):
    """They are the store's."""
    log_two_runs()
    found = nbtrack.search_runs(
        filter_string="params.a >= 1", order_by=["params.a DESC"], output_format=output_format
    )
    assert [row["params.a"] for row in rows(found)] == ["2", "1"]


def test_polars_has_null_for_what_is_missing_and_nan_for_nan():
    """The two differ there."""
    import polars as pl

    log_two_runs()
    frame = nbtrack.search_runs(order_by=["start_time ASC"], output_format="polars")
    assert isinstance(frame, pl.DataFrame)
    assert frame["metrics.m"].to_list() == [0.5, None]
    assert frame["metrics.n"].is_nan().to_list() == [True, None]
    assert frame.schema["start_time"] == pl.Datetime("ms", "UTC")
    assert frame.schema["metrics.m"] == pl.Float64
    assert frame.schema["params.b"] == pl.String


def test_arrow_has_types_of_its_own():
    """The same for a table without rows."""
    import pyarrow as pa

    for _ in range(2):
        table = nbtrack.search_runs(output_format="arrow")
        assert isinstance(table, pa.Table)
        assert table.schema.field("end_time").type == pa.timestamp("ms", "UTC")
        assert table.schema.field("run_id").type == pa.string()
        log_two_runs()
    assert table.schema.field("metrics.m").type == pa.float64()


@pytest.mark.parametrize("output_format", FORMATS)
def test_no_runs_are_a_table_of_the_facts(output_format):
    """With their columns and no rows."""
    table = nbtrack.search_runs(output_format=output_format)
    assert len(table) == 0
    names = table.column_names if output_format == "arrow" else table.columns
    assert list(names) == [
        "run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time",
    ]  # fmt: skip


def test_an_unknown_format_is_named_with_the_choices():
    """Nothing is read before."""
    with pytest.raises(InvalidValue, match=r"'csv'.*'pandas', 'list', 'polars', 'arrow'"):
        nbtrack.search_runs(output_format="csv")


@pytest.mark.parametrize(("output_format", "library"), [("polars", "polars"), ("arrow", "pyarrow")])
def test_a_library_that_is_missing_is_named_with_its_cure(output_format, library, project):
    """In a process that cannot import it."""
    source = f"""
import sys
sys.modules[{library!r}] = None
import nbtrack
nbtrack.set_tracking_uri({str(project / ".nbtrack")!r})
nbtrack.search_runs(output_format={output_format!r})
"""
    done = subprocess.run([sys.executable, "-c", source], stderr=subprocess.PIPE, text=True)
    assert f"This needs {library}: pip install 'nbtrack[{output_format}]'" in done.stderr


def test_a_frame_is_the_callers_own():
    """What is done to it is not seen by the next search, which is answered from memory."""
    log_two_runs()
    first = nbtrack.search_runs()
    first.loc[:, "params.a"] = "changed"
    first["more"] = 1
    second = nbtrack.search_runs()
    assert sorted(second["params.a"]) == ["1", "2"]
    second.loc[0, "params.a"] = "changed"
    assert sorted(nbtrack.search_runs()["params.a"]) == ["1", "2"]
    assert "more" not in second.columns
