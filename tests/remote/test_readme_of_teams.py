"""What README says under "As a team", done as it stands there, on a free port."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from nbtrack.records.runs import Run, RunQuery
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.support.postgres import postgres

README = (Path(__file__).parents[2] / "README.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return str(found)


def test_a_team_works_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-m", *shlex.split(block("sh"), comments=True)]
    assert command[2:] == ["nbtrack", "server"]
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path / ".nbtrack"))
    server = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = next(word for word in server.stdout.readline().split() if "http" in word)
        code = block("py").replace("http://127.0.0.1:5000", address)
        environment = {**os.environ, "NBTRACK_SERVERS_DIR": str(tmp_path / "machine")}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
    finally:
        server.terminate()
        server.wait(timeout=30)
    with closing(DuckDBStore(tmp_path / ".nbtrack")) as store:
        (run,) = store.search_runs(RunQuery())

    assert run.data.metrics == {"accuracy": 0.93}
    assert run.info.status == "FINISHED"


def test_records_go_into_postgresql(tmp_path: Path) -> None:
    """The command of README, with another address, and clients that see no difference."""
    (words,) = re.findall(r"`nbtrack (server --store postgresql:[^`]+)`. The", README)
    database = postgres().new_database()
    said = words.replace("postgresql://nbtrack@db/nbtrack", database)
    command = shlex.split(said.replace("FOLDER", str(tmp_path / "served")))
    server = subprocess.Popen(
        [sys.executable, "-m", "nbtrack", *command, "--port", "0"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        told = server.stdout.readline()
        address = next(word for word in told.split() if word.startswith("http"))
        code = block("py").replace("http://127.0.0.1:5000", address)
        environment = {**os.environ, "NBTRACK_SERVERS_DIR": str(tmp_path / "machine")}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
    finally:
        server.terminate()
        server.wait(timeout=30)
    (run,) = found_in(database, tmp_path)

    assert "nbtrack@" not in told
    assert run.data.metrics == {"accuracy": 0.93}
    assert run.info.status == "FINISHED"


def found_in(database: str, folder: Path) -> list[Run]:
    from nbtrack.stores.postgres.store import PostgresStore

    with closing(PostgresStore(database, folder)) as store:
        return store.search_runs(RunQuery())
