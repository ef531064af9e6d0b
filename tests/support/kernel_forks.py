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
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[2]


class ForkingManager(KernelManager):
    """Its kernel has the arguments, the environment and the folder that it would start with."""

    imported: tuple[str, ...] = ()  # beside IPython: modules that its first cell imports anyway

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        provisioner: Any = self.provisioner
        begin = {"arguments": kernel_cmd[3:], "env": options["env"], "cwd": options["cwd"]}
        provisioner.process = ForkedProcess(_fork(self.imported, begin))
        provisioner.pid = provisioner.pgid = provisioner.process.pid
        self._reconcile_connection_info(provisioner.connection_info)


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
        if not self._is_over:
            signal.pidfd_send_signal(self._handle, number)


def _fork(imported: tuple[str, ...], begin: dict[str, Any]) -> int:
    """The id of the new process."""
    origin = _origin(imported)
    assert origin.stdin
    assert origin.stdout
    origin.stdin.write(json.dumps(begin) + "\n")
    origin.stdin.flush()
    return int(origin.stdout.readline())


@cache
def _origin(imported: tuple[str, ...]) -> subprocess.Popen[str]:
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
