"""Whether what a cell made was drawn, or the cell drew only for what it shows: `df.sample(5)`."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from nbtrack.capture.cell_text import parse_quietly, without_magics
from nbtrack.provenance.warnings.statements import bound_by, loaded_in, simple_statements

_OF_PYTHON = frozenset(
    {"random", "sample", "shuffle", "choice", "choices", "randint", "randrange", "uniform", "gauss"}
)
_DRAWING = frozenset(
    {*_OF_PYTHON, "permutation", "permuted", "resample"}
    | {"rand", "randn", "normal", "rvs", "random_split"}
    | {"train_test_split", "fit", "partial_fit", "fit_transform", "fit_predict", "fit_resample"}
)
_IN_PLACE = frozenset({"fit", "partial_fit", "shuffle"})
_IMPORTS = (ast.Import, ast.ImportFrom)
_LOOPS = (ast.For, ast.While, ast.If, ast.With, ast.Try)


def draws_values(code: str | None, wanted: set[str], generator: str) -> bool:
    """Whether a cell that drew from *generator* did so for the names *wanted*, as far as its
    statements show.

    Where a statement that makes one of them is not known to draw, and another may have drawn, it is
    not said.
    """
    tree = parse_quietly(without_magics(code or "")[0])
    if tree is None or not wanted:
        return False
    statements = [each for each in simple_statements(tree) if not isinstance(each, _LOOPS)]
    making = _making(statements, set(wanted))
    others = [each for each in statements if each not in making]
    return any(map(_called, making)) and _is_sure(making, others, generator)


def draws_itself(code: str | None, generator: str) -> bool:
    """Whether a cell that drew may have done so by more than what it imports."""
    tree = parse_quietly(without_magics(code or "")[0])
    statements = [] if tree is None else list(simple_statements(tree))
    imports = [each for each in statements if isinstance(each, _IMPORTS)]
    return _is_sure(statements, imports, generator)


def _is_sure(asked: Sequence[ast.stmt], others: Sequence[ast.stmt], generator: str) -> bool:
    """Whether it is one of *asked* that drew: it is known to, or nothing else can have."""
    calls = (name for each in asked for name in _called(each))
    is_known = any(_is_drawing(name, generator) for name in calls)
    return is_known or not any(_may_draw(each, generator) for each in others)


def _may_draw(statement: ast.stmt, generator: str) -> bool:
    """Also as it imports: `rich`, which many import, draws from Python's generator."""
    if isinstance(statement, _IMPORTS):
        return generator == "random"
    return bool(_called(statement))


def _making(statements: list[ast.stmt], wanted: set[str]) -> list[ast.stmt]:
    """Those that make the names, and what they are made of."""
    found = []
    for each in reversed(statements):
        if bound_by(each) & wanted or _changed_in_place(each) & wanted:
            found.append(each)
            wanted |= loaded_in(each)
    return found


def _changed_in_place(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attr)) as call) if attr in _IN_PLACE:
            return loaded_in(call)
    return set()


def _called(statement: ast.stmt) -> list[str]:
    """Each word of the names that are called: `np.random.rand` has three."""
    calls = [each.func for each in ast.walk(statement) if isinstance(each, ast.Call)]
    return [word for func in calls for word in _words(func)]


def _words(func: ast.AST) -> list[str]:
    match func:
        case ast.Name(id=name):
            return [name]
        case ast.Attribute(attr=attr, value=value):
            return [attr, *_words(value)]
    return ["()"]


def _is_drawing(word: str, generator: str) -> bool:
    if generator == "random":
        return word in _OF_PYTHON
    return word in _DRAWING or word.startswith(("make_", "cross_val"))
