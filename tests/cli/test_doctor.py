from __future__ import annotations

import os
import subprocess
import sys

import pytest

from nbtrack.recording.session import current_session

ORPHAN = "ab" * 16


@pytest.fixture
def artifact(client, tmp_path):
    """A logged file on disk, folded."""
    run_id = client.create_run("0").info.run_id
    client.log_text(run_id, "hello", "notes.txt")
    current_session().store_for(client.tracking_uri).fold()
    return tmp_path / ".nbtrack" / "artifacts" / run_id / "notes.txt"


def test_a_sound_project_gets_exit_code_0(artifact, nbtrack, tmp_path):
    """Where the store is, why there, and that nothing is wrong."""
    code, out, _ = nbtrack("doctor")

    assert code == 0
    assert str(tmp_path / ".nbtrack") in out
    assert "--store names it" in out
    assert "1 file, 5 B: as recorded" in out
    assert out.endswith("All is well.\n")


def test_a_missing_artifact_is_found(artifact, nbtrack):
    """A recorded file that is gone is named, and the exit code says so."""
    artifact.unlink()

    code, out, _ = nbtrack("doctor")

    assert code == 1
    assert "1 artifact recorded but not there" in out
    assert f"{artifact.parent.name}/notes.txt" in out


def test_a_changed_artifact_is_found(artifact, nbtrack):
    """The sha256 of a file is compared with the recorded one, not only its size."""
    artifact.write_text("jello")

    code, out, _ = nbtrack("doctor")

    assert code == 1
    assert "1 artifact changed since they were recorded" in out


def test_an_untracked_file_is_found(artifact, nbtrack):
    """A file that no run recorded is named, with its cure."""
    stray = artifact.with_name("stray.txt")
    stray.write_text("x")
    os.utime(stray, (1, 1))

    code, out, _ = nbtrack("doctor")

    assert code == 1
    assert f"{artifact.parent.name}/stray.txt" in out
    assert "nbtrack gc --yes" in out


def test_files_of_unknown_runs_are_counted_and_not_offered_for_removal(artifact, nbtrack):
    """Another database may know them: the one that was moved away because it was damaged."""
    stray = artifact.parent.parent / ORPHAN / "x.txt"
    stray.parent.mkdir()
    stray.write_text("x")
    os.utime(stray, (1, 1))

    code, out, _ = nbtrack("doctor")

    assert code == 0
    assert "1 of runs that this database does not know" in out
    assert "gc" not in out


def test_quick_reads_no_artifact(artifact, nbtrack):
    """--quick leaves the files alone."""
    artifact.unlink()

    code, out, _ = nbtrack("doctor", "--quick")

    assert code == 0
    assert "not checked" in out


def test_who_holds_the_database_is_named(artifact, nbtrack, client):
    """Another program with the file open is a problem, told with its process id."""
    file = artifact.parents[2] / "nbtrack.duckdb"
    script = f"import duckdb; c = duckdb.connect({str(file)!r}); print(1, flush=True); input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", script], **pipes) as process:
        process.stdout.readline()
        code, out, _ = nbtrack("doctor")
        process.communicate("\n", timeout=60)

    assert code == 1
    assert f"PID {process.pid}" in out


def test_a_damaged_database_is_told_with_its_cure(artifact, nbtrack):
    """A file that is no database is a problem; what to do about it is said."""
    file = artifact.parents[2] / "nbtrack.duckdb"
    file.write_bytes(b"garbage" * 1000)

    code, out, _ = nbtrack("doctor")
    file.unlink()

    assert code == 1
    assert "cannot be read" in out
    assert "Move it away" in out


def test_writers_are_told_apart(artifact, nbtrack, tmp_path):
    """A process that is alive is listed as such, one that was killed as dead."""
    script = "import nbtrack; nbtrack.start_run(); print(1, flush=True); input()"
    environment = {**os.environ, "NBTRACK_DIR": str(tmp_path / ".nbtrack")}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", script], env=environment, **pipes) as process:
        process.stdout.readline()
        _, alive, _ = nbtrack("doctor")
        process.kill()
    _, dead, _ = nbtrack("doctor")

    assert f"alive  PID {process.pid} on" in alive
    assert f"dead   PID {process.pid} on" in dead


def test_damaged_lines_are_counted(artifact, client, nbtrack):
    """A line that makes no sense is kept aside; doctor says how to look at it."""
    store = current_session().store_for(client.tracking_uri)
    store.append("garbage\n")
    store.fold()

    _, out, _ = nbtrack("doctor")

    assert 'damaged lines  1 kept aside: nbtrack sql "select * from bad_lines"' in out


def test_why_the_store_may_be_lost_is_told(artifact, nbtrack, monkeypatch):
    """Below the folder for temporary files it is the system that may empty it."""
    assert "(temporary folder: the system may empty /" in nbtrack("doctor", "--quick")[1]


def test_mlflows_variables_are_told_without_their_values(artifact, nbtrack, monkeypatch):
    """Those that count here, and those that nothing looks at; a value may be a password."""
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@host")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "3")
    monkeypatch.setenv("MLFLOW_RUN_ID", "")

    code, out, _ = nbtrack("doctor", "--quick")

    told = {line.split()[0]: line for line in out.splitlines() if line.startswith("  MLFLOW_")}
    assert (code, "secret" in out, "MLFLOW_RUN_ID" in told) == (0, False, False)
    assert "who you are" in told["MLFLOW_TRACKING_PASSWORD"]
    assert "nothing: who you are is in the address" in told["MLFLOW_TRACKING_URI"]
    assert "nothing: nbtrack does not look at it" in told["MLFLOW_HTTP_REQUEST_TIMEOUT"]
