"""The `log_*` verbs on one run: whose fault a refused file is, and tables that many add to."""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbtrack import MlflowClient
from nbtrack.artifact_store import staging
from nbtrack.errors import FileMissing, InvalidValue
from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.origins import ORIGINS_TAG, Origin, Origins, origins_of
from nbtrack.stores.local.duckdb import DuckDBStore

RUN = "ab" * 16


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunWriter]:
    store = DuckDBStore(tmp_path / ".nbtrack")
    yield RunWriter(store, RUN, artifact_uri=str(store.folder / "artifacts" / RUN))
    store.close()


def refuse(monkeypatch: pytest.MonkeyPatch, *, file: Path, fault: int = errno.EACCES) -> None:
    """Opening *file* fails."""
    from nbtrack.artifact_store import local

    def chunks(source: Path) -> Iterator[bytes]:
        raise OSError(fault, "refused", str(file))
        yield b""

    monkeypatch.setattr(local, "chunks_of", chunks)


@pytest.mark.parametrize("name", [".nb", "data.csv", ".nbtrack-notes"])
def test_a_file_that_the_user_may_not_read_is_the_users_to_hear_of(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Also one whose name begins like the project's."""
    own = tmp_path / name
    own.write_text("secret")
    refuse(monkeypatch, file=own)
    with pytest.raises(PermissionError):
        run.log_artifact(own)
    assert run.refused_files == 0


def test_a_folder_above_the_project_that_may_not_be_read_is_the_users(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the source, whatever else is in it."""
    (tmp_path / "a.txt").write_text("a")
    refuse(monkeypatch, file=tmp_path)
    with pytest.raises(PermissionError):
        run.log_artifacts(tmp_path)


def test_a_folder_that_cannot_be_made_is_the_stores(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's code goes on."""
    own = tmp_path / "a.txt"
    own.write_text("a")
    refuse(monkeypatch, file=tmp_path / ".nbtrack", fault=errno.EROFS)
    run.log_artifact(own)
    assert run.refused_files == 1


def test_a_full_disk_is_told_once_and_not_for_each_file(
    run: RunWriter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each fault once per folder."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(staging.os, "write", full)
    with caplog.at_level(logging.WARNING, "nbtrack"):
        for n in range(5):
            run.log_text("x", f"{n}.txt")
    assert len([r for r in caplog.records if "No space left" in r.getMessage()]) == 1
    assert run.refused_files == 5


@pytest.mark.parametrize("kind", [FileMissing, InvalidValue, FileNotFoundError])
def test_a_missing_file_is_told_as_such(run: RunWriter, tmp_path: Path, kind: type) -> None:
    """MLflow raises FileNotFoundError, and its users catch that."""
    with pytest.raises(kind, match="no file or folder"):
        run.log_artifact(tmp_path / "missing.txt")
    with pytest.raises(kind, match="does not exist"):
        run.log_artifacts(tmp_path / "missing")


def test_rows_that_threads_add_to_a_table_are_all_kept(run: RunWriter) -> None:
    """A table is read, extended and written: one at a time, also through another object."""
    same = RunWriter(run._store, RUN, artifact_uri=run.artifact_uri)
    threads = [
        threading.Thread(target=(run, same)[n % 2].log_table, args=({"i": [n]}, "t.json"))
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    import json

    assert len(json.loads(run.artifacts.read("t.json"))["data"]) == 12


def test_origins_that_come_one_by_one_are_not_written_each_time(run: RunWriter) -> None:
    """The tag tells of all: a quadratic journal. What waits is written when somebody asks."""
    run.run_id = MlflowClient(str(run.store.folder)).create_run("0").info.run_id
    for n in range(400):
        run.note_origins(Origins(metrics={f"metric_{n}": Origin.MEASURED}), may_wait=True)
    text = "".join(f.read_text() for f in run.store.folder.glob("**/*.jsonl"))
    few = origins_of(run.store.get_run(run.run_id).data.tags)
    run.write_origins()
    run.write_origins()

    assert 0 < text.count(ORIGINS_TAG) < 40
    assert 200 <= few.count < 400
    assert origins_of(run.store.get_run(run.run_id).data.tags).count == 400


@pytest.mark.parametrize("name", ["a#b.txt", "c?d.txt", "e%20f.txt", "g h.txt"])
def test_a_runs_uri_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A file may be called what has a meaning in other URIs."""
    from nbtrack import artifacts, set_tracking_uri

    client = MlflowClient(str(tmp_path / ".nbtrack"))
    run_id = client.create_run("0").info.run_id
    client.log_text(run_id, "text", name)
    set_tracking_uri(tmp_path / ".nbtrack")
    try:
        assert artifacts.load_text(f"runs:/{run_id}/{name}") == "text"
    finally:
        set_tracking_uri(None)
