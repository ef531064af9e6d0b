"""What a cell says, parsed once: names bound and read, functions called, the last expression."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from nbtrack.capture.bindings import Binding, BindingWalk, How
from nbtrack.capture.cell_text import parse_quietly, without_magics
from nbtrack.capture.expressions import callee_name, constant_text, expression_key

__all__ = [
    "Binding",
    "CellSource",
    "Construction",
    "How",
    "names_read",
    "names_written",
    "parse_cell",
]

# Magics that run the rest of the cell in the notebook's own namespace.
_TRANSPARENT_MAGICS = frozenset({"time", "capture", "prun"})
_OF_IPYTHON = frozenset({"get_ipython", "run_line_magic", "run_cell_magic", "system", "getoutput"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Construction:
    """A call of a class (`RandomForestClassifier(max_depth=d)`): keywords with a plain literal as
    *settings*, keywords with a variable as *variables*.
    """

    name: str
    settings: Mapping[str, object]
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSource:
    """The facts of one cell; everything is empty when it does not parse.

    *reads* are the names the cell takes from what ran before it. *last_key* is what the cell's
    last value is called, None when the cell does not end in an expression that names something.
    """

    typed: str
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    reads: frozenset[str] = frozenset()
    last_expression: str | None = None
    last_key: str | None = None
    constructions: tuple[Construction, ...] = ()
    functions: tuple[str, ...] = ()


def parse_cell(transformed: str, typed: str) -> CellSource:
    """Read a cell: *transformed* as IPython hands it to Python, *typed* as the user wrote it."""
    tree = parse_quietly(transformed)
    if tree is None:
        return CellSource(typed=typed)
    try:
        return _analysed(unwrapped(tree), typed)
    except RecursionError:
        return CellSource(typed=typed)


def names_read(source: CellSource) -> frozenset[str]:
    """Names the cell takes from what ran before it; built-in functions are among them."""
    return source.reads


def names_written(source: CellSource) -> frozenset[str]:
    """Names the cell binds, deletes or changes in place."""
    return frozenset(source.bindings)


def names_bound(source: CellSource) -> frozenset[str]:
    """Names the cell itself gives a value."""
    return frozenset(name for name, how in source.bindings.items() if how.bound)


def unwrapped(tree: ast.Module) -> ast.Module:
    """The cell under `%%time` and its like, which IPython hands over as one string."""
    match tree.body:
        case [ast.Expr(value=ast.Call(func=ast.Attribute(attr="run_cell_magic"), args=args))]:
            magic, body = args[:1], args[2:3]
            if magic and body and constant_text(magic[0]) in _TRANSPARENT_MAGICS:
                inner, _ = without_magics(constant_text(body[0]) or "")
                return unwrapped(parse_quietly(inner) or ast.Module(body=[], type_ignores=[]))
    return tree


def _analysed(tree: ast.Module, typed: str) -> CellSource:
    walk = BindingWalk()
    walk.visit(tree)
    names = [callee_name(call.func) for call in walk.calls]
    last = tree.body[-1] if tree.body else None
    value = last.value if isinstance(last, ast.Expr) else None
    return CellSource(
        typed=typed,
        bindings=walk.bindings,
        reads=walk.reads,
        last_expression=ast.unparse(value) if value else None,
        last_key=_key(value) if value else None,
        constructions=tuple(
            _construction(name, call)
            for name, call in zip(names, walk.calls)
            if name[:1].isupper() and not isinstance(call.func, ast.Call)
        ),
        functions=tuple(name for name in names if name and name not in _OF_IPYTHON),
    )


def _key(value: ast.expr) -> str | None:
    key = expression_key(value)
    return None if key in _OF_IPYTHON else key


def _construction(name: str, call: ast.Call) -> Construction:
    settings: dict[str, object] = {}
    variables: dict[str, str] = {}
    for keyword in call.keywords:
        if keyword.arg and isinstance(keyword.value, ast.Constant):
            settings[keyword.arg] = keyword.value.value
        elif keyword.arg and isinstance(keyword.value, ast.Name):
            variables[keyword.arg] = keyword.value.id
    return Construction(name=name, settings=settings, variables=variables)
