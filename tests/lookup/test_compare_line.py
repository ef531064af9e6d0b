"""What a `%compare` line says."""

from __future__ import annotations

import pytest

from nbtrack.errors import InvalidValue
from nbtrack.lookup.compare_line import parse_compare_line


@pytest.mark.parametrize(
    ("line", "runs", "baseline"),
    [
        ("a b", ["a", "b"], None),
        ("\"first try\" 'C=0.1, l2'", ["first try", "C=0.1, l2"], None),
        ("a b --baseline b", ["a", "b"], "b"),
        ('--baseline "first try" a', ["a"], "first try"),
        ('a --baseline="first try" b', ["a", "b"], "first try"),
        ("lr=0.1 -1 #2 C:\\new", ["lr=0.1", "-1", "#2", "C:\\new"], None),
    ],
)
def test_runs_and_the_baseline(line: str, runs: list[str], baseline: str | None):
    """Words are runs, as they are or in quotes; signs have no meaning of their own."""
    assert parse_compare_line(line) == (runs, baseline)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "needs runs"),
        ("--baseline a", "needs runs"),
        ("a b --baseline", "--baseline needs a run after it"),
        ("a b --base c", "Unknown flag '--base'"),
        ('a "b', "A quote in 'a \"b' is never closed"),
    ],
)
def test_what_is_not_understood(line: str, told: str):
    """The error says what, and how it is written."""
    with pytest.raises(InvalidValue, match=f"{told}.*\nusage: %compare RUN RUN"):
        parse_compare_line(line)
