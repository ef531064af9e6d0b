"""Kernels as forks of a process that has imported what every kernel imports before its first cell.

That is half of what a kernel computes until then, and the tests start hundreds.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.provisioning import local_provisioner

ROOT = Path(__file__).parents[2]


@contextmanager
def forked_kernels(*imported: str, origin: str = "kernels") -> Iterator[None]:
    """Kernels that jupyter_client starts meanwhile are forks of a process of that name.

    It has *imported*, beside IPython, what their first cell imports anyway. Forks of one process
    order sets alike; those of two do not.
    """

    usual = local_provisioner.launch_kernel

    def launch(command: list[str], **options: Any) -> Any:
        if not _is_ours(command, options["env"]):
            return usual(command, **options)
        begin = {"arguments": command[3:], "env": options["env"], "cwd": options["cwd"]}
        return ForkedProcess(_fork(_origin(origin, imported), begin))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(local_provisioner, "launch_kernel", launch)
        yield


def _is_ours(command: list[str], env: dict[str, str]) -> bool:
    """Whether it is this very Python, which reads some variables only when it begins."""
    names = {name for name in (*env, *os.environ) if name.startswith("PYTHON")}
    is_same = all(env.get(name) == os.environ.get(name) for name in names)
    return is_same and command[:3] == [sys.executable, "-m", "ipykernel_launcher"]


class ForkedProcess:
    """What is asked of a `Popen`, of a process that is no child of this one."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)
        self._is_over = False

    def poll(self) -> int | None:
        return self.wait(0)

    def wait(self, timeout: float | None = None) -> int | None:
        if not self._is_over and select.select([self._handle], [], [], timeout)[0]:
            self._is_over = True
            os.close(self._handle)
        return 0 if self._is_over else None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _fork(origin: subprocess.Popen[str], begin: dict[str, Any]) -> int:
    """The id of the new process."""
    assert origin.stdin
    assert origin.stdout
    origin.stdin.write(json.dumps(begin) + "\n")
    origin.stdin.flush()
    return int(origin.stdout.readline())


@cache
def _origin(_name: str, imported: tuple[str, ...]) -> subprocess.Popen[str]:
    foreign = ("NBTRACK_", "MLFLOW_")
    origin = subprocess.Popen(
        [sys.executable, "-m", "tests.support.kernel_origin", *imported],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={n: v for n, v in os.environ.items() if not n.startswith(foreign)},
        cwd=ROOT,
    )
    atexit.register(origin.communicate)  # it ends when nobody can ask any more
    return origin
