"""Files of nbtrack's own clients, where the server keeps them in a bucket."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.journal import lines
from nbtrack.recording.run_writer import RunWriter
from nbtrack.remote.store import RemoteStore
from tests.support.bucket_store import BucketStore, bucket_store, known_to_this_process
from tests.support.team_server import TeamServer

README = (Path(__file__).parents[2] / "README.md").read_text()
LARGE = 3_000_000  # bytes: it goes to the bucket itself
Machine = Callable[[str], RemoteStore]


@pytest.fixture(scope="module")
def bucket() -> Iterator[BucketStore]:
    with known_to_this_process(found := bucket_store()):
        yield found


@pytest.fixture(scope="module")
def server(bucket: BucketStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    """By the command of README, with another address."""
    (words,) = re.findall(r"`nbtrack server (--artifacts s3://[^`]+)`", README)
    options = words.replace("s3://bucket/prefix", bucket.new_bucket()).split()
    made = TeamServer(tmp_path_factory.mktemp("served"), *options)
    yield made
    made.kill()


def begun(store: RemoteStore) -> RunWriter:
    run = os.urandom(16).hex()
    store.append(
        lines.run_line(
            run, t=lines.now_us(), experiment_id="0", name="x", status="RUNNING", start_us=1,
            writer=store.writer,
        )
    )  # fmt: skip
    return RunWriter(store, run, artifact_uri=f"{store.folder}/artifacts/{run}")


def files_on(store: RemoteStore, run: RunWriter) -> ArtifactStore:
    return open_artifacts(f"{store.folder}/artifacts/{run.run_id}", run_id=run.run_id)


def all_sent(store: RemoteStore) -> bool:
    until = time.monotonic() + 120
    while not store.ship() and time.monotonic() < until:
        time.sleep(0.1)
    return store.outbox.waiting_files() == 0


def uploads(asked: list[str]) -> int:
    return len([each for each in asked if each.startswith("PUT ") and "/incoming/" in each])


def test_large_files_go_straight_to_the_bucket_and_come_from_there(
    machine: Machine, bucket: BucketStore, tmp_path: Path
) -> None:
    """And small ones through the server; both are what was logged. What is there already is not
    sent again, for another run."""
    large = os.urandom(LARGE)
    here, before = machine("one"), len(bucket.requests())
    for name in ("large.bin", "again.bin"):
        run = begun(here)
        (tmp_path / name).write_bytes(large)
        run.log_artifact(tmp_path / name, "é #")
        run.log_text("small", "small.txt")
    assert all_sent(here)
    asked = bucket.requests()[before:]
    files = files_on(machine("two"), run)
    got = files.read("é #/again.bin")
    fetched = bucket.requests()[before + len(asked) :]

    assert got == large
    assert files.read("small.txt") == b"small"
    assert uploads(asked) == 1
    assert len([each for each in fetched if each.startswith("GET ") and "/blobs/" in each]) == 1
    assert [file.path for file in files.walk()] == ["small.txt", "é #/again.bin"]


def test_where_the_bucket_is_out_of_reach_files_go_through_the_server(
    machine: Machine, bucket: BucketStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "large.bin").write_bytes(os.urandom(LARGE))
    here, there, before = machine("one"), machine("two"), len(bucket.requests())
    for store in (here, there):
        monkeypatch.setattr(store.line, "elsewhere", lambda *_, **__: None)
    run = begun(here)
    run.log_artifact(tmp_path / "large.bin")

    assert all_sent(here)
    assert files_on(there, run).read("large.bin") == (tmp_path / "large.bin").read_bytes()
    assert uploads(bucket.requests()[before:]) == 0


def test_doctor_looks_into_the_bucket(machine: Machine, server: TeamServer) -> None:
    """Told where files are, it misses none; not told, it says how to tell it."""
    here = machine("one")
    begun(here).log_text("kept", "a.txt")
    assert all_sent(here)
    at = [option for option in server._options if option.startswith(("--artifacts", "s3://"))]

    whole = doctor(server.folder, *at)
    without = doctor(server.folder)
    assert "not there" not in whole.stdout
    assert whole.returncode == 0
    assert "--artifacts s3://" in without.stdout
    assert without.returncode == 1


def doctor(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nbtrack", "doctor", "--store", str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True)


def test_while_the_bucket_is_away_lines_go_on_and_files_wait(
    machine: Machine, server: TeamServer, bucket: BucketStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.kill()
    with monkeypatch.context() as away:
        away.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        server.begin()
    here, there = machine("one"), machine("two")
    run = begun(here)
    run.log_text("waits", "a.txt")
    run.log_metric("m", 2.0)

    assert here.ship() is False
    assert there.get_run(run.run_id).data.metrics == {"m": 2.0}
    server.kill()
    server.begin()
    assert all_sent(here)
    assert files_on(machine("three"), run).read("a.txt") == b"waits"
