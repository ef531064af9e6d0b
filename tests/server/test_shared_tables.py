"""A table to which machines add rows, as the server keeps it: nobody's rows are lost, and nobody
keeps others from theirs."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nbtrack.artifact_store.table_formats import decode_table, encode_table
from nbtrack.base.locks import held
from nbtrack.errors import InvalidValue, OtherBytes, RunDeleted
from nbtrack.remote.protocol import RUNS
from nbtrack.server.artifact_places import Place
from nbtrack.server.nbtrack_protocol.tables import drop_file, remove_files, take_rows
from nbtrack.server.served import Served

A, B = "a" * 32, "b" * 32  # machines
DEEP = b"[" * 100_000


class Table:
    """Of a run of a project of its own, as a thread of the server sees it."""

    def __init__(self, folder: Path, path: str = "t.json") -> None:
        self.served = Served((folder / ".nbtrack").as_uri())
        run_id = self.served.client.create_run("0").info.run_id
        self.place = Place(RUNS, run_id, path)

    def add(self, machine: str, *who: str) -> None:
        """All rows of *machine*, as it has them by now."""
        self.send(machine, self.encoded(*who))

    def send(self, machine: str, rows: bytes) -> None:
        take_rows(self.served, self.place, machine, [rows], hashlib.sha256(rows).hexdigest())

    def log(self, *who: str) -> None:
        """As a whole, as MLflow's clients do."""
        self.served.keep(self.place, [self.encoded(*who)])

    def encoded(self, *who: str) -> bytes:
        return encode_table({"who": list(who)}, self.place.path)

    @property
    def rows(self) -> list[Any]:
        table = self.served.files(self.place).read(self.place.path)
        return decode_table(table, self.place.path)["who"].tolist()


@pytest.fixture(params=["t.json", "sub/t.parquet"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Table:
    return Table(tmp_path, request.param)


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("t.json", b"no table"),
        ("t.json", DEEP),
        ("t.json", json.dumps({"columns": ["who"], "data": [{"who": 1}]}).encode()),
        ("t.json", json.dumps({"columns": [["who"]], "data": [[1]]}).encode()),
        ("t.json", json.dumps({"columns": "w", "data": [[1]]}).encode()),
        ("t.parquet", b"no table"),
        ("t.parquet", b"PAR1" + bytes(50) + b"PAR1"),
        ("t.parquet", encode_table({"who": [{"not": "a text"}]}, "t.parquet")),
    ],
)
def test_rows_that_cannot_be_joined_are_nobodys_fault_but_their_senders(
    tmp_path: Path, path: str, rows: bytes
) -> None:
    table = Table(tmp_path, path)
    table.add(A, "a1")
    with pytest.raises(InvalidValue):
        table.send(B, rows)
    table.add(A, "a1", "a2")
    table.add("c" * 32, "c1")

    assert table.rows == ["a1", "a2", "c1"]


@pytest.mark.parametrize("rows", [b"no table", DEEP, b'{"columns": ["a"], "data": [{"a": 1}]}'])
def test_rows_that_are_none_are_not_kept_as_the_first_either(tmp_path: Path, rows: bytes) -> None:
    table = Table(tmp_path)
    with pytest.raises(InvalidValue, match="holds no table"):
        table.send(A, rows)
    table.add(B, "b1")

    assert table.rows == ["b1"]


def test_rows_are_not_kept_before_what_was_there_is(table: Table) -> None:
    """Or who is killed between the two leaves nothing of it. Here the disk does not take it."""
    table.log("mlflow")
    parts = table.served.folder.joinpath("received", "tables", *table.place[1:])
    in_the_way = [parts / f"{number:06d}-before" for number in (0, 1)]
    for each in in_the_way:
        each.mkdir(parents=True)
    with suppress(InvalidValue):
        table.add(A, "a1")
    for each in in_the_way:
        each.rmdir()
    table.add(A, "a1")

    assert table.rows == ["mlflow", "a1"]


def test_rows_that_others_added_to_the_whole_stay(table: Table) -> None:
    table.add(A, "a1")
    table.add(B, "b1")
    table.log("a1", "b1", "mlflow")
    table.add(A, "a1", "a2")
    table.log("a1", "a2", "b1", "mlflow", "more")
    table.add(B, "b1", "b2")
    table.add(B, "b1", "b2")  # again, because the answer was lost

    assert table.rows == ["a1", "a2", "b1", "b2", "mlflow", "more"]


def test_rows_stay_one_each_when_mlflow_writes_them_again(table: Table) -> None:
    """Its client reads and writes the whole with pandas, which rounds."""
    columns = {
        "who": ["a1", "a2", "007"],
        "exact": [0.1 + 0.2, 1e-12, -1e22 / 3],
        "some": [1, None, 3],
        "none": [None, float("inf"), 2.5],
        "date": ["2024-01-01T02:00:00+02:00", "2024-02-29T23:59:59.123456+02:00", None],
        "more": ["x" * 5, None, '{"a": 1}'],
    }
    table.send(A, encode_table(columns, table.place.path))
    there = str(table.served.files(table.place).download(table.place.path))
    more = pd.DataFrame({"who": ["mlflow"], "loss": [0.5]})
    if there.endswith(".json"):
        whole = pd.concat([pd.read_json(there, orient="split"), more], ignore_index=True)
        text = whole.to_json(orient="split", index=False, date_format="iso").encode()
    else:
        whole = pd.concat([pd.read_parquet(there), more], ignore_index=True)
        text = whole.to_parquet()
    table.served.keep(table.place, [text])
    table.add(B, "b1")
    table.add(B, "b1", "b2")

    assert table.rows == ["a1", "a2", "007", "mlflow", "b1", "b2"]


def test_a_table_that_others_put_in_its_place_stays(table: Table) -> None:
    table.add(A, "a1")
    table.log("another")
    table.add(A, "a1", "a2")

    assert sorted(table.rows) == ["a1", "a2", "another"]


def test_rows_that_were_kept_and_not_shown_are_there_once(table: Table) -> None:
    """As after a kill: here the run is in the bin when the table is to be written."""
    client, run_id = table.served.client, table.place.id
    table.add(A, "a1")
    table.add(B, "b1")
    table.log("a1", "b1", "mlflow")
    client.delete_run(run_id)
    with pytest.raises(RunDeleted):
        table.add(A, "a1", "a2")
    client.restore_run(run_id)
    assert table.rows == ["a1", "b1", "mlflow"]
    table.add(B, "b1", "b2")

    assert table.rows == ["a1", "a2", "b1", "b2", "mlflow"]


def test_parts_of_an_older_server_are_gone_on_with(table: Table) -> None:
    """Which has noted nothing of what it showed."""
    table.log("mlflow")
    table.add(A, "a1")
    (note,) = table.served.folder.rglob("shown")
    note.unlink()
    table.add(A, "a1", "a2")

    assert table.rows == ["mlflow", "a1", "a2"]


def test_a_table_that_is_removed_is_gone_with_all_rows(table: Table) -> None:
    for removed in ("the file", "its folder", "by the machine itself", "beside the server"):
        table.add(A, "a1")
        table.add(B, f"before {removed}")
        if removed == "the file":
            remove_files(table.served, table.place)
        elif removed == "its folder":
            folder = table.place.path.rpartition("/")[0]
            remove_files(table.served, table.place._replace(path=folder))
        else:
            table.served.client.writer(table.place.id).remove_artifacts([table.place.path])
        if removed == "by the machine itself":
            drop_file(table.served, table.place)
        table.add(A, removed)

        assert table.rows == [removed]


def test_a_folder_is_not_taken_for_a_file_that_was_removed(table: Table) -> None:
    """A file was removed, and a folder has its name by now: the machine tells late."""
    table.place = table.place._replace(path=f"plots.json/{table.place.path}")
    table.add(A, "a1")
    table.add(B, "b1")
    drop_file(table.served, table.place._replace(path="plots.json"))
    assert table.rows == ["a1", "b1"]
    table.add(A, "a1", "a2")

    assert table.rows == ["a1", "a2", "b1"]


def test_nobody_waits_for_rows_that_are_on_the_way(table: Table) -> None:
    """Of a laptop that was shut meanwhile."""
    began, ends = threading.Event(), threading.Event()
    rows = table.encoded("a1")

    def pieces() -> Iterable[bytes]:
        began.set()
        ends.wait(60)
        yield rows

    digest = hashlib.sha256(rows).hexdigest()
    slow = threading.Thread(
        target=lambda: take_rows(table.served, table.place, A, pieces(), digest)
    )
    slow.start()
    try:
        assert began.wait(60)
        with held(table.served.folder / "tables.lock") as is_free:
            assert is_free
        table.add(B, "b1")
    finally:
        ends.set()
        slow.join()

    assert table.rows == ["b1", "a1"]


def test_rows_that_are_too_many_are_refused(table: Table) -> None:
    with pytest.raises(InvalidValue, match="are more than 256 MiB"):
        take_rows(table.served, table.place, A, repeat(bytes(16 << 20), 17), "")
    with pytest.raises(OtherBytes):
        take_rows(table.served, table.place, A, [table.encoded("a1")], "0" * 64)
