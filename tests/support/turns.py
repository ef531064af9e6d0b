"""Which of the long tests run now: some of them at each commit, by turns.

All tests take three quarters of an hour. `by_turns.txt` names files whose slow tests reach little
that others do not (`choosing_turns.py` finds them): a run of the whole suite has those of an eighth
of these files, which the commit chooses, and all else. `pytest --all` has every test, and so has
whoever names a file, or tests by `-k`.
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
    if config.option.all or config.option.keyword or not is_whole:
        return None
    return turn_of_commit(_commit(config.rootpath))


def turn_of_commit(commit: str) -> int:
    return int(commit, 16) % TURNS


def turn_of_file(file: str) -> int:
    return crc32(file.encode()) % TURNS


def those_by_turns() -> set[str]:
    lines = LIST.read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def deselect_other_turns(config: pytest.Config, items: list[pytest.Item], turn: int) -> None:
    """Of the *items* those that are slow, in files that have another turn: all or none of a file,
    as what comes first in it may begin something for the rest."""
    others = {file for file in those_by_turns() if turn_of_file(file) != turn}
    left_out = {each for each in items if _is_slow(each) and file_of(each.nodeid) in others}
    if left_out:
        config.hook.pytest_deselected(items=[*left_out])
        items[:] = [each for each in items if each not in left_out]


def file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def _is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


def _commit(root: Path) -> str:
    """That is checked out; without git, as in a source archive, the first turn's."""
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "0"
