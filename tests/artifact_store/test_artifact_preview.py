"""What is shown of an artifact, from real files of a real run."""

from __future__ import annotations

import json

import pytest

from nbtrack.artifact_store.artifact_preview import MOST_ROWS, MOST_TEXT_BYTES, preview
from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.errors import ArtifactNotFound, InvalidValue


@pytest.fixture
def artifacts(tmp_path):
    return open_artifacts(str(tmp_path / "run"))


def shown(artifacts, path, data):
    artifacts.write(path, data if isinstance(data, bytes) else data.encode())
    return preview(artifacts, path)


def test_a_csv_is_a_table_of_its_first_rows(artifacts):
    """As DuckDB reads it: numbers are numbers, and a missing value is none."""
    found = shown(artifacts, "a.csv", "x,y\n" + "\n".join(f"{n},{n / 2}" for n in range(150)))

    assert found.kind == "table"
    assert found.content["columns"] == ["x", "y"]
    assert found.content["rows"][1] == [1, 0.5]
    assert len(found.content["rows"]) == MOST_ROWS
    assert found.is_cut


def test_a_parquet_file_is_a_table(artifacts, tmp_path):
    """Dates travel as text, an infinity too: JSON has neither."""
    import pandas as pd

    frame = pd.DataFrame({"d": pd.to_datetime(["2026-01-02"]), "v": [float("inf")]})
    frame.to_parquet(tmp_path / "t.parquet")

    found = shown(artifacts, "t.parquet", (tmp_path / "t.parquet").read_bytes())

    assert found.content["rows"] == [["2026-01-02T00:00:00", "inf"]]
    assert json.dumps(found.content, allow_nan=False)


def test_a_file_name_is_no_pattern(artifacts):
    """`a[1]*.csv` names one file, whatever DuckDB makes of such signs."""
    shown(artifacts, "a1x.csv", "wrong\n1")

    found = shown(artifacts, "a[1]*.csv", "right\n2")

    assert found.content["columns"] == ["right"]


def test_what_log_table_wrote_is_a_table(artifacts):
    """Other JSON is indented text."""
    table = shown(artifacts, "t.json", '{"columns": ["a"], "data": [[1], [null]]}')
    other = shown(artifacts, "o.json", '{"a": [1, 2]}')

    assert table.content["rows"] == [[1], [None]]
    assert other.kind == "json"
    assert '\n  "a"' in other.content


def test_what_is_not_what_its_name_says_is_text(artifacts):
    """A broken file is looked at as it is."""
    assert shown(artifacts, "a.json", "{broken").kind == "text"
    assert shown(artifacts, "a.ipynb", "[1]").kind == "text"
    assert shown(artifacts, "a.parquet", "no parquet").kind == "text"


def test_long_text_is_cut(artifacts):
    """And says so."""
    found = shown(artifacts, "log.txt", "x" * (MOST_TEXT_BYTES + 5))

    assert len(found.content) == MOST_TEXT_BYTES
    assert found.is_cut


def test_bytes_are_not_shown_as_text(artifacts):
    """A model file says only what it is."""
    assert shown(artifacts, "model.pkl", b"\x80\x04\x00\x01").kind == "none"


def test_a_picture_travels_whole(artifacts):
    """As base64, with its type."""
    found = shown(artifacts, "p.PNG", b"\x89PNG....")

    assert found.content["mime"] == "image/png"


def test_a_notebook_is_its_cells(artifacts):
    """Sources and the text of outputs."""
    cell = {"cell_type": "code", "source": ["a = 1\n", "a"]}
    cell["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": "1"}}]

    found = shown(artifacts, "n.ipynb", json.dumps({"cells": [cell]}))

    assert found.content == [{"kind": "code", "source": "a = 1\na", "outputs": ["1"]}]


def test_a_path_outside_and_a_missing_one_are_refused(artifacts):
    """What a browser sent is untrusted."""
    with pytest.raises(InvalidValue):
        preview(artifacts, "../secret")
    with pytest.raises(ArtifactNotFound):
        preview(artifacts, "none.txt")
