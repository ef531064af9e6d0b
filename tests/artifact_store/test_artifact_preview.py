"""What is shown of an artifact, from real files of a real run."""

from __future__ import annotations

import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

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


def test_large_whole_numbers_keep_their_digits(artifacts):
    """A page's numbers have 53 bits: past them an id would be another one."""
    csv = shown(artifacts, "t.csv", f"id\n{2**53 + 1}\n5\n")
    json = shown(artifacts, "t.json", f'{{"columns": ["id"], "data": [[-{2**53 + 1}], [true]]}}')

    assert csv.content["rows"] == [["9007199254740993"], [5]]
    assert json.content["rows"] == [["-9007199254740993"], [True]]


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


CHART = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.20.1.json",
    "data": {"values": [{"a": 1}, {"a": 3}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a", "type": "quantitative"}},
}


@pytest.mark.slow  # another process draws
def test_vega_lite_is_its_picture(artifacts):
    """As of a chart that a cell displayed; what is no chart after all is JSON."""
    found = shown(artifacts, "figures/figure_1.vl.json", json.dumps(CHART))
    other = shown(artifacts, "other.vl.json", '{"mark": ["no", "chart"]}')

    assert (found.kind, found.content["mime"]) == ("image", "image/png")
    assert base64.b64decode(found.content["base64"]).startswith(b"\x89PNG")
    assert (other.kind, json.loads(other.content)) == ("json", {"mark": ["no", "chart"]})


@pytest.mark.slow
def test_nothing_is_fetched_for_a_picture(artifacts):
    """Data that a chart names by an address stay where they are."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        image = {"type": "image", "url": f"{url}/a.png"}
        charts = {**CHART, "data": {"url": f"{url}/a.csv"}}, {**CHART, "mark": image}
        kinds = [shown(artifacts, "a.vl.json", json.dumps(chart)).kind for chart in charts]
        server.shutdown()

    assert (kinds, asked) == (["json", "image"], [])


def test_markdown_is_read(artifacts):
    """As nodes; a file that is no text is none."""
    found = shown(artifacts, "report.md", "# All fine\n\n<script>x</script>")

    assert [node["tag"] for node in found.content] == ["h4", "p"]
    assert shown(artifacts, "binary.md", b"\0\1").kind == "none"


def test_columns_of_one_name_are_told_apart(artifacts):
    """And a row that is too short is filled up."""
    found = shown(artifacts, "t.json", '{"columns": ["a", "a"], "data": [[1]]}')

    assert found.content["columns"] == ["a", "a_1"]
    assert found.content["rows"] == [[1, None]]
