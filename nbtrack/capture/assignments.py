"""What a variable was surely assigned, read in the source around a running call.

"Surely" means: the assignment stands before the call in the same block or in one around it, so
that it was executed, and nothing in between, nor in a loop around the call, gives the variable,
or one that the assigned expression reads, another value.
"""

from __future__ import annotations

import ast
import linecache
import textwrap
import weakref
from collections.abc import Iterable, Iterator
from types import CodeType, FrameType
from typing import NamedTuple

MOST_LINES = 1500  # of a script; parsing more takes longer than 20 ms
_MOST_BLOCKS = 64
_OPTIMIZED = 0x01  # inspect.CO_OPTIMIZED: the code of a function
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
# What is behind their blocks comes after all that is in them: no exception ends there.
_PASSING_ERRORS_ON = frozenset(
    {"no_grad", "inference_mode", "autocast", "start_run", "catch_warnings", "errstate"}
)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)

Position = tuple[int, int]  # line and column


class Place(NamedTuple):
    """Where a statement begins, the blocks that it is in, and the loops among these."""

    position: Position
    blocks: tuple[int, ...] = ()
    loops: tuple[int, ...] = ()


class Assigned(NamedTuple):
    value: ast.expr
    place: Place


class _Binding(NamedTuple):
    place: Place
    value: ast.expr | None  # None: bound otherwise than by `name = value`


class Source:
    """The statements of a notebook cell, a script or a function."""

    def __init__(self, body: list[ast.stmt]) -> None:
        self._body = body  # blocks go by id, so they must stay
        self._places: list[tuple[Place, Position]] = []  # with the ends
        self._bindings: dict[str, list[_Binding]] = {}
        self._read_block(body, Place((0, 0)))

    def place_of(self, position: Position) -> Place | None:
        """The innermost statement that *position* is in."""
        inside = [place for place, end in self._places if place.position <= position < end]
        return max(inside, key=lambda place: (place.position, len(place.blocks)), default=None)

    def assigned(self, name: str, before: Place) -> Assigned | None:
        """The expression whose value *name* surely has at the place *before*."""
        earlier = [b for b in self._bindings.get(name, ()) if b.place.position < before.position]
        last = max(earlier, key=lambda b: b.place.position, default=None)
        if last is None or last.value is None or last.place.blocks[-1] not in before.blocks:
            return None
        if not self.is_unchanged(name, since=last.place, until=before):
            return None
        return Assigned(last.value, last.place)

    def is_unchanged(self, name: str, *, since: Place, until: Place) -> bool:
        """Whether nothing after the first place and before the second gives *name* a value."""
        again = set(until.loops) - set(since.loops)
        return not any(
            since.position < place.position < until.position or again & set(place.loops)
            for place, _ in self._bindings.get(name, ())
        )

    # --- reading

    def _read_block(self, body: Iterable[ast.stmt], around: Place) -> None:
        self._read_statements(body, around._replace(blocks=(*around.blocks, id(body))))

    def _read_statements(self, body: Iterable[ast.stmt], around: Place) -> None:
        for statement in body:
            place = around._replace(position=(statement.lineno, statement.col_offset))
            end = (statement.end_lineno or 0, statement.end_col_offset or 0)
            self._places.append((place, end))
            self._read_statement(statement, place)

    def _read_statement(self, statement: ast.stmt, place: Place) -> None:
        name, value = _simple_assignment(statement)
        for each in _bound_names(statement):
            self._bindings.setdefault(each, []).append(
                _Binding(place, value if each == name else None)
            )
        if isinstance(statement, _LOOPS):
            place = place._replace(loops=(*place.loops, id(statement)))
        if isinstance(statement, ast.With) and _is_run_through(statement):
            self._read_statements(statement.body, place)
        elif not isinstance(statement, _SCOPES):
            for block in _blocks(statement):
                self._read_block(block, place)


def _simple_assignment(statement: ast.stmt) -> tuple[str | None, ast.expr | None]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return name, value
    return None, None


_known: dict[int, tuple[weakref.ref[CodeType], Source | None]] = {}


def source_of(frame: FrameType) -> Source | None:
    """The source that *frame* executes; None if there is none, or too much of it."""
    code = frame.f_code
    known = _known.get(id(code))
    if known is not None and known[0]() is code:
        return known[1]
    body = _body_of(frame)
    found = None if body is None else Source(body)
    if len(_known) >= _MOST_BLOCKS:
        _known.clear()
    _known[id(code)] = weakref.ref(code), found
    return found


def _body_of(frame: FrameType) -> list[ast.stmt] | None:
    code = frame.f_code
    lines = linecache.getlines(code.co_filename, frame.f_globals)
    is_function = bool(code.co_flags & _OPTIMIZED)
    first, last = 1, len(lines)
    if is_function:
        ends = (end for _, end, _, _ in code.co_positions() if end is not None)
        first, last = code.co_firstlineno, max(ends, default=0)
    if not 0 < last - first + 1 <= MOST_LINES or last > len(lines):
        return None
    return _parsed(lines[first - 1 : last], first=first, name=code.co_name if is_function else None)


def _parsed(lines: list[str], *, first: int, name: str | None) -> list[ast.stmt] | None:
    text = "".join(lines)
    indent = len(lines[0]) - len(lines[0].lstrip())
    try:
        tree = ast.parse(textwrap.dedent(text) if name else text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    if name is None:
        return tree.body
    function = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or function.name != name:
        return None
    for node in ast.walk(function):
        if isinstance(node, ast.expr | ast.stmt):
            node.lineno, node.col_offset = node.lineno + first - 1, node.col_offset + indent
            node.end_lineno = (node.end_lineno or 0) + first - 1
            node.end_col_offset = (node.end_col_offset or 0) + indent
    return function.body


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for _, value in ast.iter_fields(statement):
        if isinstance(value, list) and value:
            if isinstance(value[0], ast.stmt):
                yield value
            for part in value:
                if isinstance(part, ast.ExceptHandler | ast.match_case):
                    yield part.body


def _is_run_through(statement: ast.With) -> bool:
    """Whether its block is as if it were none."""
    calls = (item.context_expr for item in statement.items)
    functions = (call.func if isinstance(call, ast.Call) else None for call in calls)
    names = (getattr(each, "attr", getattr(each, "id", None)) for each in functions)
    return all(name in _PASSING_ERRORS_ON for name in names)


def _bound_names(statement: ast.stmt) -> Iterator[str]:
    """Names that the statement itself binds, not the statements in it.

    Of a function inside, the names that it declares global or nonlocal: it may be called anywhere.
    """
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        yield from _declared(statement)
        return
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield from _names_bound_by(node)
        for child in ast.iter_child_nodes(node):
            # Statements inside are read for themselves; a lambda has its own names.
            if not isinstance(child, ast.stmt | ast.Lambda):
                waiting.append(child)


def _names_bound_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.alias(name=name, asname=asname):
            yield asname or name.partition(".")[0]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.ExceptHandler(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name


def _declared(scope: ast.AST) -> Iterator[str]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names
