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

from nbtrack.records.runs import RunQuery
from nbtrack.stores.local.duckdb import DuckDBStore

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
