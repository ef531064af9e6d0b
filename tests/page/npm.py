"""npm, with what checks the pages: installed the first time, and whenever the lock file changes."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
_INSTALLED = MODULES / ".package-lock.json"
_OLDEST_NODE = (20, 19)  # it sees by itself that a file is an ES module


def need_npm() -> None:
    """Without it, or with an old node, only CI does not skip."""
    if shutil.which("npm") is None or _node_version() < _OLDEST_NODE:
        words = "node 20.19 or newer, with npm, checks the pages: it is not here"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(words)
    with open(HERE / "package.json") as turn:  # of two workers of the tests, one installs
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not _is_installed():
            ran = npm("ci")
            assert ran.returncode == 0, ran.stdout + ran.stderr


def npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["npm", *arguments], cwd=HERE, capture_output=True, text=True)


def _is_installed() -> bool:
    lock = HERE / "package-lock.json"
    return _INSTALLED.exists() and _INSTALLED.stat().st_mtime >= lock.stat().st_mtime


def _node_version() -> tuple[int, ...]:
    ran = subprocess.run(["node", "--version"], capture_output=True, text=True)
    return tuple(int(part) for part in re.findall(r"\d+", ran.stdout)[:2])
