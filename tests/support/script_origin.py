"""The process whose forks are scripts: one for each message, with its files, on its own socket.

nbtrack is not imported here: what a process inherits it reads as it is imported.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

# What nbtrack imports of others until a run has ended, which is most of what a script computes.
IMPORTED = (
    *("ast", "csv", "dataclasses", "duckdb", "hashlib", "html", "importlib.metadata", "inspect"),
    *("platform", "queue", "secrets", "shutil", "socket", "textwrap", "typing", "uuid", "zipfile"),
)
LONGEST = 1 << 20  # of a message


def main(number: int) -> None:
    asked = socket.socket(fileno=number)
    for name in IMPORTED:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # of those that wait for scripts
    while True:
        message, files, _, _ = socket.recv_fds(asked, LONGEST, 4)
        if not message:
            return
        if os.fork() == 0:
            asked.close()
            _begin(json.loads(message), *files)
            return
        for each in files:
            os.close(each)


def _begin(begin: dict[str, Any], told: int, *standard: int) -> None:
    """In two processes: the script, and one that says on *told* which it is and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if pid := os.fork():
        for each in standard:
            os.close(each)
        os.write(told, f"{pid}\n".encode())
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.write(told, f"{code}\n".encode())
        os._exit(0)
    os.close(told)
    for number, each in enumerate(standard):
        os.dup2(each, number)
        os.close(each)
    _run(**begin)


def _run(argv: list[str], env: dict[str, str], cwd: str) -> None:
    """As `python -u` does it, and to the end as Python does it: by what comes out of here."""
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.stdout.reconfigure(write_through=True)  # type: ignore[union-attr] # it is a text file
    sys.argv, sys.path[0] = argv, os.path.dirname(argv[0])
    for name in ("tests", "tests.support"):
        sys.modules.pop(name, None)
    program = sys.modules["__main__"] = ModuleType("__main__")
    program.__file__, program.__builtins__ = argv[0], __builtins__  # type: ignore[attr-defined]
    with open(argv[0], encoding="utf-8") as file:
        code = compile(file.read(), argv[0], "exec")
    exec(code, vars(program))


if __name__ == "__main__":
    main(int(sys.argv[1]))
