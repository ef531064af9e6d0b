"""Tables keep their numbers, texts and gaps, and MLflow can read them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from nbtrack.artifact_store.artifact_formats import (
    decode_table,
    encode_table,
)
from nbtrack.errors import InvalidValue


def round_trip(table, path="t.json", previous=None):
    return decode_table(encode_table(table, path, previous=previous), path)


def test_a_table_is_written_as_mlflow_writes_it():
    """Columns and rows, no index; a DataFrame and a dict give the same bytes."""
    table = {"a": [1, 2], "b": ["x", None]}

    data = encode_table(table, "t.json")

    assert json.loads(data) == {"columns": ["a", "b"], "data": [[1, "x"], [2, None]]}
    assert encode_table(pd.DataFrame(table, index=[5, 6]), "t.json") == data


def test_mlflow_reads_our_table_and_we_read_theirs(tmp_path):
    """The reader behind mlflow.load_table takes our files; we take what its writer makes."""
    mlflow = pytest.importorskip("mlflow")
    frame = pd.DataFrame({"q": ["what?", "ü 表"], "score": [0.5, None], "n": [1, 2]})
    ours, theirs = tmp_path / "ours.json", tmp_path / "theirs.json"
    ours.write_bytes(encode_table(frame, "t.json"))
    frame.to_json(theirs, orient="split", index=False, date_format="iso")

    # Without a client object, which would make a database.
    read = mlflow.MlflowClient._read_from_file(None, str(ours))

    pd.testing.assert_frame_equal(read, frame)
    pd.testing.assert_frame_equal(decode_table(theirs.read_bytes(), "theirs.json"), frame)


@pytest.mark.parametrize("path", ["t.json", "t.parquet"])
def test_appending_unites_the_columns(path):
    """Earlier rows come first; a cell that a row does not have is missing."""
    previous = encode_table({"a": [1, 2], "b": ["x", "y"]}, path)

    frame = round_trip(pd.DataFrame({"b": ["z"], "c": [0.5]}), path, previous)

    assert list(frame.columns) == ["a", "b", "c"]
    assert frame["b"].tolist() == ["x", "y", "z"]
    assert frame["a"].isna().tolist() == [False, False, True]
    assert frame["c"].isna().tolist() == [True, True, False]


@pytest.mark.parametrize("path", ["t.json", "t.parquet"])
def test_numbers_keep_every_digit(path):
    """Small, long and infinite floats and large integers come back as they were."""
    floats = [0.1234567890123456, 1e-300, float("inf"), float("-inf")]
    integers = [2**62 + 1, 3, 4, 5]

    frame = round_trip({"f": floats, "i": integers}, path)
    again = round_trip({"f": [1.0]}, path, encode_table({"f": floats, "i": integers}, path))

    assert frame["f"].tolist() == again["f"].tolist()[:4] == floats
    assert frame["i"].tolist() == integers


def test_appending_does_not_round_earlier_integers():
    """A missing value beside a large integer does not turn it into a float in the file."""
    first = encode_table({"i": [2**62 + 1]}, "t.json")

    second = encode_table({"j": [1]}, "t.json", previous=first)

    assert json.loads(second)["data"] == [[2**62 + 1, None], [None, 1]]


def test_missing_values_of_every_kind_are_null():
    """NaN, None, NaT and NA are one thing in the file, also beside an infinity."""
    frame = pd.DataFrame(
        {
            "f": [float("nan"), float("inf")],
            "t": [pd.NaT, pd.Timestamp("2024-01-02")],
            "n": pd.array([1, None], dtype="Int64"),
            "o": [None, {"deep": [float("nan")]}],
        }
    )

    rows = json.loads(encode_table(frame, "t.json"))["data"]

    assert rows == [
        [None, None, 1, None],
        [float("inf"), "2024-01-02T00:00:00", None, {"deep": [None]}],
    ]


def test_texts_that_look_like_numbers_stay_texts():
    """A reader that guesses would turn the code 007 into the number 7."""
    assert round_trip({"code": ["007", "1e3"], "date": ["soon", "late"]}).to_dict("list") == {
        "code": ["007", "1e3"],
        "date": ["soon", "late"],
    }


def test_times_come_back_as_times_in_columns_named_so():
    """The rule of pandas' reader, for texts that are times; numbers are left alone."""
    times = pd.to_datetime(["2024-01-02T03:04:05.123456789", None])

    frame = round_trip(pd.DataFrame({"created_at": times, "timestamp": [1, 2]}))

    assert frame["created_at"].tolist()[0] == times[0]
    assert frame["created_at"].isna().tolist() == [False, True]
    assert frame["timestamp"].tolist() == [1, 2]


def test_a_dict_of_single_values_is_one_row():
    """Single values make a row; beside lists they repeat."""
    assert json.loads(encode_table({"a": 1, "b": "xy"}, "t.json"))["data"] == [[1, "xy"]]
    assert json.loads(encode_table({"a": [1, 2], "b": "x"}, "t.json"))["data"] == [
        *([1, "x"], [2, "x"])
    ]
    arrays = {"a": np.array([1, 2]), "b": pd.Series([0.5, 1.5]), "c": np.zeros((2, 2))}
    assert json.loads(encode_table(arrays, "t.json"))["data"] == [
        *([1, 0.5, [0.0, 0.0]], [2, 1.5, [0.0, 0.0]])
    ]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"a": [1, 2], "b": [1]}, r"equally long.*'a': 2, 'b': 1"),
        ([1, 2], "not list"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "one name for each column"),
    ],
)
@pytest.mark.parametrize("path", ["t.json", "t.parquet"])
def test_what_is_no_table_is_refused(table, message, path):
    """The error names what does not fit."""
    with pytest.raises(InvalidValue, match=message):
        encode_table(table, path)


@pytest.mark.parametrize("path", ["t.json", "t.parquet"])
@pytest.mark.parametrize("junk", [b"", b"{}", b"[]", b'{"columns": ["a"], "data": [[1, 2]]}'])
def test_a_file_that_is_no_table_is_named(path, junk):
    """Reading or appending to something else says so, and does not overwrite it."""
    with pytest.raises(InvalidValue, match=f"{path}.*holds no table"):
        decode_table(junk, path)
    with pytest.raises(InvalidValue, match=f"{path}.*holds no table"):
        encode_table({"a": [1]}, path, previous=junk)


@pytest.mark.parametrize("path", ["t.csv", "t", "json"])
def test_a_table_file_is_json_or_parquet(path):
    """Other suffixes are refused with the two that work."""
    with pytest.raises(InvalidValue, match=r"\.json or \.parquet"):
        encode_table({"a": [1]}, path)


def test_a_mixed_column_does_not_fit_into_parquet():
    """Parquet has one type for a column; the error is ours and names the file."""
    with pytest.raises(InvalidValue, match=r"'t\.parquet' does not fit"):
        encode_table({"a": [1, "x"]}, "t.parquet")


def test_a_table_without_rows_keeps_its_columns():
    """An empty result is a result."""
    assert list(round_trip({"a": [], "b": []}).columns) == ["a", "b"]
    assert round_trip(pd.DataFrame()).empty
