from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nbtrack import MlflowClient
from nbtrack.errors import RunNotFound
from nbtrack.journal.lines import execution_line, input_line, text_line
from nbtrack.records.executions import CONTENT_KEY, Execution
from nbtrack.stores.opening import open_store

ORPHAN = "ab" * 16


@pytest.fixture
def artifacts(tmp_path) -> Path:
    return tmp_path / ".nbtrack" / "artifacts"


def put(path: Path, text: str = "x", *, age_seconds: float = 3600) -> Path:
    """A file that is old enough not to be on its way into the record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    then = path.stat().st_mtime - age_seconds
    os.utime(path, (then, then))
    return path


def deleted_run(client: MlflowClient, name: str = "old") -> str:
    run_id = client.create_run("0", run_name=name).info.run_id
    client.log_text(run_id, "big" * 1000, "notes.txt")
    client.delete_run(run_id)
    return run_id


def test_the_first_look_removes_nothing(client, nbtrack, artifacts):
    """Without --yes it only says what would go, and how much that is."""
    run_id = deleted_run(client)
    orphan = put(artifacts / ORPHAN / "x.txt")

    _, out, _ = nbtrack("gc")

    assert "Would free 3.0 kB" in out
    assert run_id[:8] in out
    assert f"{run_id}/x.txt" not in out
    assert orphan.exists()
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"


def test_yes_frees_deleted_runs_and_their_files(client, nbtrack, artifacts):
    """Rows and files of deleted runs go; those of other runs stay."""
    gone, kept = deleted_run(client), client.create_run("0").info.run_id
    client.log_text(kept, "hello", "notes.txt")

    nbtrack("gc", "--yes")

    assert [folder.name for folder in artifacts.iterdir()] == [kept]
    assert client.get_run(kept).info.run_id == kept
    with pytest.raises(RunNotFound):
        client.get_run(gone)


def test_files_that_no_run_recorded_go_with_their_folder(client, nbtrack, artifacts):
    """In that of a run that never logged them; in a folder of no run only if that is asked for."""
    run_id = client.create_run("0").info.run_id
    logged = client.log_text(run_id, "hello", "notes.txt") or artifacts / run_id / "notes.txt"
    put(artifacts / ORPHAN / "deep" / "x.txt")
    put(artifacts / run_id / "stray" / "x.txt")

    nbtrack("gc", "--yes", "--unknown-runs")

    assert not (artifacts / ORPHAN).exists()
    assert [path for path in artifacts.rglob("*") if path.is_file()] == [logged]
    assert not (artifacts / run_id / "stray").exists()


def test_what_a_server_received_for_deleted_runs_goes(client, nbtrack, tmp_path):
    """Rows that machines sent for their tables, and notes of what they still had to send."""
    gone, kept = deleted_run(client), client.create_run("0").info.run_id
    received = tmp_path / ".nbtrack" / "received"
    for run_id in (gone, kept):
        put(received / "tables" / run_id / "t.json" / f"000001-{'a' * 32}")
        put(received / "unproved" / run_id / ("b" * 64), "")

    nbtrack("gc")
    assert (received / "tables" / gone).exists()
    nbtrack("gc", "--yes")

    for kind in ("tables", "unproved"):
        assert [folder.name for folder in (received / kind).iterdir()] == [kept]


def test_a_file_that_is_about_to_be_recorded_stays(client, nbtrack, artifacts):
    """A file is written before it is recorded: a young one is left alone."""
    client.create_run("0")
    young = put(artifacts / ORPHAN / "x.txt", age_seconds=1)

    _, out, _ = nbtrack("gc", "--yes")

    assert out == "Nothing to free.\n"
    assert young.exists()


def test_what_nbtrack_did_not_make_stays(client, nbtrack, artifacts, tmp_path):
    """Only folders named like a run are looked into, and symlinks are never followed."""
    client.create_run("0")
    elsewhere = put(tmp_path / "elsewhere" / "precious.txt")
    artifacts.mkdir(parents=True)
    (artifacts / ORPHAN).symlink_to(elsewhere.parent)
    mine = put(artifacts / "my notes" / "todo.txt")

    nbtrack("gc", "--yes")

    assert elsewhere.exists()
    assert mine.exists()


def test_artifacts_kept_elsewhere_stay(client, nbtrack, tmp_path):
    """The files of a deleted run are removed from the project's own folder only."""
    place = tmp_path / "shared"
    experiment = client.create_experiment("shared", artifact_location=str(place))
    run_id = client.create_run(experiment).info.run_id
    client.log_text(run_id, "hello", "notes.txt")
    client.delete_run(run_id)

    _, out, _ = nbtrack("gc", "--yes")

    assert "its files stay" in out
    assert [path.read_text() for path in place.rglob("notes.txt")] == ["hello"]


def test_a_run_of_a_living_process_stays(client, nbtrack, tmp_path):
    """A process that is alive may still write to its deleted run: it goes when the process has."""
    script = (
        "import nbtrack\n"
        "run = nbtrack.start_run()\n"
        "nbtrack.log_text('hello', 'a.txt')\n"
        "nbtrack.delete_run(run.info.run_id)\n"
        "print(run.info.run_id, flush=True)\n"
        "input()\n"
    )
    environment = {**os.environ, "NBTRACK_DIR": str(tmp_path / ".nbtrack")}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", script], env=environment, **pipes) as process:
        run_id = process.stdout.readline().strip()
        _, while_alive, _ = nbtrack("gc", "--yes")
        stage = client.get_run(run_id).info.lifecycle_stage
        process.communicate("\n", timeout=60)
    _, afterwards, _ = nbtrack("gc", "--yes")

    assert f"its process is alive (PID {process.pid}" in while_alive
    assert stage == "deleted"
    assert run_id[:8] in afterwards


def test_files_of_runs_that_the_database_does_not_know_stay(client, nbtrack, artifacts):
    """They may be all that is left of runs whose database was moved away."""
    client.create_run("0")
    precious = put(artifacts / ORPHAN / "model.bin")

    _, out, _ = nbtrack("gc", "--yes")

    assert precious.exists()
    assert "1 file of 1 run that this database does not know stay" in out


def test_logged_models_go_with_their_runs_and_by_themselves(client, nbtrack, artifacts, tmp_path):
    """With their own folders; what is shown first is what goes."""
    file = put(tmp_path / "weights.bin", "w" * 2000)
    run_id = deleted_run(client)
    made = {
        name: client.create_logged_model("0", name=name, source_run_id=source).model_id
        for name, source in (("of the run", run_id), ("deleted", None), ("kept", None))
    }
    for model_id in made.values():
        if model_id != made["of the run"]:
            client.set_logged_model_tags(model_id, {"t": 1})
            client.log_model_artifact(model_id, file)
    client.delete_logged_model(made["deleted"])

    _, out, _ = nbtrack("gc")
    assert "2 logged models, deleted" in out
    assert "Would free 5.0 kB" in out
    nbtrack("gc", "--yes")

    assert [folder.name for folder in artifacts.iterdir()] == [made["kept"]]
    assert [model.name for model in client.search_logged_models(["0"])] == ["kept"]


def test_records_of_cells_go_when_no_run_needs_them(client, nbtrack, tmp_path):
    """And texts that only they had; the slice of a run that is left stays."""
    kept, gone = client.create_run("0").info.run_id, deleted_run(client)
    store = open_store(str(tmp_path / ".nbtrack"))
    for number, needs, run_id in [(0, (), None), (1, (), None), (2, (0,), kept), (3, (1,), gone)]:
        made = Execution(kernel="k", number=number, source=f"d{number}", needs=needs, run_id=run_id)
        store.append(text_line(made.source, "x", t=1) + execution_line(made, t=1))
    for run_id, digest in ((kept, "a"), (gone, "b")):
        store.append(input_line(run_id, t=1, name="iris", digest=digest))
        store.append(text_line(CONTENT_KEY + digest, "x", t=1))
    store.close()

    _, out, _ = nbtrack("gc", "--yes")
    store = open_store(str(tmp_path / ".nbtrack"))

    assert "2 records of cells" in out
    assert [each.number for each in store.read_executions(kept)] == [0, 2]
    texts = [*(f"d{number}" for number in range(4)), "data:a", "data:b"]
    assert sorted(store.read_texts(texts)) == ["d0", "d2", "data:a"]
    store.close()
