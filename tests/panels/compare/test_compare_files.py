"""Files of one name in two runs, compared as their page asks."""

from __future__ import annotations

import pytest

import nbtrack
from nbtrack.panels.compare.file_changes import MOST_ROWS, MOST_SHOWN
from nbtrack.recording.session import current_session
from tests.support.panel_page import runs_page

pytestmark = pytest.mark.usefixtures("project")


def run_with(**files: str | bytes) -> str:
    """A file `a.csv` is given as `a_csv`."""
    with nbtrack.start_run() as run:
        for name, data in files.items():
            content = data if isinstance(data, bytes) else data.encode()
            run.log_bytes(content, name.replace("_", "."))
    return run.info.run_id


def compared(path: str, before: str | bytes, after: str | bytes) -> dict:
    ids = [run_with(**{path.replace(".", "_"): each}) for each in (before, after)]
    page = runs_page(current_session().store)
    return page.ask("compare_file", path=path, before=ids[0], after=ids[1])


def shared(*runs: str) -> list[tuple[str, str, bool]]:
    found = runs_page(current_session().store).ask("compare_files", runs=list(runs))
    return [(each["path"], each["kind"], each["isSame"]) for each in found]


def test_cells_that_changed_say_what_they_were():
    """With equal decimals; rows that are the same are counted, and how many were looked at."""
    found = compared("t.csv", "class,f1\na,0.5\nb,0.75\nc,1\n", "class,f1\na,0.5\nb,0.8125\nd,1\n")

    assert [(row["sign"], row["cells"]) for row in found["rows"]] == [
        ("~", [["b", None], ["0.812", "0.750"]]),
        ("-", [["c", None], ["1.000", None]]),
        ("+", [["d", None], ["1.000", None]]),
    ]
    assert found["words"] == (
        "1 row changed, 1 added, 1 removed, 1 the same; 3 rows looked at;"
        " rows are told apart by class"
    )
    assert [column["isNumber"] for column in found["columns"]] == [False, True]


def test_tables_of_log_table_and_parquet_too(tmp_path):
    import pandas as pd

    one, two = pd.DataFrame({"x": [0.5, 0.25]}), pd.DataFrame({"x": [0.5, 0.75]})
    one.to_parquet(tmp_path / "one.parquet")
    two.to_parquet(tmp_path / "two.parquet")
    files = [(tmp_path / f"{name}.parquet").read_bytes() for name in ("one", "two")]

    assert compared("t.parquet", *files)["rows"][0]["cells"] == [["0.75", "0.25"]]
    found = compared(
        "t.json", '{"columns": ["x"], "data": [[0.5]]}', '{"columns": ["x"], "data": [[1.5]]}'
    )
    assert found["rows"][0]["cells"] == [["1.5", "0.5"]]
    assert found["words"].endswith("row by row")


def test_numbers_that_are_rounded_alike_are_told_in_full():
    found = compared("t.csv", "id,x\na,0.12345678\nb,100\n", "id,x\na,0.12345679\nb,100\n")

    assert found["rows"][0]["cells"][1] == ["0.12345679", "0.12345678"]


def test_no_number_is_too_large():
    table = '{"columns": ["x"], "data": [[1%s], [2]]}'
    found = compared("t.json", table % ("0" * 400), table % ("0" * 399 + "1"))

    assert found["kind"] == "table"
    assert len(found["rows"]) == 2


def test_columns_that_differ_stand_behind_the_key():
    found = compared("t.csv", "x,gone,id,y\n1.5,1,a,1.5\n", "x,id,y\n1.5,a,2.5\n")

    assert [(c["name"], c["sign"]) for c in found["columns"]] == [
        ("id", "="), ("gone", "-"), ("y", "="), ("x", "="),
    ]  # fmt: skip
    assert found["words"].startswith("1 column removed; 1 row changed;")


def test_a_large_table_is_looked_at_in_part():
    """The words say how much of it, and how much is shown."""
    head = "x\n" + "\n".join(f"{n}.5" for n in range(MOST_ROWS + 10))
    found = compared("t.csv", head, head.replace(".5", ".25"))

    assert "the first 2,000 rows looked at" in found["words"]
    assert len(found["rows"]) == MOST_SHOWN
    assert found["more"] == MOST_ROWS - MOST_SHOWN


def test_texts_are_compared_line_by_line():
    """JSON that is no table is, indented; a table beside a text is a text."""
    found = compared("c.json", '{"a": 1, "b": 2}', '{"a": 1, "b": 3}')

    assert found["lines"] == [
        ["=", "{", "{"], ["=", '  "a": 1,', '  "a": 1,'], ["~", '  "b": 2', '  "b": 3'],
        ["=", "}", "}"],
    ]  # fmt: skip
    assert found["words"] == "1 line changed, 3 the same"
    assert compared("n.md", "a\n", "a\nb\n")["lines"][1] == ["+", None, "b"]
    assert compared("t.json", '{"columns": ["x"], "data": [[1]]}', "[1]")["kind"] == "text"


def test_what_is_no_text_is_said_to_be_none():
    assert compared("x.txt", b"\0\1", b"\0\2")["kind"] == "none"


def test_tables_that_are_the_same():
    """Written in another way, they are."""
    found = compared("t.csv", "x\n1\n", "x\n1.0\n")

    assert found["words"] == "the same (1 row looked at)"
    assert found["rows"] == []


def test_which_files_are_compared():
    """Pictures first; no files of models, no figures' JSON, no numbers beside their picture."""
    files = {"b_csv": "x\n1\n", "p_png": b"1", "p_json": "{}", "f_plotly_json": "{}", "m_pkl": "x"}
    ids = [run_with(**files), run_with(**{**files, "b_csv": "x\n2\n"}), run_with(z_txt="z")]
    for run_id in ids:
        with nbtrack.start_run(run_id=run_id) as run:
            run.log_bytes(b"x", "model/MLmodel")
            run.log_bytes(b"x", "model/conda.yaml")

    assert shared(*ids) == [("p.png", "picture", True), ("b.csv", "text", False)]
