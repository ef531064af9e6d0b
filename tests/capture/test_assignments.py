"""What a variable was assigned is told only where the source leaves no doubt."""

from __future__ import annotations

import ast
import sys

import pytest

from nbtrack.capture.assignments import Source, source_of
from nbtrack.capture.call_expressions import call_of

CALL = "use(a)"


def assigned(text):
    """What `a` surely is at the call `use(a)` in *text*."""
    tree = ast.parse(text)
    source = Source(tree.body)
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n) == CALL]
    place = source.place_of((calls[0].lineno, calls[0].col_offset))
    found = source.assigned("a", place)
    return None if found is None else ast.unparse(found.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a = f(x)\nuse(a)", "f(x)"),
        ("a: int = f(x); use(a)", "f(x)"),
        ("a = 1\na = a + 1\nuse(a)", "a + 1"),
        ("a = f(x)\nif c:\n    with g():\n        use(a)", "f(x)"),
        ("for x in xs:\n    a = f(x)\n    use(a)", "f(x)"),
        ("with torch.no_grad():\n    a = f(x)\nuse(a)", "f(x)"),
        ("with no_grad(), start_run() as run:\n    a = f(x)\nuse(a)", "f(x)"),
        ("with suppress(E):\n    a = f(x)\nuse(a)", None),
        ("with no_grad(), g:\n    a = f(x)\nuse(a)", None),
        ("a = f(x)\nwith torch.no_grad():\n    a += 1\nuse(a)", None),
        ("use(a)\na = f(x)", None),
        ("if c:\n    a = f(x)\nuse(a)", None),
        ("try:\n    a = f(x)\nexcept E:\n    pass\nuse(a)", None),
        ("a = f(x)\na += 1\nuse(a)", None),
        ("a = f(x)\nif c:\n    a = 2\nuse(a)", None),
        ("a = f(x)\nfor a in xs:\n    use(a)", None),
        ("a = f(x)\nfor x in xs:\n    use(a)\n    a = 2", None),
        ("a = f(x)\nwhile (a := g()):\n    use(a)", None),
        ("a, b = f(x)\nuse(a)", None),
        ("a = f(x)\nimport a\nuse(a)", None),
        ("a = f(x)\ntry:\n    g()\nexcept E as a:\n    use(a)", None),
        ("a = f(x)\nmatch c:\n    case [a, _]:\n        use(a)", None),
        ("a = f(x)\ndef g():\n    global a\n    a = 2\ng()\nuse(a)", None),
        ("a = f(x)\ndel a\nuse(a)", None),
    ],
)
def test_the_value_is_that_of_the_last_sure_assignment(text, value):
    """Before the call, in its block or one around it, and nothing else since."""
    assert assigned(text) == value


def test_whether_a_variable_is_unchanged_counts_loops():
    """A loop around the call comes back to what stands below it."""
    tree = ast.parse("a = f(x)\nfor i in n:\n    use(a)\n    x = 2\ny = 1")
    source = Source(tree.body)
    here, there = source.place_of((3, 4)), source.place_of((1, 0))

    assert not source.is_unchanged("x", since=there, until=here)
    assert source.is_unchanged("y", since=there, until=here)


def test_a_function_is_read_alone():
    """With its own lines and columns, and its closing bracket on a line of its own."""

    def origin_of(*_):
        frame = sys._getframe(1)
        node, source = call_of(frame).nodes[0], source_of(frame)
        return source.assigned("a", source.place_of((node.lineno, node.col_offset)))

    def helper():
        a = len("ä")
        return origin_of(
            a,
        )

    assert ast.unparse(helper().value) == "len('ä')"


def test_without_source_nothing_is_told():
    """Code from a string."""
    names = {"sys": sys}
    exec("frame = sys._getframe()", names)

    assert source_of(names["frame"]) is None
