"""Which tests are traced when several workers measure coverage."""

from __future__ import annotations

from tests.support.tracing import EVERY, PATIENCE, Sampler

FILE = "tests/room/test_file.py::test_{}"


def traced(sampler: Sampler, known: list[int], file: str = FILE) -> list[bool]:
    """Of tests before which so many branches are known."""
    return [sampler.wants(file.format(n), count) for n, count in enumerate(known)]


def test_tests_that_find_something_are_traced() -> None:
    assert all(traced(Sampler(), list(range(20))))


def test_of_those_that_find_nothing_few_are() -> None:
    """The first ones of the file, and every fourth: what it finds makes others be traced again."""
    sampler = Sampler()
    found = traced(sampler, [0, *[7] * 13])
    begun = PATIENCE + 1  # the first test finds what there is

    assert found[:begun] == [True] * begun
    assert found[begun:] == ([False] * (EVERY - 1) + [True]) * 2 + [False] * (EVERY - 1)
    assert traced(sampler, [7, 8, 8, 8]) == [True, True, True, False]


def test_each_file_begins_anew() -> None:
    sampler = Sampler()
    traced(sampler, [7] * 10)

    assert traced(sampler, [7, 7], "tests/room/test_other.py::test_{}") == [True, True]
