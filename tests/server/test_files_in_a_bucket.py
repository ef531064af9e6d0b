"""A server whose files are in a bucket, as MLflow's clients and plain requests see it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.errors import InvalidValue, OtherBytes, StoreError
from nbtrack.journal import lines
from nbtrack.remote.protocol import SHA256, START
from nbtrack.server.buckets.bucket import Bucket
from nbtrack.server.buckets.project import BucketProject
from nbtrack.server.buckets.sending import part_of
from nbtrack.server.grants import EXPERIMENT, Grant
from nbtrack.server.roles import Role
from nbtrack.server.users import Users
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.server.asking import API, ask
from tests.support.bucket_store import SECRET, BucketStore, bucket_store, known_to_this_process
from tests.support.team_server import TeamServer

PLACE = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture(scope="module")
def store() -> Iterator[BucketStore]:
    with known_to_this_process(found := bucket_store()):
        yield found


@pytest.fixture(scope="module")
def bucket(store: BucketStore) -> Bucket:
    return Bucket(store.new_bucket())


@pytest.fixture
def own_bucket(store: BucketStore) -> Bucket:
    """Of a project that is not the one served: a bucket is of one alone."""
    return Bucket(store.new_bucket())


@pytest.fixture(scope="module")
def address(served_folder: Path, bucket: Bucket) -> Iterator[str]:
    server = TeamServer(served_folder, "--artifacts", bucket.address)
    yield server.address
    assert server.stop() == 0


@pytest.fixture
def run(address: str) -> str:
    return new_run(address)


def new_run(address: str) -> str:
    _, told = ask(address, f"{API}runs/create", {"experiment_id": "0"})
    return str(told["run"]["info"]["run_id"])


def send(
    method: str, address: str, data: bytes | None = None, **headers: str
) -> tuple[int, bytes, Any]:
    try:
        asked = urllib.request.Request(address, data, headers, method=method)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as exc:
        return exc.code, exc.read(), exc.headers


def blobs(bucket: Bucket) -> list[str]:
    import obstore

    found = [each["path"] for page in obstore.list(bucket._store) for each in page]
    return sorted(name.rpartition("/")[2] for name in found if name.startswith("blobs/"))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_mlflows_client_sees_no_difference(
    address: str, bucket: Bucket, served_folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Files, folders, listings, models, versions and removals; on the server's disk stays none."""
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    code = f"""
import os, mlflow
from mlflow.artifacts import download_artifacts
folder = r"{tmp_path}"
data = os.urandom(20_000_000)
open(folder + "/big.bin", "wb").write(data)
os.makedirs(folder + "/d/e"); open(folder + "/d/e/x.txt", "w").write("x")
client = mlflow.MlflowClient()
with mlflow.start_run() as run:
    mlflow.log_artifact(folder + "/big.bin", "in/here")
    mlflow.log_artifacts(folder + "/d", "d")
    mlflow.log_text("first", "note.txt")
    mlflow.log_text("second", "note.txt")
    mlflow.pyfunc.log_model(name="model", python_model=lambda model_input: model_input,
                            registered_model_name="kept", pip_requirements=[])
id = run.info.run_id
assert [f.path for f in client.list_artifacts(id)] == ["d", "in", "note.txt"]
assert [f.file_size for f in client.list_artifacts(id, "in/here")] == [20_000_000]
assert mlflow.artifacts.load_text(f"runs:/{{id}}/note.txt") == "second"
os.makedirs(folder + "/back")
got = client.download_artifacts(id, "", folder + "/back")
assert open(got + "/in/here/big.bin", "rb").read() == data
assert open(got + "/d/e/x.txt").read() == "x"
assert mlflow.pyfunc.load_model("models:/kept/1").predict([1]) == [1]
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
get_artifact_repository(run.info.artifact_uri).delete_artifacts("note.txt")
assert [f.path for f in client.list_artifacts(id)] == ["d", "in"]
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)

    assert done.returncode == 0, done.stderr[-3000:]
    assert digest((tmp_path / "big.bin").read_bytes()) in blobs(bucket)
    left = [file for file in served_folder.rglob("*") if file.is_file()]
    assert not [file for file in left if file.name in ("big.bin", "x.txt", "note.txt")]
    assert not [file for file in left if file.name.startswith(".nbtrack-tmp-")]


def test_the_same_content_is_there_once(address: str, bucket: Bucket) -> None:
    """Of two runs, each of which has it; the one that loses it takes nothing from the other."""
    first, second = new_run(address), new_run(address)
    data = os.urandom(1000)
    for run in (first, second):
        assert send("PUT", f"{address}{PLACE}/runs/{run}/a.bin", data)[0] == 200
    assert send("DELETE", f"{address}{PLACE}/runs/{first}/a.bin")[0] == 200

    assert blobs(bucket).count(digest(data)) == 1
    assert send("GET", f"{address}{PLACE}/runs/{first}/a.bin")[0] == 404
    assert send("GET", f"{address}{PLACE}/runs/{second}/a.bin")[1] == data


@pytest.mark.parametrize(
    "name", ["a%23b%3Fc.txt", "%C3%A9%20%E2%9C%93.txt", "a%25.txt", "s%2Bs&x=1", "x" * 200]
)
def test_odd_names_are_names(address: str, run: str, name: str) -> None:
    place = f"{address}{PLACE}/runs/{run}/{name}"
    assert send("PUT", place, name.encode())[0] == 200

    assert send("GET", place)[1] == name.encode()
    _, told = ask(address, f"{PLACE}?path=runs/{run}")
    assert [urllib.request.quote(file["path"], safe="&=") for file in told["files"]] == [name]


@pytest.mark.parametrize(
    "path", ["..%2F..%2Fblobs/x", "%2e%2e/%2e%2e/x", "..%5Cx", "%2Fetc/passwd", "a%00b"]
)
def test_no_path_leaves_the_run(address: str, run: str, bucket: Bucket, path: str) -> None:
    before = blobs(bucket)
    status, _, _ = send("PUT", f"{address}{PLACE}/runs/{run}/{path}", b"mine")

    assert status in (400, 404)
    assert blobs(bucket) == before
    other = f"{address}/api/nbtrack/1/uploads/runs/{run}/{path}"
    asked = f'{{"sha256": "{"0" * 64}", "size": 9999999}}'.encode()
    assert send("POST", other, asked)[0] in (400, 404)


def test_a_file_is_no_folder(address: str, run: str) -> None:
    place = f"{address}{PLACE}/runs/{run}"
    assert send("PUT", f"{place}/a/b", b"1")[0] == 200

    assert send("PUT", f"{place}/a", b"1")[0] == 400
    assert send("PUT", f"{place}/a/b/c", b"1")[0] == 400
    assert send("GET", f"{place}/a")[0] == 400


def test_parts_of_a_file(address: str, run: str) -> None:
    place = f"{address}{PLACE}/runs/{run}/p.bin"
    send("PUT", place, bytes(range(100)))
    status, data, headers = send("GET", place, Range="bytes=10-19")

    assert (status, data) == (206, bytes(range(10, 20)))
    assert headers["content-range"] == "bytes 10-19/100"
    assert send("GET", place, Range="bytes=100-")[0] == 416
    assert part_of("bytes=-5", 100) == (95, 100)
    assert part_of("bytes=1-2,5-6", 100) is None


def test_an_empty_file_is_a_file(address: str, run: str) -> None:
    place = f"{address}{PLACE}/runs/{run}/empty"
    assert send("PUT", place, b"")[0] == 200
    assert send("GET", place)[:2] == (200, b"")


def test_what_comes_by_a_signed_address_is_looked_at(bucket: Bucket) -> None:
    """Content of another digest is refused, and nothing of it stays."""
    before = blobs(bucket)
    token, place = bucket.signed_upload()
    assert send("PUT", place, b"something else")[0] == 200

    with pytest.raises(OtherBytes):
        bucket.take(token, digest(b"what was said"))
    assert blobs(bucket) == before
    with pytest.raises(InvalidValue, match="Nothing was uploaded"):
        bucket.take(token, digest(b"something else"))
    with pytest.raises(InvalidValue, match="no token"):
        bucket.take("../blobs/aa", digest(b""))


def test_what_was_left_is_swept_away_while_the_server_runs(
    store: BucketStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import obstore

    monkeypatch.setattr("nbtrack.server.buckets.bucket.LEFT", timedelta(0))
    monkeypatch.setattr("nbtrack.server.buckets.project.SWEEP_SECONDS", 0.05)
    project, bucket = DuckDBStore(tmp_path), Bucket(store.new_bucket())
    BucketProject(project, bucket).warm_up()
    obstore.put(bucket._store, "incoming/left", b"x")
    until = time.monotonic() + 60
    while obstore.list(bucket._store, "incoming").collect() and time.monotonic() < until:
        time.sleep(0.05)
    monkeypatch.setattr("nbtrack.server.buckets.project.SWEEP_SECONDS", 3600.0)
    project.close()

    assert not obstore.list(bucket._store, "incoming").collect()


def test_a_content_that_was_changed_in_the_bucket_is_told(
    address: str, bucket: Bucket, run: str
) -> None:
    import obstore

    place, sha256 = f"{address}{PLACE}/runs/{run}/c.bin", digest(b"as it was")
    send("PUT", place, b"as it was")
    obstore.put(bucket._store, f"blobs/{sha256[:2]}/{sha256}", b"as it is!")
    status, told, _ = send("GET", place)

    assert status == 500
    assert b"was changed in the bucket" in told


def test_a_bucket_that_does_not_answer_is_503(
    bucket: Bucket, store: BucketStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what needs no file goes on."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    server = TeamServer(tmp_path, "--artifacts", bucket.address)
    try:
        other = new_run(server.address)
        status, told, headers = send("PUT", f"{server.address}{PLACE}/runs/{other}/a.bin", b"1")
        metric = {"run_id": other, "key": "m", "value": 1, "timestamp": 1, "step": 0}
        logged = ask(server.address, f"{API}runs/log-metric", metric)
    finally:
        server.kill()

    assert (status, headers["retry-after"]) == (503, "1")
    assert SECRET.encode() not in told
    assert logged[0] == 200


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("s3://key:secret@bucket/x", "AWS_ACCESS_KEY_ID"),
        ("s3:///x", "s3://bucket/prefix"),
    ],
)
def test_addresses_with_secrets_or_without_a_bucket_are_refused(said: str, why: str) -> None:
    with pytest.raises(InvalidValue, match=why) as refused:
        Bucket(said)
    assert "secret" not in re.sub("AWS_SECRET_ACCESS_KEY", "", str(refused.value))


def test_a_bucket_that_is_not_there_is_said(store: BucketStore) -> None:
    with pytest.raises(StoreError, match="There is no bucket"):
        Bucket("s3://nobody-has-made-this/x").check()


def test_files_of_before_there_was_a_bucket_are_read(own_bucket: Bucket, tmp_path: Path) -> None:
    """Of runs, and of versions; a new one of the same name goes into the bucket."""
    client = nbtrack.MlflowClient((tmp_path / ".nbtrack").as_uri())
    run = client.create_run("0").info.run_id
    client.log_text(run, "old", "old.txt")
    server = TeamServer(tmp_path, "--artifacts", own_bucket.address)
    try:
        place = f"{server.address}{PLACE}/runs/{run}/old.txt"
        old = send("GET", place)
        send("PUT", place, b"new")
        new = send("GET", place)
    finally:
        server.stop()

    assert (old[1], new[1]) == (b"old", b"new")
    assert digest(b"new") in blobs(own_bucket)


def test_a_record_without_a_digest_costs_the_others_nothing(bucket: Bucket, tmp_path: Path) -> None:
    """Of a client that is not ours, say: no content of the bucket is called so."""
    client = nbtrack.MlflowClient(str(tmp_path / ".nbtrack"))
    store, run_id = client._store, client.create_run("0").info.run_id
    BucketProject(store, bucket)
    client.log_text(run_id, "kept", "kept.txt")
    for number, odd in enumerate(("xyz", "A" * 64, "", "../blobs")):
        told = lines.artifact_line(run_id, f"odd{number}.txt", odd, size=1, t=lines.now_us())
        store.append(told)

    assert [file.path for file in client.list_artifacts(run_id)] == ["kept.txt"]
    assert client.artifacts_of(run_id).read("kept.txt") == b"kept"


def test_who_knows_a_digest_need_not_have_the_file(own_bucket: Bucket, tmp_path: Path) -> None:
    """Whose roles are for some sends all of a file before it is his, small or large: then it is
    there, and so it is said. Nobody else has to."""
    client = nbtrack.MlflowClient(tmp_path.as_uri())
    own, theirs = client.create_experiment("own"), client.create_experiment("theirs")
    grants = [Grant(kind=EXPERIMENT, name="own", role=Role.EDITOR)]
    users = Users(tmp_path)
    tokens = {"ann": users.add("ann", None, grants=grants), "all": users.add("all", Role.EDITOR)}
    secret, large = os.urandom(1000), os.urandom(2_000_000)
    server = TeamServer(tmp_path, "--artifacts", own_bucket.address)
    ours = f"{server.address}/api/nbtrack/1"

    def seen(who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {tokens[who]}"}

    def begun(who: str, experiment: str, **files: bytes) -> str:
        """A run with lines of files, of which none was sent."""
        run = os.urandom(16).hex()
        told = [lines.run_line(run, t=1, experiment_id=experiment, status="RUNNING")]
        told += [lines.artifact_line(run, n, digest(b), size=len(b), t=1) for n, b in files.items()]
        path = f"{ours}/journal/{os.urandom(16).hex()}-1.jsonl"
        sent = zlib.compress("".join(told).encode())
        assert send("POST", path, sent, **seen(who), **{START: "0"})[0] == 200
        return run

    def asked(who: str, run: str, name: str, data: bytes, **more: str) -> dict[str, Any]:
        said = json.dumps({"sha256": digest(data), "size": len(data), **more}).encode()
        status, body, _ = send("POST", f"{ours}/uploads/runs/{run}/{name}", said, **seen(who))
        assert status == 200
        return dict(json.loads(body))

    def got(who: str, run: str, name: str) -> tuple[int, bytes]:
        return send("GET", f"{server.address}{PLACE}/runs/{run}/{name}", None, **seen(who))[:2]

    first = begun("all", theirs, a=secret, b=large)
    for name, data in (("a", secret), ("b", large)):
        head = {**seen("all"), SHA256: digest(data)}
        assert send("PUT", f"{ours}/files/runs/{first}/{name}", data, **head)[0] == 200
    run = begun("ann", own, a=secret, b=large)

    assert got("all", first, "a") == (200, secret)
    assert [got("ann", *each)[0] for each in ((run, "a"), (run, "b"), (first, "a"))] == [
        404, 404, 403,
    ]  # fmt: skip
    assert asked("ann", run, "a", secret) == {"is_here": False}
    assert asked("all", begun("all", own, a=secret), "a", secret) == {"is_here": True}
    direct = asked("ann", run, "b", large)
    binary = {"content-type": "application/octet-stream"}
    assert send("PUT", direct["address"], large, **binary)[0] == 200
    assert asked("ann", run, "b", large, token=direct["token"]) == {"is_here": True}
    assert got("ann", run, "b") == (200, large)
    head = {**seen("ann"), SHA256: digest(secret)}
    assert send("PUT", f"{ours}/files/runs/{run}/a", b"another", **head)[0] >= 400
    assert got("ann", run, "a")[0] == 404
    assert send("PUT", f"{ours}/files/runs/{run}/a", secret, **head)[0] == 200
    assert got("ann", run, "a") == (200, secret)
    assert asked("ann", run, "again", secret) == {"is_here": True}
    assert server.stop() == 0
