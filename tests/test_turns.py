"""The tests that take turns: each file has one, and whoever names a file has all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.choosing_turns import dealt
from tests.support.turns import TURNS, turn_of_commit, turns_of_files

pytest_plugins = ("pytester",)
ROOT = Path(__file__).parents[1]
CONFTEST = """
import tests.support.turns as turns
from tests.conftest import pytest_addoption, pytest_configure_node
turns.turns_of_files = lambda: {"test_a.py": 0, "test_b.py": 1}
turns.turn_of_commit = lambda commit: 1
def pytest_collection_modifyitems(config, items):
    if (turn := turns.turn_of_this_run(config)) is not None:
        turns.deselect_other_turns(config, items, turn)
"""
SLOW_AND_QUICK = """
import pytest
@pytest.mark.slow
def test_slow(): pass
def test_quick(): pass
"""


def test_each_file_is_there():
    assert all((ROOT / file).is_file() for file in turns_of_files())


def test_each_turn_has_some_and_comes():
    turns = set(turns_of_files().values())

    assert turns == set(range(TURNS)) == {turn_of_commit(f"{n:040x}") for n in range(99)}


def test_turns_take_about_as_long():
    seconds = {f"test_{number}.py": float(number % 17) for number in range(100)}
    turns = dealt(seconds)

    assert sorted(file for turn in turns for file in turn) == sorted(seconds)
    taken = [sum(seconds[file] for file in turn) for turn in turns]
    assert max(taken) - min(taken) <= max(seconds.values()) / 4


@pytest.mark.parametrize(
    ("arguments", "passed", "deselected"),
    [
        ((), 5, 1),
        (("-n", "1"), 5, 0),
        (("--all", "-n", "1"), 6, 0),
        (("test_a.py",), 2, 0),
        (("-k", "test_slow"), 3, 3),
    ],
)
def test_slow_tests_of_other_turns_are_left_out(
    pytester, monkeypatch, arguments, passed, deselected
):
    """Of a run of all, with workers and without."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(**dict.fromkeys(("test_a", "test_b", "test_c"), SLOW_AND_QUICK))
    pytester.makeini("[pytest]\ntestpaths = .\nmarkers = slow")
    pytester.makeconftest(CONFTEST)

    found = pytester.runpytest_subprocess("-p", "no:nbval", *arguments)

    found.assert_outcomes(passed=passed, deselected=deselected)
