"""A real MLflow server in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path


class MlflowServer:
    """Over SQLite in *folder*, or over files; it can be killed and begun again at the same
    address."""

    def __init__(self, folder: Path, *, has_database: bool = True) -> None:
        self._folder = folder
        self._runs = f"sqlite:///{folder}/mlflow.db" if has_database else f"{folder}/mlruns"
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = str(probe.getsockname()[1])
        self.begin()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def begin(self) -> None:
        places = ["--backend-store-uri", self._runs,
                  "--artifacts-destination", f"{self._folder}/artifacts"]  # fmt: skip
        without_others = {
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_ALLOW_FILE_STORE": "true",
        }
        with open(self._folder / "server.log", "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", self._port,
                 *places],
                cwd=self._folder, env={**os.environ, **without_others}, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 240
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "server.log").read_text()[-2000:]
            assert time.monotonic() < deadline, "the MLflow server did not begin"
            time.sleep(0.1)

    def forget_experiment(self, name: str) -> None:
        """For good, a deleted one: as `mlflow gc` does."""
        with sqlite3.connect(self._folder / "mlflow.db", timeout=60) as database:
            of_name = "(select experiment_id from experiments where name = ?)"
            database.execute(f"delete from runs where experiment_id = {of_name}", [name])
            database.execute("delete from experiments where name = ?", [name])
        database.close()

    def kill(self) -> None:
        """With the processes that it began."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.address}/version", timeout=30).close()
        except OSError:
            return False
        return True
