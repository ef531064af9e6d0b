"""Which names a cell binds, changes and reads, by Python's rules of scope."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from nbtrack.capture.expressions import call_chain, root_name, scaled_call
from nbtrack.capture.scopes import Scope, all_arguments, function_scope, names_bound_in
from nbtrack.capture.words import word_set

_MUTATORS = word_set(
    "append extend insert remove pop popitem clear update setdefault sort reverse add discard "
    "difference_update intersection_update symmetric_difference_update appendleft popleft"
)
_LITERALS = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.UnaryOp)

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Function = ast.FunctionDef | ast.AsyncFunctionDef


class How(StrEnum):
    LITERAL = "literal"
    CALL = "call"
    LOOP = "loop"  # the variable of a `for`
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """How a cell gives a name its value.

    *bound* counts assignments, one that may run many times or not at all as two; *mutated* counts
    changes in place. *whole* is false when the name holds a part of what the call returned, or a
    multiple of it. *at_top* is false inside `with`, `if`, loops and functions.
    """

    how: How = How.OTHER
    literal: object = None
    functions: tuple[str, ...] = ()
    whole: bool = True
    at_top: bool = True
    bound: int = 0
    mutated: int = 0

    @property
    def once(self) -> bool:
        return self.bound == 1 and self.mutated == 0


class BindingWalk:
    """Visits nodes in the order they run; afterwards holds *bindings*, *reads* and *calls*."""

    def __init__(self) -> None:
        self.bindings: dict[str, Binding] = {}
        self.calls: list[ast.Call] = []
        self._reads: set[str] = set()
        self._later_reads: set[str] = set()  # in functions, which run when they are called
        self._known: set[str] = set()
        self._scopes: list[Scope] = []
        self._branches = 0
        self._withs = 0
        self._loop_targets: set[ast.AST] = set()

    @property
    def reads(self) -> frozenset[str]:
        """Names the cell takes from what ran before it."""
        return frozenset(self._reads | (self._later_reads - self._known))

    @property
    def reads_now(self) -> frozenset[str]:
        """The same, without what functions read once they are called."""
        return frozenset(self._reads)

    def visit(self, node: ast.AST) -> None:
        """As `ast.NodeVisitor`'s, at half the cost."""
        visit = _VISITS.get(type(node))
        if visit is None:
            self.generic_visit(node)
        else:
            visit(self, node)

    def generic_visit(self, node: ast.AST) -> None:
        for name in node._fields:
            part = getattr(node, name, None)
            if isinstance(part, list):
                for item in part:
                    if isinstance(item, ast.AST):
                        self.visit(item)
            elif isinstance(part, ast.AST) and type(part) not in _LEAVES:
                self.visit(part)

    # -- statements ------------------------------------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self._assign(node.target, node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self._read(node.target.id)
            self._mutate(node.target.id)
        self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._bind(node.target.id, Binding())

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name != "*":
                self._bind(alias.asname or alias.name.partition(".")[0], Binding())

    visit_ImportFrom = visit_Import

    def visit_If(self, node: ast.If | ast.While) -> None:
        self.visit(node.test)
        self._branch(node.body)
        self._branch(node.orelse)

    visit_While = visit_If

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._loop_targets.update(ast.walk(node.target))
        self._branch([node.target, *node.body])
        self._branch(node.orelse)

    visit_AsyncFor = visit_For

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        for block in (node.body, node.handlers, node.orelse, node.finalbody):
            self._branch(block)

    visit_TryStar = visit_Try

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name, Binding())
        self.generic_visit(node)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        for case in node.cases:
            self._branch([case])

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self._bind(node.name, Binding())
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self._bind(node.rest, Binding())
        self.generic_visit(node)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        self._visit_all(node.items)
        self._withs += 1
        self._visit_all(node.body)
        self._withs -= 1

    visit_AsyncWith = visit_With

    # -- expressions -----------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._read(node.id)
        elif isinstance(node.ctx, ast.Store):
            is_loop = node in self._loop_targets
            self._bind(node.id, Binding(how=How.LOOP if is_loop else How.OTHER))
        else:
            self._read(node.id)
            self._mutate(node.id)

    def visit_Attribute(self, node: ast.Attribute | ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._mutate(root_name(node))
        self.generic_visit(node)

    visit_Subscript = visit_Attribute

    def visit_Call(self, node: ast.Call) -> None:
        self.calls.append(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATORS:
            self._mutate(root_name(node.func))
        self.generic_visit(node)

    # -- scopes ----------------------------------------------------------------------------

    def visit_FunctionDef(self, node: Function) -> None:
        self._visit_all(node.decorator_list)
        self._signature(node.args)
        if node.returns:
            self.visit(node.returns)
        self._bind(node.name, Binding())
        with self._scope(function_scope(node.args, node.body)):
            self._visit_all(node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._signature(node.args)
        with self._scope(function_scope(node.args, [node.body])):
            self.visit(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all([*node.decorator_list, *node.bases, *node.keywords])
        local, outer = names_bound_in(node.body)
        with self._scope(Scope("class", local, outer)):
            self._visit_all(node.body)
        self._bind(node.name, Binding())

    def visit_ListComp(self, node: Comprehension) -> None:
        self.visit(node.generators[0].iter)
        targets, _ = names_bound_in([part.target for part in node.generators])
        with self._scope(Scope("comprehension", targets)):
            for index, part in enumerate(node.generators):
                self._visit_all([*([part.iter] if index else []), part.target, *part.ifs])
            inside = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
            self._visit_all(inside)

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    # -- steps -----------------------------------------------------------------------------

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def _branch(self, nodes: Iterable[ast.AST]) -> None:
        """Visit what may not run, or run often: what it binds is not sure to be there later."""
        before = self._known.copy()
        self._branches += 1
        self._visit_all(nodes)
        self._branches -= 1
        self._known = before

    @contextmanager
    def _scope(self, scope: Scope) -> Iterator[None]:
        self._scopes.append(scope)
        yield
        self._scopes.pop()

    def _signature(self, args: ast.arguments) -> None:
        self._visit_all(args.defaults)
        self._visit_all(default for default in args.kw_defaults if default is not None)
        for arg in all_arguments(args):
            if arg.annotation:
                self.visit(arg.annotation)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._bind(target.id, classified(value))
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target.elts, value)
        else:
            self.visit(target)

    def _unpack(self, targets: list[ast.expr], value: ast.expr) -> None:
        if pairs := unpacked_pairs(targets, value):
            for target, part in pairs:
                self._assign(target, part)
            return
        functions = call_chain(value)
        part_of = Binding(how=How.CALL, functions=functions, whole=False)
        for target in targets:
            if isinstance(target, ast.Name) and functions:
                self._bind(target.id, part_of)
            else:
                self.visit(target)

    def _bind(self, name: str, binding: Binding) -> None:
        scope = self._binding_scope(name)
        if scope is not None and name not in scope.outer:
            return
        old = self.bindings.get(name, binding)
        inside = bool(scope or self._branches)
        self.bindings[name] = replace(
            binding,
            at_top=not inside and not self._withs,
            bound=old.bound + (2 if inside else 1),
            mutated=old.mutated,
        )
        if scope is None:
            self._known.add(name)

    def _binding_scope(self, name: str) -> Scope | None:
        """The scope a binding here belongs to, None for the cell itself."""
        for scope in reversed(self._scopes):
            # A walrus in a comprehension binds outside of it.
            if scope.kind != "comprehension" or name in scope.local:
                return scope
        return None

    def _mutate(self, name: str | None) -> None:
        if name is not None and self._is_of_cell(name):
            old = self.bindings.get(name, Binding())
            self.bindings[name] = replace(old, mutated=old.mutated + 1)

    def _read(self, name: str) -> None:
        if not self._is_of_cell(name):
            return
        if any(scope.kind == "function" for scope in self._scopes):
            self._later_reads.add(name)
        elif name not in self._known:
            self._reads.add(name)

    def _is_of_cell(self, name: str) -> bool:
        """Whether *name*, here, is a variable of the cell and not of a function or class in it."""
        for depth, scope in enumerate(reversed(self._scopes)):
            if scope.kind == "class" and depth:
                continue  # methods do not see the names of their class
            if name in scope.local or name in scope.outer:
                return name in scope.outer
        return True


_LEAVES = frozenset({ast.Load, ast.Store, ast.Del, ast.Constant})
_VISITS: dict[type, Callable[[BindingWalk, Any], None]] = {
    getattr(ast, name.removeprefix("visit_")): visit
    for name, visit in vars(BindingWalk).items()
    if name.startswith("visit_") and hasattr(ast, name.removeprefix("visit_"))
}


def classified(value: ast.expr) -> Binding:
    """What an assigned expression is: a literal, the result of a call, something else."""
    if isinstance(value, _LITERALS):
        try:
            literal = ast.literal_eval(value)
        except (ValueError, TypeError):  # not made of literals alone; {[]: 1} is unhashable
            return Binding()
        return Binding() if literal is ... else Binding(how=How.LITERAL, literal=literal)
    if functions := call_chain(value):
        return Binding(how=How.CALL, functions=functions)
    if functions := scaled_call(value):
        return Binding(how=How.CALL, functions=functions, whole=False)
    return Binding()


def unpacked_pairs(
    targets: list[ast.expr], value: ast.expr
) -> list[tuple[ast.expr, ast.expr]] | None:
    """`a, b = 1, 2` part by part; None when the parts cannot be told from the text."""
    if not isinstance(value, ast.Tuple | ast.List) or len(value.elts) != len(targets):
        return None
    if any(isinstance(part, ast.Starred) for part in (*targets, *value.elts)):
        return None
    return list(zip(targets, value.elts))
