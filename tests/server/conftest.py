from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

pytest.importorskip("uvicorn")


@pytest.fixture(scope="module")
def served_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def address(served_folder: Path) -> Iterator[str]:
    """Of a server over an empty project, for all tests of a module."""
    command = [sys.executable, "-m", "nbtrack", "server", str(served_folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        yield next(word for word in told.split() if word.startswith("http"))
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            assert process.wait(timeout=20) in (0, -signal.SIGTERM)
        process.kill()
