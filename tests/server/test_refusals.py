"""What the server does not do, and how it says so."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import nbtrack
from nbtrack.cli.main import main
from tests.server.asking import API, ask


@pytest.mark.parametrize(
    ("path", "fields", "status", "code", "says"),
    [
        ("runs/get?run_id=nowhere", None, 404, "RESOURCE_DOES_NOT_EXIST", "nowhere"),
        ("runs/get", None, 400, "INVALID_PARAMETER_VALUE", "run_id"),
        ("runs/log-batch", ["x"], 400, "BAD_REQUEST", "JSON object"),
        ("runs/search", {"run_view_type": "SOME"}, 400, "INVALID_PARAMETER_VALUE", "some"),
        ("runs/search", {"max_results": "many"}, 400, "INVALID_PARAMETER_VALUE", "many"),
        ("traces/search", {}, 404, "ENDPOINT_NOT_FOUND", "traces/search"),
        ("experiments/create", {"name": ""}, 400, "INVALID_PARAMETER_VALUE", "name"),
        ("experiments/create", {"name": 5}, 400, "INVALID_PARAMETER_VALUE", "value 5 for"),
        ("runs/search", {"max_results": 10**6}, 400, "INVALID_PARAMETER_VALUE", "1 and 50000"),
        ("metrics/get-history-bulk?metric_key=a", None, 400, "INVALID_PARAMETER_VALUE", "run_id"),
        (
            "runs/log-batch",
            {"run_id": "x", "metrics": [{"key": "a", "value": 1}]},
            400,
            "INVALID_PARAMETER_VALUE",
            "'metrics[0].timestamp'",
        ),
    ],
)
def test_errors_are_mlflows(
    address: str, served_folder: Path, path: str, fields: object, status: int, code: str, says: str
) -> None:
    answered, told = ask(address, API + path, fields)

    assert (answered, told["error_code"]) == (status, code)
    assert says in told["message"]
    assert str(served_folder) not in told["message"]  # which is no business of clients


@pytest.mark.parametrize(
    "location",
    ["/etc", "file:///etc", "../elsewhere", "C:\\\\x", "mlflow-artifact:/x", "s3evil:/x"],
)
def test_nobody_names_a_folder_of_the_server(address: str, location: str) -> None:
    """Who could would read and write wherever the server can."""
    fields = {"name": f"at {location}", "artifact_location": location}
    status, told = ask(address, f"{API}experiments/create", fields)
    ask(address, f"{API}registered-models/create", {"name": "foreign"})
    version = {"name": "foreign", "source": location}

    assert (status, told["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert ask(address, f"{API}model-versions/create", version)[0] == 400


@pytest.mark.parametrize(
    "path",
    ["../../nbtrack.duckdb", "%2e%2e/%2e%2e/x", "..%2f..%2fx", "/etc/passwd", "a//b", "a\\b"],
)
def test_paths_stay_in_their_run(address: str, served_folder: Path, path: str) -> None:
    (served_folder / "x").write_text("secret")
    created = ask(address, f"{API}runs/create", {"experiment_id": "0"})[1]
    run_id = created["run"]["info"]["run_id"]
    target = urlsplit(address)
    for method, body in (("GET", b""), ("PUT", b"bad")):  # by hand: libraries tidy paths up
        with socket.create_connection((str(target.hostname), int(target.port or 0))) as line:
            place = f"/api/2.0/mlflow-artifacts/artifacts/runs/{run_id}/{path}"
            head = f"{method} {place} HTTP/1.1\r\nHost: {target.netloc}\r\nConnection: close\r\n"
            line.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = line.makefile("rb").read()
        assert b" 400 " in answer.splitlines()[0] or b" 404 " in answer.splitlines()[0]
        assert b"secret" not in answer
    assert (served_folder / "x").read_text() == "secret"


def test_an_upload_that_breaks_off_leaves_nothing(address: str, served_folder: Path) -> None:
    run_id = ask(address, f"{API}runs/create", {"experiment_id": "0"})[1]["run"]["info"]["run_id"]
    target = urlsplit(address)
    place = f"/api/2.0/mlflow-artifacts/artifacts/runs/{run_id}/half.bin"
    with socket.create_connection((str(target.hostname), int(target.port or 0))) as line:
        head = f"PUT {place} HTTP/1.1\r\nHost: {target.netloc}\r\nContent-Length: 9000000\r\n\r\n"
        line.sendall(head.encode() + b"x" * 1_000_000)
    client = nbtrack.MlflowClient((served_folder / ".nbtrack").as_uri())

    assert ask(address, f"{API}artifacts/list?run_id={run_id}")[1]["files"] == []
    assert not [*Path(client.get_run(run_id).info.artifact_uri).rglob("half*")]


def test_pages_of_other_sites_may_not(address: str) -> None:
    """Neither with a name of theirs for this machine, nor with a request to its address."""
    fields = {"name": "from elsewhere"}

    assert ask(address, f"{API}experiments/create", fields, Origin="https://evil.example")[0] == 403
    assert ask(address, f"{API}experiments/create", fields, Host="evil.example")[0] == 403
    found = ask(address, f"{API}experiments/get-by-name?experiment_name=from%20elsewhere")
    assert found[0] == 404


@pytest.mark.parametrize("options", [["--host", "0.0.0.0"], ["--name", "team.example.org"]])
def test_other_machines_are_not_let_in_without_users(tmp_path: Path, options: list[str]) -> None:
    """Neither directly nor through a proxy on this one."""
    command = [sys.executable, "-m", "nbtrack", "server", str(tmp_path), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2
    assert "127.0.0.1" in done.stderr
    assert "server user add NAME --role admin" in done.stderr


def test_a_server_is_one_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Several would each count wrong passwords, and each tell other numbers."""
    assert main(["server", str(tmp_path), "--workers", "4"]) == 2
    assert "several servers on the same project" in capsys.readouterr().err
