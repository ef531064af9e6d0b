"""Generators that a cell makes for itself and seeds with nothing: `np.random.default_rng()`.

No state of the process tells of them, so this goes by what cells say: from where one is made, over
the names that get something of it, to what the run keeps. Where a branch decides, nothing is said.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from nbtrack.capture.cell_text import parse_quietly, without_magics
from nbtrack.capture.expressions import callee_name, root_name
from nbtrack.provenance.warnings.statements import bound_by, loaded_in, simple_statements
from nbtrack.records.executions import Execution

_OF_NUMPY = frozenset(
    {"default_rng", "RandomState", "SeedSequence"}
    | {"PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"}
)
_MODULES = ("numpy.random", "random")
_MAY_MAKE = re.compile(rf"\b(?:{'|'.join(sorted(_OF_NUMPY))}|Random)\b")
_CHANGING = frozenset(
    {"fit", "partial_fit", "train", "append", "extend", "add", "update", "insert"}
    | {"shuffle", "fit_transform", "fit_predict"}
)
_SEEDING = frozenset({"seed", "setstate", "set_state"})
_KEPT = re.compile(
    r"log_\w+|(?:partial_)?fit\w*|score|train|cross_val\w*|\w+_(?:score|error|loss)|evaluate"
)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BRANCHES = (ast.If, ast.IfExp, ast.BoolOp)


class Made(NamedTuple):
    """*maker* is what it was made by, *where* the cell that made it."""

    maker: str
    where: Execution


def made_unseeded(cells: Iterable[tuple[Execution, str]], results: Collection[str]) -> Made | None:
    """The generator that something of the last cell comes from: what it fits or logs, or a variable
    among *results*. *cells* are those of a slice, each with its code."""
    cells, flow, reached = list(cells), _Flow(), None
    if not any(_MAY_MAKE.search(code) for _, code in cells):
        return None
    for execution, code in cells:
        tree = parse_quietly(without_magics(code)[0])
        reached = None if tree is None else flow.follow(tree, execution, results)
    return reached


class _Flow:
    def __init__(self) -> None:
        self._made: dict[str, Made] = {}  # by the names that hold something of it
        self._imported: set[str] = set()  # makers that go by their bare names

    def follow(self, tree: ast.AST, where: Execution, results: Collection[str]) -> Made | None:
        """What of it is kept, if this is the last cell."""
        reached = None
        for statement in _in_order(tree):
            if isinstance(statement, ast.ImportFrom) and statement.module in _MODULES:
                self._imported |= {each.name for each in statement.names if not each.asname}
            found = self._origin(statement, where)
            self._pass_on(statement, found)
            if found is not None and _is_kept(statement, results):
                reached = reached or found
        return reached

    def _origin(self, statement: ast.stmt, where: Execution) -> Made | None:
        for part in _parts(statement):
            if maker := self._maker(part):
                return Made(maker, where)
            for name in sorted(_used(part)):
                if name in self._made:
                    return self._made[name]
        return None

    def _maker(self, part: ast.AST) -> str:
        calls = (each for each in _unbranched(part) if isinstance(each, ast.Call))
        return next((name for each in calls if (name := self._made_by(each))), "")

    def _made_by(self, call: ast.Call) -> str:
        given = [*call.args, *(each.value for each in call.keywords)]
        is_unseeded = all(isinstance(each, ast.Constant) and each.value is None for each in given)
        return ast.unparse(call) if is_unseeded and self._is_maker(call.func) else ""

    def _is_maker(self, func: ast.expr) -> bool:
        name = callee_name(func)
        if isinstance(func, ast.Name):
            return name in self._imported and name in (*_OF_NUMPY, "Random")
        return name in _OF_NUMPY or ast.unparse(func) == "random.Random"

    def _pass_on(self, statement: ast.stmt, found: Made | None) -> None:
        names = _given(statement)
        if found is None:
            for name in names & _bound_anew(statement):
                self._made.pop(name, None)
        else:
            self._made |= dict.fromkeys(names, found)
        for name in _reseeded(statement):
            self._made.pop(name, None)


def _in_order(node: ast.AST) -> Iterator[ast.stmt]:
    """Statements, those of loops and `with` too; definitions and branches as a whole."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        if not isinstance(child, (*_DEFINITIONS, ast.If, ast.expr)):
            yield from _in_order(child)


def _parts(statement: ast.stmt) -> list[ast.AST]:
    """Of a loop its head: what is in it are statements of their own."""
    match statement:
        case ast.For(iter=iterated):
            return [iterated]
        case ast.With(items=items):
            return [each.context_expr for each in items]
        case ast.While() | ast.Try() | ast.If():
            return []
    return [statement]


def _unbranched(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _BRANCHES):
            yield from _unbranched(child)


def _used(part: ast.AST) -> set[str]:
    """Names that are not a function's own."""
    own = {each.arg for each in ast.walk(part) if isinstance(each, ast.arg)}
    if isinstance(part, _DEFINITIONS):
        own |= {name for each in simple_statements(part) for name in bound_by(each)}
    return loaded_in(part) - own


def _given(statement: ast.stmt) -> set[str]:
    """Names that get something of what a statement uses."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attr, value=of)) as call):
            given = {root_name(each) for each in (of, *(call.args if attr == "shuffle" else ()))}
            return {each for each in given if each} if attr in _CHANGING else set()
        case ast.If():
            return {name for each in simple_statements(statement) for name in bound_by(each)}
    return bound_by(statement)


def _bound_anew(statement: ast.stmt) -> set[str]:
    """Names that hold something else now."""
    match statement:
        case ast.Assign(targets=targets):
            plain = [each for target in targets for each in ast.walk(target)]
            return {
                each.id
                for each in plain
                if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
            }
        case ast.If() | ast.For():
            return _given(statement)
    return _given(statement) if isinstance(statement, _DEFINITIONS) else set()


def _reseeded(statement: ast.stmt) -> set[str]:
    """`rng.seed(0)`, `rng.bit_generator.state = known`."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attr, value=of), args=[_, *_])):
            return {str(root_name(of))} if attr in _SEEDING else set()
        case ast.Assign(targets=[ast.Attribute(attr="state", value=of)]):
            return {str(root_name(of))}
    return set()


def _is_kept(statement: ast.stmt, results: Collection[str]) -> bool:
    if isinstance(statement, _DEFINITIONS):
        return False
    calls = (each for part in _parts(statement) for each in ast.walk(part))
    names = (callee_name(each.func) for each in calls if isinstance(each, ast.Call))
    return not bound_by(statement).isdisjoint(results) or any(map(_KEPT.fullmatch, names))
