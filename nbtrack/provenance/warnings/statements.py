"""What the statements of a cell bind and read, for telling which of them a warning is about."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nbtrack.capture.expressions import root_name

_ASIDE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def simple_statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """In their order, those in loops and branches too, the heads of loops and `with` as they are;
    not those in functions, which may not run."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.stmt) and not isinstance(child, _ASIDE):
            yield child
        if not isinstance(child, (*_ASIDE, ast.expr)):
            yield from simple_statements(child)


def bound_by(statement: ast.stmt) -> set[str]:
    """Names that it binds, or puts something into: `df["a"] = 1`."""
    match statement:
        case ast.Assign(targets=targets):
            return {name for each in targets for name in _roots(each)}
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target) | ast.For(target=target):
            return _roots(target)
        case ast.With(items=items):
            found = [each.optional_vars for each in items]
            return {name for each in found if each is not None for name in _roots(each)}
    return set()


def loaded_in(node: ast.AST) -> set[str]:
    names = (each for each in ast.walk(node) if isinstance(each, ast.Name))
    return {each.id for each in names if isinstance(each.ctx, ast.Load)}


def _roots(target: ast.expr) -> set[str]:
    if isinstance(target, ast.Tuple | ast.List):
        return {name for each in target.elts for name in _roots(each)}
    inner = target.value if isinstance(target, ast.Starred) else target
    name = root_name(inner)
    return set() if name is None else {name}
