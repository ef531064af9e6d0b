"""The database file is deleted, damaged, or no database at all."""

from __future__ import annotations

import shutil
import time

import pytest
from script_process import launch

from nbtrack.errors import StoreDamaged
from nbtrack.records.runs import RunQuery
from nbtrack.stores.local.duckdb import DuckDBStore

LOG = """
import nbtrack
nbtrack.set_experiment("kept")
with nbtrack.start_run() as run:
    for n in range(2000):
        nbtrack.log_metric("m", float(n), step=n)
    nbtrack.log_params({f"p{n}": "x" * 100 for n in range(1000)})
print(run.run_id)
"""
OPEN = (
    LOG.replace("with nbtrack.start_run() as run:", "run = nbtrack.start_run()\nif True:")
    + "input()"
)


def first_half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def text(data: bytes) -> bytes:
    return b"this is no database\n" * 1000


DAMAGES = {
    "no bytes": lambda data: b"",
    "text": text,
    "first half": first_half,
    "zeros in the header": lambda data: bytes(4096) + data[4096:],
    "random header": lambda data: b"\xa5" * 12288 + data[12288:],
    "rotten blocks": lambda data: data[:12288] + bytes(byte ^ 0x55 for byte in data[12288:]),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project in which one process has logged, and the id of its run."""
    place = tmp_path_factory.mktemp("made")
    (place / "script.py").write_text(LOG)
    script = launch(place / "script.py", cwd=place, NBTRACK_DIR=str(place / ".nbtrack"))
    return place / ".nbtrack", script.finish()[0]


@pytest.fixture
def logged(made, folder):
    """The id of the run in the project, which is a copy."""
    shutil.copytree(made[0], folder)
    return made[1]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_named_with_the_cure(logged, store, damage):
    """Reading says which file and what to do, at once; it is not taken for a file in use."""
    damaged = damage(store.database.read_bytes())
    store.database.write_bytes(damaged)

    for _ in range(2):
        for read in (lambda: store.search_runs(RunQuery()), lambda: store.query("from metrics")):
            with pytest.raises(StoreDamaged, match=r"duckdb cannot be read.*\n?.*Move it away"):
                read()
    assert store.database.read_bytes() == damaged


@pytest.mark.parametrize("damage", ["text", "rotten blocks"])
def test_logging_beside_a_damaged_file_goes_on_and_is_recovered(start, logged, store, damage):
    """After the file is moved away, all that the journals hold is in a new one."""
    store.database.write_bytes(DAMAGES[damage](store.database.read_bytes()))
    script = start(LOG)
    (run_id,) = script.finish()
    assert "Your code goes on" in script.errors()

    store.database.rename(store.database.with_suffix(".damaged"))
    for _ in range(2):
        assert [run.info.run_id for run in store.search_runs(RunQuery())] == [run_id]
        assert len(store.read_metrics(run_id, "m")) == 2000
        assert store.find_experiment("kept") is not None
        assert store.fold()


def test_what_an_open_process_wrote_is_recovered_after_folding(start, store):
    """The journal of a living process is kept, so its run comes back whole from it."""
    script = start(OPEN)
    run_id = script.line()
    store.fold()
    store.database.write_bytes(b"damaged")
    with pytest.raises(StoreDamaged):
        store.get_run(run_id)
    store.database.unlink()

    for _ in range(2):
        run = store.get_run(run_id)
        assert (len(run.data.params), run.data.metrics) == (1000, {"m": 1999.0})
        assert store.fold()
    script.tell()
    script.finish()
    assert store.get_run(run_id).info.status == "FINISHED"


def test_a_deleted_file_leaves_an_empty_project(start, logged, store):
    """What was folded of ended processes is gone with it, and no error is made of that."""
    store.database.unlink()

    assert store.search_runs(RunQuery()) == []
    (run_id,) = start(LOG).finish()
    assert [run.info.run_id for run in store.search_runs(RunQuery())] == [run_id]


def test_an_older_copy_put_back_is_brought_up_to_date(start, store, tmp_path):
    """Offsets are in the file: a restored backup takes what the journals still hold behind it."""
    script = start(OPEN)
    run_id = script.line()
    (early,) = start(LOG).finish()
    while not store.fold():  # the first one may be folding just now
        time.sleep(0.01)
    shutil.copy(store.database, tmp_path / "backup")
    script.tell()
    script.finish()
    shutil.copy(tmp_path / "backup", store.database)

    found = {run.info.run_id for run in store.search_runs(RunQuery())}
    assert found == {run_id, early}
    assert len(store.read_metrics(run_id, "m")) == 2000


@pytest.mark.parametrize("name", ["blocks, lock", "it's a #1 ? %41 ü project"])
def test_the_projects_path_confuses_nobody(start, tmp_path, name):
    """A folder may be called like words in an error message, or like anything."""
    folder = tmp_path / name / ".nbtrack"
    (run_id,) = start(LOG, NBTRACK_DIR=str(folder)).finish()
    store = DuckDBStore(folder)
    assert store.get_run(run_id).data.metrics == {"m": 1999.0}
    store.database.write_bytes(b"no database")
    with pytest.raises(StoreDamaged):
        store.get_run(run_id)


def test_a_file_we_may_not_read_is_not_called_damaged(start, logged, store):
    """Permission is what is missing, and the message does not say to move the file away."""
    store.database.chmod(0)
    reader = start(
        """
import ctypes, sys, nbtrack
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
assert ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)()) == 0
try:
    nbtrack.get_run(sys.argv[1])
except nbtrack.NbtrackError as exc:
    print(type(exc).__name__, exc)
""",
        logged,
    )
    message = " ".join(reader.finish())
    assert message.startswith("StoreError")
    assert "Permission denied" in message
