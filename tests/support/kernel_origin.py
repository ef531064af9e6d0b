"""The process whose forks are kernels: one for each line that it is told."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from importlib import import_module
from typing import Any


def main(imported: list[str]) -> None:
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # kernels end with this process
    from ipykernel import kernelapp

    for name in imported:
        import_module(name)
    if imported:  # data are small
        import_module("nbtrack.base.databases").OFFLINE["threads"] = "1"
    if "pandas" in imported:  # as where a notebook imports it; a terminal is what it took this for
        import_module("pandas").set_option("display.max_columns", 20)
    gc.freeze()  # no fork looks for garbage among what is imported
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # it waits for none of them
    for line in sys.stdin:
        if os.fork() == 0:
            _become_kernel(json.loads(line))
            kernelapp.launch_new_instance()
            return


def _become_kernel(begin: dict[str, Any]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.write(1, f"{os.getpid()}\n".encode())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    os.environ.clear()
    os.environ.update(begin["env"], JPY_PARENT_PID=str(os.getppid()))
    os.chdir(begin["cwd"] or ".")
    # Nobody asks for the history of another kernel, and each line of it would be a write to disk.
    arguments = dict.fromkeys([*begin["arguments"], "--HistoryManager.hist_file=:memory:"])
    sys.argv = ["ipykernel_launcher.py", *arguments]
    sys.path.pop(0)  # this folder
    for name in ("tests", "tests.support", __spec__.name):
        sys.modules.pop(name, None)


if __name__ == "__main__":
    main(sys.argv[1:])
