"""Scripts as forks of a process that has imported what nbtrack imports of others: half of what a
script of a few lines computes, and the tests start hundreds.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
AT_THE_BEGINNING = ("PYTHON", "LD_", "LC_", "TZ")  # Python and the C library read them only then


class ForkedScript:
    """What is asked of a `Popen`, of a process that is no child of this one."""

    def __init__(self, file: Path, *arguments: str, cwd: Path, env: dict[str, str], errors: int):
        given, stdin = os.pipe()
        stdout, taken = os.pipe()
        answers, tells = os.pipe()
        begin = {"argv": [str(file), *arguments], "env": env, "cwd": str(cwd)}
        files = [tells, given, taken, errors]
        socket.send_fds(_origin(), [json.dumps(begin).encode()], files)
        for each in files[:-1]:
            os.close(each)
        self.stdin: IO[str] = os.fdopen(stdin, "w")
        self.stdout: IO[str] = os.fdopen(stdout)
        self._answers = os.fdopen(answers)
        self.pid = int(self._answers.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._answers], [], [], 0)[0]:
            return self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._answers], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(["script"], timeout or 0)
            self.returncode = int(self._answers.readline())
            self._answers.close()
        return self.returncode

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


def may_be_forked(env: Mapping[str, str]) -> bool:
    """Not what Python itself was to begin with otherwise than here."""
    names = {name for name in (*env, *os.environ) if name.startswith(AT_THE_BEGINNING)}
    return all(env.get(name) == os.environ.get(name) for name in names)


@cache
def _origin() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "tests.support.script_origin", str(theirs.fileno())]
    process = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=ROOT)
    theirs.close()
    atexit.register(process.wait)
    atexit.register(ours.close)  # it ends when nobody can ask any more
    return ours
