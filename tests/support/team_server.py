"""A server of ours in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path


class TeamServer:
    """Over the project in *folder*; it can be killed and begun again at the same address."""

    def __init__(self, folder: Path, *options: str, database: str | None = None) -> None:
        """With *database*, the address of one, records are there, and files in *folder*."""
        self.folder, self._options, self._database = folder, options, database
        self._port = 0
        self.begin()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def begin(self) -> None:
        folder, database = str(self.folder), self._database
        served = [folder] if database is None else ["--store", database, "--artifacts", folder]
        command = [sys.executable, "-m", "nbtrack", "server", *served]
        self._process = subprocess.Popen(
            [*command, *self._options, "--port", str(self._port)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        told = self._process.stdout.readline()
        self._port = int(next(w for w in told.split() if w.startswith("http")).rpartition(":")[2])

    def stop_answering(self) -> None:
        """It goes on to listen."""
        self._process.send_signal(signal.SIGSTOP)

    def answer_again(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._end()

    def stop(self) -> int:
        """How it ended when it was asked to."""
        self._process.terminate()
        try:
            return self._end()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def _end(self) -> int:
        code = self._process.wait(timeout=20)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return 0 if code == -signal.SIGTERM else code
