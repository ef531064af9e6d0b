"""How many steps a training loop will take, where its `for` loops say so: they go over a range, a
DataLoader or a list, and each round of the innermost makes a step. Anything else is not known.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import math
import operator
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import FrameType
from typing import Any, NamedTuple

from torch.utils.data import DataLoader

from nbtrack.base.guard import tried

MOST_LINES = 20_000  # of a file, to be parsed
_SAME_LENGTH = frozenset({"enumerate", "list", "tqdm", "track"})
_OPERATORS: Mapping[type, Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}


class Length(NamedTuple):
    steps: int
    may_end_early: bool


class _Unknown(Exception):
    """Nobody can say how long it is."""


class _Place(NamedTuple):
    """Where a frame is: *around* are the statements around the one that runs, the outermost first,
    within *scope*, a function or module."""

    scope: ast.AST
    around: list[ast.stmt]


def loop_length(frames: Iterable[FrameType], optimizer: object) -> Length | None:
    """Of the loops in which *optimizer* steps and was not made. *frames* are those of the user that
    a step is called from, the nearest first."""
    try:
        loops = _loops(frames, optimizer)
    except _Unknown:
        return None
    if not loops:
        return None
    return Length(
        math.prod(each.steps for each in loops), any(each.may_end_early for each in loops)
    )


def _loops(frames: Iterable[FrameType], optimizer: object) -> list[Length]:
    found: list[Length] = []
    for frame in frames:
        known = frame.f_locals
        own = {name for name, value in known.items() if value is optimizer}
        place = _place_of(frame)
        making = [i for i, each in enumerate(place.around) if _makes(each, own)]
        around = place.around[making[-1] + 1 :] if making else place.around
        loops = _lengths(around, {**frame.f_globals, **known})
        if frame.f_code.co_flags & inspect.CO_OPTIMIZED and sys.version_info < (3, 13):
            known.clear()  # see `surroundings`
        if found and loops and not own:
            raise _Unknown  # it may be made in each round of these
        found += loops
        if _makes(place.scope, own):
            break
    return found


def _makes(node: ast.AST, names: Collection[str]) -> bool:
    """Whether one of *names* is assigned in it."""
    stores = (each for each in ast.walk(node) if isinstance(each, ast.Name))
    return any(isinstance(each.ctx, ast.Store) and each.id in names for each in stores)


def _lengths(around: list[ast.stmt], names: Mapping[str, Any]) -> list[Length]:
    if any(isinstance(node, ast.While) for node in around):
        raise _Unknown
    first = next((i for i, node in enumerate(around) if isinstance(node, ast.For)), len(around))
    if any(isinstance(node, ast.If | ast.Match) for node in around[first:]):
        raise _Unknown  # it steps in some rounds only
    loops = [node for node in around if isinstance(node, ast.For)]
    return [Length(_times(each.iter, names), _may_end_early(each)) for each in loops]


def _place_of(frame: FrameType) -> _Place:
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    if not lines or len(lines) > MOST_LINES:
        raise _Unknown
    scope: ast.AST = ast.parse("".join(lines))
    body, around = ast.iter_child_nodes(scope), list[ast.stmt]()
    while (node := _holding(body, frame.f_lineno)) is not None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            scope, around = node, []
        else:
            around.append(node)
        body = _statements(node)
    return _Place(scope, around)


def _holding(body: Iterable[ast.AST], line: int) -> ast.stmt | None:
    for node in body:
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0):
            return node
    return None


def _statements(node: ast.stmt) -> Iterator[ast.AST]:
    """What repeats or branches with *node*: not the `else` of a loop, which runs once."""
    if isinstance(node, ast.For | ast.While):
        yield from node.body
    else:
        for child in ast.iter_child_nodes(node):
            holds = isinstance(child, ast.ExceptHandler | ast.match_case)
            yield from child.body if holds else [child]  # type: ignore[attr-defined]  # both have one


def _times(iterated: ast.expr, names: Mapping[str, Any]) -> int:
    match iterated:
        case ast.Call(func=ast.Name(id="range" | "trange"), args=[_, *_] as args, keywords=_):
            return len(range(*(_number(each, names) for each in args)))
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]):
            if name in _SAME_LENGTH:
                return _times(first, names)
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return len(elements)
        case ast.Name() | ast.Attribute():
            value = _value(iterated, names)
            if issubclass(type(value), DataLoader | list | tuple | range):
                length = tried(lambda: len(value), on_fault=lambda _: -1)
                if length >= 0:
                    return length
    raise _Unknown


def _number(expression: ast.expr, names: Mapping[str, Any]) -> int:
    match expression:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_number(left, names), _number(right, names))
        case ast.Constant(value=value):
            found = value
        case ast.Call(func=ast.Name(id="len"), args=[iterated]):
            found = _times(iterated, names)
        case _:
            found = _value(expression, names)
    if type(found) is not int:
        raise _Unknown
    return found


def _value(expression: ast.expr, names: Mapping[str, Any]) -> Any:
    """Of a name, or of `args.epochs`: without running code of the user's."""
    match expression:
        case ast.Name(id=name):
            return names.get(name)
        case ast.Attribute(value=owner, attr=name):
            return inspect.getattr_static(_value(owner, names), name, None)
    raise _Unknown


def _may_end_early(loop: ast.For) -> bool:
    leaving = ast.Break | ast.Return | ast.Raise
    return any(isinstance(node, leaving) for node in ast.walk(loop))
