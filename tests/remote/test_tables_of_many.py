"""Tables to which two machines add rows: those of both are there, each once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import nbtrack
from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.table_formats import decode_table, encode_table
from nbtrack.recording.run_writer import RunWriter
from nbtrack.remote.store import RemoteStore
from tests.remote.test_fetched_files import RUN, begun, ship
from tests.server.asking import ask
from tests.support.team_server import TeamServer

Machine = Callable[[str], RemoteStore]


def rows(store: RemoteStore, path: str) -> list[Any]:
    files = open_artifacts(f"{store.folder}/artifacts/{RUN}", run_id=RUN)
    return decode_table(files.read(path), path)["who"].tolist()


@pytest.mark.parametrize("path", ["t.json", "sub/t.parquet"])
def test_rows_of_both_are_there(machine: Machine, path: str) -> None:
    a, b = machine("a"), machine("b")
    first = begun(a)
    ship(a)
    second = RunWriter(b, RUN, artifact_uri=f"{b.folder}/artifacts/{RUN}")
    first.log_table({"who": ["a1"]}, path)
    second.log_table({"who": ["b1"], "more": [1]}, path)
    alone = rows(b, path)
    ship(a)
    ship(b)
    assert rows(a, path) == rows(b, path)
    assert sorted(rows(a, path)) == ["a1", "b1"]
    first.log_table({"who": ["a2"]}, path)
    second.log_table({"who": ["b2"]}, path)
    ship(b)
    ship(a)

    assert alone == ["b1"] or sorted(alone) == ["a1", "b1"]  # a thread may have sent them
    assert rows(a, path) == rows(b, path) == rows(machine("c"), path)
    assert sorted(rows(a, path)) == ["a1", "a2", "b1", "b2"]
    (record,) = a.list_artifact_records(RUN)
    files = open_artifacts(f"{a.folder}/artifacts/{RUN}", run_id=RUN)
    assert record.sha256 == files.sha256(path)


def test_rows_that_were_there_stay_and_a_removed_table_is_gone(
    machine: Machine, server: TeamServer
) -> None:
    """Logged by a client that sends the table as a whole, such as MLflow's."""
    a = machine("a")
    writer = begun(a)
    ship(a)
    there = nbtrack.MlflowClient((server.folder / ".nbtrack").as_uri())
    there.writer(RUN).log_bytes(encode_table({"who": ["mlflow"]}, "t.json"), "t.json")
    writer.log_table({"who": ["a"]}, "t.json")
    ship(a)
    assert rows(machine("b"), "t.json") == ["mlflow", "a"]
    writer.remove_artifacts(["t.json"])
    ship(a)
    writer.log_table({"who": ["again"]}, "t.json")
    ship(a)
    assert rows(machine("c"), "t.json") == ["again"]
    path = f"/api/2.0/mlflow-artifacts/artifacts/runs/{RUN}/t.json"
    assert ask(server.address, path, method="DELETE")[0] == 200
    second = RunWriter(b := machine("b"), RUN, artifact_uri=f"{b.folder}/artifacts/{RUN}")
    second.log_table({"who": ["b"]}, "t.json")
    ship(b)

    assert rows(machine("c"), "t.json") == ["b"]
