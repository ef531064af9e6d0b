"""Names that a cell makes something else of each time it runs: `steps += 1`, `rows.append(1)`.

Most of what a cell does to a name does it no more the second time: `df = df.dropna()`. So only what
surely adds up is found.
"""

from __future__ import annotations

import ast

from nbtrack.capture.cell_text import parse_quietly, without_magics
from nbtrack.capture.expressions import root_name
from nbtrack.provenance.warnings.statements import bound_by, loaded_in, simple_statements

_ADDING = frozenset({"append", "extend", "insert", "add", "update", "pop", "remove"})
_UNSURE = (ast.BitOr, ast.BitAnd)  # what is in a set already stays in it


def added_up(code: str | None) -> set[str]:
    """Of code that is not known, nothing."""
    tree = parse_quietly(without_magics(code or "")[0])
    if tree is None:
        return set()
    statements = list(simple_statements(tree))
    plain = [each for each in statements if not isinstance(each, ast.AugAssign)]
    anew = {name for each in plain for name in bound_by(each)} | _cleared(statements)
    return {name for each in statements for name in _added_by(each, anew)} - anew


def _added_by(statement: ast.stmt, anew: set[str]) -> set[str]:
    match statement:
        case ast.AugAssign(target=target, op=op, value=value) if not isinstance(op, _UNSURE):
            # `X -= X.mean()` does nothing the second time, nor does it in two statements.
            name, used = root_name(target), loaded_in(value)
            return set() if name is None or used & {name, *anew} else {name}
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr))):
            return {name} if attr in _ADDING else set()
    return set()


def _cleared(statements: list[ast.stmt]) -> set[str]:
    found = set()
    for each in statements:
        match each:
            case ast.Expr(
                value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="clear"))
            ):
                found.add(name)
    return found
