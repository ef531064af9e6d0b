"""The tests that take turns: each file has one, and whoever names a file has all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.turns import TURNS, those_by_turns, turn_of_commit, turn_of_file

pytest_plugins = ("pytester",)
ROOT = Path(__file__).parents[1]
CONFTEST = """
import tests.support.turns as turns
from tests.conftest import pytest_addoption, pytest_configure_node
turns.those_by_turns = lambda: {"test_a.py", "test_b.py"}
turns.turn_of_file = lambda file: "ab".index(file[5])
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
    assert all((ROOT / file).is_file() for file in those_by_turns())


def test_each_turn_has_some_and_comes():
    turns = {turn_of_file(file) for file in those_by_turns()}

    assert turns == set(range(TURNS)) == {turn_of_commit(f"{n:040x}") for n in range(99)}


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
