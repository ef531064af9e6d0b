"""Names that belong to a function, class or comprehension, and not to the cell around it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True)
class Scope:
    """*kind* is function, class or comprehension; *outer* are the names declared global in it."""

    kind: str
    local: set[str]
    outer: set[str] = field(default_factory=set)


def function_scope(args: ast.arguments, body: Iterable[ast.AST]) -> Scope:
    local, outer = names_bound_in(body)
    return Scope("function", local | {arg.arg for arg in all_arguments(args)}, outer)


def all_arguments(args: ast.arguments) -> list[ast.arg]:
    stars = [arg for arg in (args.vararg, args.kwarg) if arg]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *stars]


def names_bound_in(nodes: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """Names that *nodes* bind in their own scope, and the ones they declare global."""
    bound: set[str] = set()
    outer: set[str] = set()
    nonlocals: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        bound.update(_names_bound_by(node))
        if isinstance(node, ast.Global | ast.Nonlocal):
            (outer if isinstance(node, ast.Global) else nonlocals).update(node.names)
        elif isinstance(node, _COMPREHENSIONS):
            bound.update(_walrus_targets(node))
        elif not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))
    return bound - outer - nonlocals, outer


def _names_bound_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Import() | ast.ImportFrom():
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name


def _walrus_targets(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.NamedExpr):
            yield inner.target.id
