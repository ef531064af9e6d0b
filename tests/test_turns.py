"""The tests that take turns: each has one, and no file of tests is ever left out."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from tests.support.turns import TURNS, those_by_turns, turn_of_commit, turn_of_test

pytest_plugins = ("pytester",)
ROOT = Path(__file__).parents[1]


def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text())
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return {f"{file}::{name}" for name in names if name.startswith("test_")}


def test_each_is_there_and_each_file_has_others():
    files = defaultdict(set)
    for function in those_by_turns():
        files[function.partition("::")[0]].add(function)

    for file, by_turns in files.items():
        assert by_turns < functions_of(file)


def test_each_has_a_turn():
    turns = defaultdict(set)
    for function in those_by_turns():
        turns[turn_of_test(function)].add(function)

    assert set(turns) == set(range(TURNS)) == {turn_of_commit(f"{n:040x}") for n in range(99)}
    assert set().union(*turns.values()) == those_by_turns()


def test_a_commit_runs_those_of_its_turn_and_who_names_a_file_runs_all(pytester, monkeypatch):
    """Through pytest itself, with workers and without."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(test_long="def test_a(): pass\ndef test_b(): pass\ndef test_c(): pass")
    pytester.makeini("[pytest]\ntestpaths = .")
    pytester.makeconftest(
        """
        import tests.support.turns as turns
        from tests.conftest import pytest_addoption, pytest_configure_node
        turns.those_by_turns = lambda: {"test_long.py::test_a", "test_long.py::test_b"}
        turns.turn_of_test = lambda function: "ab".index(function[-1])
        turns.turn_of_commit = lambda commit: 1
        def pytest_collection_modifyitems(config, items):
            if (turn := turns.turn_of_this_run(config)) is not None:
                turns.deselect_other_turns(config, items, turn)
        """
    )
    counts = {
        (): {"passed": 2, "deselected": 1},
        ("-n", "1"): {"passed": 2},
        ("--all", "-n", "1"): {"passed": 3},
        ("test_long.py",): {"passed": 3},
    }

    for arguments, count in counts.items():
        found = pytester.runpytest_subprocess("-p", "no:nbval", *arguments)
        found.assert_outcomes(**count)
