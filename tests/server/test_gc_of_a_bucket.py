"""`nbtrack gc` of a project whose files are in a bucket: what nothing needs goes, a day after it
was found so; what is logged again meanwhile stays."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

import nbtrack
from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.cli.bucket_leftovers import bucket_garbage, remove_contents
from nbtrack.cli.main import main
from nbtrack.errors import BucketAway, StoreError
from nbtrack.server.buckets.bucket import Bucket
from nbtrack.server.buckets.project import OWNER, BucketProject, project_id_of
from tests.support.bucket_store import BucketStore, bucket_store, known_to_this_process

Gc = Callable[..., str]
AT_ONCE = timedelta(seconds=-2)  # the store tells whole seconds


@pytest.fixture(scope="module")
def store() -> Iterator[BucketStore]:
    with known_to_this_process(found := bucket_store()):
        yield found


@pytest.fixture
def bucket(store: BucketStore, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """In which a day is over at once."""
    for module in ("server.buckets.bucket", "cli.bucket_leftovers"):
        monkeypatch.setattr(f"nbtrack.{module}.LEFT", AT_ONCE)
    monkeypatch.setattr("nbtrack.server.buckets.bucket.LOOK_SECONDS", 0.0)
    return Bucket(store.new_bucket())


@pytest.fixture
def client(tmp_path: Path, bucket: Bucket) -> nbtrack.MlflowClient:
    """As the server itself writes."""
    made = nbtrack.MlflowClient(str(tmp_path / ".nbtrack"))
    BucketProject(made._store, bucket).claim()
    return made


@pytest.fixture
def gc(tmp_path: Path, bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> Gc:
    def run(*words: str) -> str:
        place = ["--store", str(tmp_path), "gc", "--artifacts", bucket.address]
        assert main([*place, *words]) == 0
        return capsys.readouterr().out

    return run


def logged(client: nbtrack.MlflowClient, *texts: str) -> str:
    run_id = str(client.create_run("0").info.run_id)
    for text in texts:
        client.log_text(run_id, text, f"{text}.txt")
    return run_id


def kept(bucket: Bucket, *texts: str) -> list[bool]:
    there = {each.name for each in bucket.contents()}
    return [hashlib.sha256(text.encode()).hexdigest() in there for text in texts]


def test_contents_of_deleted_runs_go_and_others_stay(
    client: nbtrack.MlflowClient, bucket: Bucket, gc: Gc
) -> None:
    gone = logged(client, "own", "shared")
    logged(client, "shared", "other")
    assert "Nothing to free" in gc("--yes")
    client.delete_run(gone)

    looked = gc()
    assert "1 content in s3://" in looked
    assert "Nothing is removed yet" in looked
    assert not list(bucket.doomed())
    assert "a day later" in gc("--yes")
    assert kept(bucket, "own", "shared", "other") == [True, True, True]
    assert "Freeing 3 B" in gc("--yes")
    assert kept(bucket, "own", "shared", "other") == [False, True, True]
    assert not list(bucket.doomed())
    assert "Nothing to free" in gc("--yes")


def test_what_is_logged_again_meanwhile_stays(
    client: nbtrack.MlflowClient, bucket: Bucket, gc: Gc
) -> None:
    """And what was gone is sent again, whatever the server knew of it."""
    client.delete_run(logged(client, "again"))
    gc("--yes")
    (mark,) = bucket.doomed()
    run_id = logged(client, "again")
    assert mark.name not in {each.name for each in bucket.doomed()}
    gc("--yes")
    assert kept(bucket, "again") == [True]

    client.delete_run(run_id)
    gc("--yes")
    gc("--yes")
    assert kept(bucket, "again") == [False]
    run_id = logged(client, "again")
    assert client.artifacts_of(run_id).read("again.txt") == b"again"


def test_what_is_young_is_nobodys_garbage(
    client: nbtrack.MlflowClient, bucket: Bucket, gc: Gc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file comes before its record, and a mark counts from a day on."""
    client.delete_run(logged(client, "young"))
    monkeypatch.setattr("nbtrack.cli.bucket_leftovers.LEFT", timedelta(days=1))
    gc("--yes")
    assert not list(bucket.doomed())
    monkeypatch.setattr("nbtrack.cli.bucket_leftovers.LEFT", AT_ONCE)
    gc("--yes")
    monkeypatch.setattr("nbtrack.cli.bucket_leftovers.LEFT", timedelta(days=1))
    gc("--yes")
    assert kept(bucket, "young") == [True]


def test_a_version_keeps_its_files_until_it_is_deleted(
    client: nbtrack.MlflowClient, bucket: Bucket, gc: Gc
) -> None:
    """Also those of a run that is gone."""
    run_id = logged(client)
    model = "flavors: {python_function: {loader_module: x}}\n"
    client.log_text(run_id, model, "model/MLmodel")
    client.create_registered_model("kept")
    client.create_model_version("kept", f"runs:/{run_id}/model", run_id)
    client.delete_run(run_id)
    gc("--yes")
    gc("--yes")
    assert kept(bucket, model) == [True]

    client.delete_registered_model("kept")
    gc("--yes")
    gc("--yes")
    assert kept(bucket, model) == [False]
    assert bucket.notes("copies") == []


def test_what_is_sent_again_while_others_go_stays(
    client: nbtrack.MlflowClient, bucket: Bucket, gc: Gc, tmp_path: Path
) -> None:
    """Before its record is there; and the server looks again, whatever it knew."""
    client.delete_run(logged(client, "again", "gone"))
    gc("--yes")
    garbage = bucket_garbage(client._store, Bucket(bucket.address), runs=(), models=())
    assert len(garbage.gone) == 2
    (tmp_path / "again").write_bytes(b"again")
    bucket.put(hashlib.sha256(b"again").hexdigest(), tmp_path / "again")
    remove_contents(client._store, garbage)
    assert kept(bucket, "again", "gone") == [True, False]
    assert not bucket.has(hashlib.sha256(b"gone").hexdigest())


def test_the_bucket_of_another_project_is_left_alone(
    client: nbtrack.MlflowClient, bucket: Bucket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Or of nobody knows whom."""
    logged(client, "theirs")
    other = nbtrack.MlflowClient(str(tmp_path / "other" / ".nbtrack"))
    other.create_run("0")
    with pytest.raises(StoreError, match=r"another prefix: --artifacts s3://.*-2"):
        BucketProject(other._store, bucket).claim()
    place = ["--store", str(tmp_path / "other"), "gc", "--yes", "--artifacts", bucket.address]
    for _ in range(2):
        assert main(place) != 0
    assert "is of the project" in capsys.readouterr().err
    bucket.remove_notes([OWNER])
    assert main(place) != 0
    assert "does not say whose it is" in capsys.readouterr().err
    assert kept(bucket, "theirs") == [True]
    assert not list(bucket.doomed())


def test_one_bucket_is_of_one_project(
    bucket: Bucket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of several servers that begin at once in an empty one, those of one project; it goes on when
    it is begun again. The others do not begin, and are told whose it is."""
    clients = [nbtrack.MlflowClient(str(tmp_path / str(n) / ".nbtrack")) for n in range(4)]
    for each in clients:
        each.create_run("0")
    servers = [BucketProject(each._store, bucket, is_server=True) for each in clients for _ in "ab"]
    with ThreadPoolExecutor(len(servers)) as threads:
        faults = list(threads.map(lambda each: _fault_of(each.claim), servers))

    assert [bucket.create_note("first", n) for n in (1, 2)] == [1, 1]
    [winner] = {n // 2 for n, fault in enumerate(faults) if fault is None}
    assert [fault is None for fault in faults] == [n // 2 == winner for n in range(len(faults))]
    other = str(tmp_path / str((winner + 1) % 4))
    assert main(["server", other, "--artifacts", bucket.address, "--port", "0"]) != 0
    told = capsys.readouterr().err
    assert (
        f"is of another project, '{project_id_of(clients[winner]._store)}' ('{winner}' on " in told
    )
    assert f"--artifacts {bucket.address}-2" in told
    BucketProject(clients[winner]._store, bucket, is_server=True).claim()


def test_a_server_that_began_without_its_bucket_looks_whose_it_is(
    client: nbtrack.MlflowClient, store: BucketStore, bucket: Bucket, tmp_path: Path
) -> None:
    """Before the first file: nothing of it comes into a bucket of others."""
    logged(client, "theirs")
    other = nbtrack.MlflowClient(str(tmp_path / "other" / ".nbtrack"))
    run_id = other.create_run("0").info.run_id
    BucketProject(other._store, bucket, is_server=True)
    before = len(store.requests())

    with pytest.raises(StoreError, match="is of another project"):
        other.log_text(run_id, "mine", "a.txt")
    assert not [each for each in store.requests()[before:] if each.startswith("PUT")]
    assert kept(bucket, "mine", "theirs") == [False, True]


def test_in_a_bucket_of_others_nothing_is_cleared_up(
    client: nbtrack.MlflowClient, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server of another project, which began while the bucket was away, looks each hour."""
    import obstore

    monkeypatch.setattr("threading.Timer.start", lambda _: None)
    other = nbtrack.MlflowClient(str(tmp_path / "other" / ".nbtrack"))
    left = []
    for each in (other, client):
        obstore.put(bucket._store, "incoming/theirs", b"x")
        BucketProject(each._store, bucket, is_server=True).warm_up()
        left.append(bucket.notes("incoming"))

    assert left == [["incoming/theirs"], []]


def test_of_two_projects_that_shared_a_prefix_one_moves_with_its_files(
    client: nbtrack.MlflowClient, store: BucketStore, bucket: Bucket, tmp_path: Path
) -> None:
    """As it is told to: with what it is to copy, and no more, it has all that it had."""
    import obstore

    other = nbtrack.MlflowClient(str(tmp_path / "other" / ".nbtrack"))
    BucketProject(other._store, bucket)  # as before a bucket was somebody's
    run_id = logged(other, "mine")
    other.log_text(run_id, "flavors: {}\n", "model/MLmodel")
    other.create_registered_model("heron")
    other.create_model_version("heron", f"runs:/{run_id}/model", run_id)
    told = str(_fault_of(BucketProject(other._store, bucket, is_server=True).claim))
    moved = Bucket(store.new_bucket())
    for folder in re.findall(rf"{bucket.address}/(\w+)(?= )", told):
        for name in bucket.notes(folder):
            obstore.put(moved._store, name, obstore.get(bucket._store, name).bytes())
    BucketProject(other._store, moved, is_server=True).claim()

    assert Path(other.download_artifacts(run_id, "mine.txt")).read_text() == "mine"
    shutil.rmtree(tmp_path / "other" / ".nbtrack" / "models")  # what is kept of the bucket's
    version = open_artifacts(other.get_model_version_download_uri("heron", "1"))
    assert [(each.path, version.read(each.path)) for each in version.walk()] == [
        ("MLmodel", b"flavors: {}\n")
    ]


def _fault_of(claim: Callable[[], None]) -> Exception | None:
    try:
        claim()
    except BucketAway:
        raise
    except StoreError as fault:
        return fault
    return None
