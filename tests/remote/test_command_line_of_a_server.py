"""`nbtrack` on the command line, with a project on a server: what it shows is what is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import nbtrack
from nbtrack.cli.main import main
from nbtrack.errors import InvalidValue
from tests.remote.test_remote_store import begin_script
from tests.support.team_server import TeamServer

LOGS = """
import nbtrack
nbtrack.set_tracking_uri({address!r})
for lr in (0.1, 0.2):
    with nbtrack.start_run(run_name=f"with {{lr}}"):
        nbtrack.log_param("lr", lr)
        nbtrack.log_metric("loss", lr / 2)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    made = TeamServer(tmp_path_factory.mktemp("team") / "served")
    process = begin_script(made.folder.parent / "a", LOGS, address=made.address)
    assert process.wait(timeout=120) == 0
    yield made
    made.kill()


@pytest.fixture
def command(
    server: TeamServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str]]:
    """Run on another machine than that which logged; its exit code, and what it says."""
    monkeypatch.setenv("NBTRACK_TRACKING_URI", server.address)
    monkeypatch.delenv("NBTRACK_DIR", raising=False)

    def run(*words: str) -> tuple[int, str]:
        return main(words), "".join(capsys.readouterr())

    return run


@pytest.mark.parametrize("words", [[], ["--store"]])
def test_what_it_shows_is_the_servers(
    command: Callable[..., tuple[int, str]],
    server: TeamServer,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the setting, and by --store."""
    if words:
        monkeypatch.delenv("NBTRACK_TRACKING_URI")
        words = ["--store", server.address]
    code, told = command(*words, "runs")
    assert code == 0
    assert "with 0.1" in told
    assert "with 0.2" in told

    code, told = command(*words, "show", "with 0.1")
    assert (code, "0.05" in told) == (0, True)
    code, told = command(*words, "diff", "with 0.1", "with 0.2")
    assert (code, "lr" in told) == (0, True)


@pytest.mark.parametrize("words", [["sql", "select count(*) from runs"], ["gc"]])
def test_what_looks_into_files_says_where_they_are(
    command: Callable[..., tuple[int, str]], server: TeamServer, words: list[str]
) -> None:
    code, told = command(*words)
    assert code == 2
    assert "is a server" in told or "is on a server" in told
    assert server.address in told
    assert "Traceback" not in told


def test_doctor_says_whether_it_answers_and_as_whom(
    command: Callable[..., tuple[int, str]], server: TeamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow's variable alone names it, and the password."""
    monkeypatch.delenv("NBTRACK_TRACKING_URI")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.address)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ana")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "geheim")
    code, told = command("doctor")
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in told.splitlines()[:7])

    assert (code, "geheim" in told) == (0, False), told
    assert rows["server"] == server.address
    assert "MLFLOW_TRACKING_URI" in rows["why there"]
    assert rows["what it is"] == "a server of nbtrack's"
    assert rows["you are"] == "ana, with a password"
    assert rows["waiting"] == "nothing"
    assert "where runs go" in told

    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    code, told = command("doctor")
    assert (code, "127.0.0.1:9 did not answer" in told or "does not answer" in told) == (1, True)


def test_sql_and_frames_of_the_registry_are_refused_in_python(server: TeamServer) -> None:
    """This machine's part alone would show what is not so."""
    nbtrack.set_tracking_uri(server.address)
    try:
        with pytest.raises(InvalidValue, match=f"on a server: {server.address}"):
            nbtrack.sql("select * from runs")
        with pytest.raises(InvalidValue, match="on a server"):
            _ = nbtrack.registry().df
    finally:
        nbtrack.set_tracking_uri(None)


def test_a_server_serves_the_project_that_is_here_whatever_it_logs_to(
    server: TeamServer, tmp_path: Path
) -> None:
    environment = {**os.environ, "NBTRACK_TRACKING_URI": server.address}
    environment.pop("NBTRACK_DIR", None)
    command = [sys.executable, "-m", "nbtrack", "server", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"{tmp_path.resolve() / '.nbtrack'} is served")
    finally:
        process.kill()
        process.wait()


def test_a_server_serves_no_other_server(command: Callable[..., tuple[int, str]]) -> None:
    code, told = command("server", "http://127.0.0.1:1", "--port", "0")
    assert code == 2
    assert "is a server" in told


def test_a_password_in_the_address_is_not_shown(command: Callable[..., tuple[int, str]]) -> None:
    _, told = command("--store", "http://ana:geheim@127.0.0.1:1", "gc")
    assert "geheim" not in told
    assert "127.0.0.1:1" in told
