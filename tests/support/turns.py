"""Which of the long tests run now: some of them at each commit, by turns.

All of them take three quarters of an hour. `by_turns.txt` names those test functions whose lines
the rest reaches, too (`choosing_turns.py` finds them): a run of the whole suite has an eighth of
them, which the commit chooses, and all others. `pytest --all` has every test, and so has whoever
names a file.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from zlib import crc32

import pytest

TURNS = 8
LIST = Path(__file__).with_name("by_turns.txt")


def turn_of_this_run(config: pytest.Config) -> int | None:
    """None: every test runs."""
    if (told := getattr(config, "workerinput", None)) is not None:
        return told["turn"]  # a worker is given the files by name
    is_whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return None if config.option.all or not is_whole else turn_of_commit(_commit(config.rootpath))


def turn_of_commit(commit: str) -> int:
    return int(commit, 16) % TURNS


def turn_of_test(function: str) -> int:
    return crc32(function.encode()) % TURNS


def function_of(nodeid: str) -> str:
    """`tests/a/test_b.py::test_c` of any of its parameters."""
    return nodeid.partition("[")[0]


def those_by_turns() -> set[str]:
    lines = LIST.read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def deselect_other_turns(config: pytest.Config, items: list[pytest.Item], turn: int) -> None:
    by_turns = those_by_turns()
    others = [each for each in items if _is_of_another(function_of(each.nodeid), by_turns, turn)]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [each for each in items if each not in set(others)]


def _is_of_another(function: str, by_turns: set[str], turn: int) -> bool:
    return function in by_turns and turn_of_test(function) != turn


def _commit(root: Path) -> str:
    """That is checked out; without git, as in a source archive, the first turn's."""
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "0"
