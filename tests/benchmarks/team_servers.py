"""The two servers that are compared, each in a process of its own with a project of its own, and
their clients."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
LEAST_WORKER = 30e6  # bytes: a smaller process beside them only looks after others
_OFFLINE = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "OMP_NUM_THREADS": "1"}


@dataclass(slots=True)
class Server:
    """*store* is what fills it without the server: its database, or None."""

    library: str
    folder: Path
    address: str
    store: str | None
    process: subprocess.Popen[bytes]

    def idle_bytes(self) -> int:
        """Memory that is a worker's own, of the process that answers (MLflow: of the smallest)."""
        told = psutil.Process(self.process.pid)
        found = [each.memory_full_info().uss for each in told.children(recursive=True)]
        return min(filter(lambda uss: uss > LEAST_WORKER, found), default=_uss(told))

    def knows(self, run_id: str) -> bool:
        return self._run(run_id) is not None

    def metrics_of(self, run_id: str) -> dict[str, float]:
        """As anybody sees them; none if it does not know the run."""
        found = self._run(run_id) or {"data": {}}
        return {metric["key"]: metric["value"] for metric in found["data"].get("metrics", [])}

    def _run(self, run_id: str) -> Any:
        """Over MLflow's REST protocol; None if it does not know it."""
        url = f"{self.address}/api/2.0/mlflow/runs/get?run_id={run_id}"
        with suppress(OSError), urllib.request.urlopen(url, timeout=60) as answer:
            return json.load(answer)["run"]
        return None


@contextmanager
def serving(library: str, folder: Path, *, store: str | None = None) -> Iterator[Server]:
    """MLflow's with its defaults, over SQLite; *store* is another database, for either."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    backend = store or (f"sqlite:///{folder}/mlflow.db" if library == "mlflow" else str(folder))
    files = [] if backend == str(folder) else ["--artifacts", str(folder)]
    command = [sys.executable, "-m", "nbtrack", "server", backend, *files, "--port", port]
    if library == "mlflow":
        command = [
            sys.executable, "-m", "mlflow", "server", "--port", port, "--host", "127.0.0.1",
            "--backend-store-uri", backend, "--artifacts-destination", f"{folder}/artifacts",
        ]  # fmt: skip
    with open(folder / "server.log", "wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=_environment(folder), stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(address, process)
        fills = backend if library == "mlflow" else None
        yield Server(library, folder, address, fills, process)
    finally:
        process.terminate()
        process.wait(timeout=30)


class Clients:
    """Processes that do the same at once, each on a machine of its own."""

    def __init__(
        self, server: Server, what: str, arguments: Sequence[str], *, uri: str | None = None
    ) -> None:
        self._started = [
            _client(server, what, argument, uri or server.address, place=f"{what}-{number}")
            for number, argument in enumerate(arguments)
        ]
        self.told = [_line(each).removeprefix("ready").strip() for each in self._started]

    def go(self) -> None:
        for each in self._started:
            assert each.stdin is not None
            each.stdin.write("\n")
            each.stdin.flush()

    def found(self) -> list[dict[str, Any]]:
        """When all have ended."""
        answers = [json.loads(_line(each)) for each in self._started]
        for each in self._started:
            each.communicate()
        return answers


def run_clients(server: Server, what: str, *arguments: str) -> list[dict[str, Any]]:
    clients = Clients(server, what, arguments)
    clients.go()
    return clients.found()


def _client(
    server: Server, what: str, argument: str, uri: str, *, place: str
) -> subprocess.Popen[str]:
    folder = server.folder / "clients" / f"{place}-{time.monotonic_ns()}"
    folder.mkdir(parents=True)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.team_side", server.library, uri, what, argument],
        cwd=folder, env=_environment(folder), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _line(client: subprocess.Popen[str]) -> str:
    """What nobody else prints: MLflow says where a run is to be seen."""
    assert client.stdout is not None
    for line in client.stdout:
        if line.startswith(("ready", "{")):
            return line
    raise RuntimeError(f"{client.args} ended with {client.wait()}.")


def _environment(folder: Path) -> dict[str, str]:
    places = {"PYTHONPATH": str(ROOT), "NBTRACK_SERVERS_DIR": str(folder / "servers")}
    return {**os.environ, **_OFFLINE, **places}


def _wait_until_up(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 180
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"No server at {address}.")


def _uss(process: psutil.Process) -> int:
    return int(process.memory_full_info().uss)
