"""Which of the long tests run now: some of them at each commit, by turns.

All tests take half an hour. `by_turns.txt` names files whose slow tests reach little that others do
not (`choosing_turns.py` finds them), with an eighth of their time in each paragraph: a run of the
whole suite has one paragraph of them, which the commit chooses, and all else. `pytest --all` has
every test, and so has whoever names a file, or tests by `-k`.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

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


def turns_of_files() -> dict[str, int]:
    """Of those on the list, which has a paragraph for each turn."""
    lines = LIST.read_text().splitlines()
    paragraphs = "\n".join(line for line in lines if not line.startswith("#")).split("\n\n")
    return {file: turn for turn, files in enumerate(paragraphs) for file in files.split()}


def deselect_other_turns(config: pytest.Config, items: list[pytest.Item], turn: int) -> None:
    """Of the *items* those that are slow, in files that have another turn: all or none of a file,
    as what comes first in it may begin something for the rest."""
    others = {file for file, its_turn in turns_of_files().items() if its_turn != turn}
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
