"""Which variable takes what a call returns, as its frame's instructions say."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from nbtrack.capture.assigned_name import assigned_name


def names_taken(source: str, **names: Any) -> list[str | None]:
    """By each call of `f` in *source*, in the order in which they are made."""
    found: list[str | None] = []

    def f(*_arguments: Any, **_keywords: Any) -> float:
        found.append(assigned_name(sys._getframe(1)))
        return 0.5

    exec(compile(source, "<cell>", "exec"), {"f": f, **names})
    return found


@pytest.mark.parametrize(
    "source",
    [
        "acc = f()",
        "acc: float = f(1)",
        "acc = f(*[1], key=2)",
        "acc = (\n    f(\n        key=1\n    )\n)",
        "def g():\n    global acc\n    acc = f()\ng()",
        "def g():\n    acc = f()\n    return acc + acc\ng()",
        "def g():\n    acc = f()\n    return lambda: acc\ng()",
        "class Box:\n    g = f\nacc = Box.g()",
    ],
)
def test_a_direct_assignment(source: str):
    """At the top, in a function, with whatever arguments."""
    assert names_taken(source) == ["acc"]


@pytest.mark.parametrize(
    "source",
    [
        "f()",
        "a = b = f()",
        "acc = 100 * f()",
        "acc = f() or 1",
        "accs = [f()]",
        "(acc := f())",
        "box = {}\nbox['acc'] = f()",
        "acc = round(f(), 2)",
        "acc, n = f(), 3",
        "acc = 1\nacc += f()",
        "for _ in [f()]: pass",
        "acc = max(f() for _ in range(1))",
        "acc = (lambda: f())()",
    ],
)
def test_what_is_done_to_it_first(source: str):
    """Then the variable holds something else, or other names do too."""
    assert names_taken(source) == [None]


def test_each_call_has_its_own():
    """Of several on a line, and of the same one time after time."""
    source = "for _ in range(2):\n    a = f(); b = f(f())"

    assert names_taken(source) == ["a", None, "b"] * 2


def test_a_cell_with_many_names():
    """More than one byte can count: then another instruction stands before the one that stores."""
    source = "".join(f"v{n} = {n}\n" for n in range(300)) + "acc = f()\nother = f()"

    assert names_taken(source) == ["acc", "other"]
