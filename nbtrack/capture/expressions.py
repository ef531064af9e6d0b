"""What an expression is called: the functions behind a value, and the key it is stored under."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nbtrack.capture.words import word_set

# These hand on what they were given, so the name is further in: float(accuracy_score(y, p)).
_TRANSPARENT = word_set("float int round abs item detach cpu numpy squeeze asnumpy result compute")
_REDUCERS = word_set("mean nanmean median average max min sum std var")
_ACCESSORS = word_set("loc iloc at iat values data")


def root_name(node: ast.expr) -> str | None:
    """The variable that `a.b["c"]` hangs on; None where a call stands in between."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def callee_name(func: ast.expr) -> str:
    """The last name of what is called; '' when it has none."""
    while isinstance(func, ast.Call):
        func = func.func
    if isinstance(func, ast.Name):
        return func.id
    if isinstance(func, ast.Attribute):
        return func.attr
    if isinstance(func, ast.Subscript):
        return constant_text(func.slice) or callee_name(func.value)
    return ""


def constant_text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def call_chain(value: ast.expr) -> tuple[str, ...]:
    """The functions a value comes from, outermost first: `float(f(x))` gives float, f."""
    return tuple(_chain(value))


def _chain(value: ast.expr | None) -> Iterator[str]:
    node = value.value if isinstance(value, ast.Await) else value
    while isinstance(node, ast.Call):
        name = callee_name(node.func)
        yield name
        if name not in _TRANSPARENT and name not in _REDUCERS:
            return
        node = _handed_on(node)


def _handed_on(call: ast.Call) -> ast.expr | None:
    """What a transparent or reducing call works on: its receiver, else its first argument."""
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    if call.args and not isinstance(receiver, ast.Call):
        return call.args[0]
    return receiver


def scaled_call(value: ast.expr) -> tuple[str, ...]:
    """The functions behind `f(x) ** 0.5` or `1 - f(x)`: one call and plain numbers."""
    if not isinstance(value, ast.BinOp):
        return ()
    sides = [side for side in (value.left, value.right) if not isinstance(side, ast.Constant)]
    return (call_chain(sides[0]) or scaled_call(sides[0])) if len(sides) == 1 else ()


def expression_key(expr: ast.expr) -> str | None:
    """What to call the value of *expr*; None for a bare literal, which names nothing.

    `model.score(X, y)` is score, `history["loss"][-1]` is loss, `1 - acc` is itself.
    """
    if isinstance(expr, ast.Constant | ast.UnaryOp) and _is_number(expr):
        return None
    return name_of(expr) or ast.unparse(expr)


def handed_on_by(call: ast.Call) -> ast.expr | None:
    """The value that a conversion or a mean works on: `x` of `float(x)`; None for other calls."""
    if callee_name(call.func) not in _TRANSPARENT | _REDUCERS:
        return None
    inner = _handed_on(call)
    return None if inner is None or _is_module(inner) else inner


def _is_number(expr: ast.expr) -> bool:
    return isinstance(expr.operand if isinstance(expr, ast.UnaryOp) else expr, ast.Constant)


def name_of(expr: ast.expr | None) -> str | None:
    """The last name in *expr*: loss of `history["loss"][-1]`; None if there is none."""
    match expr:
        case ast.Name(id=name) | ast.NamedExpr(target=ast.Name(id=name)):
            return name
        case ast.Attribute(value=inner, attr=attr):
            return name_of(inner) if attr in _ACCESSORS else attr
        case ast.Subscript(value=inner, slice=index):
            return _index_name(index) or name_of(inner)
        case ast.Await(value=inner):
            return name_of(inner)
        case ast.Call():
            return _call_name(expr)
    return None


def _index_name(index: ast.expr) -> str | None:
    if isinstance(index, ast.Tuple) and index.elts:
        index = index.elts[-1]
    return constant_text(index)


def _call_name(call: ast.Call) -> str | None:
    name = callee_name(call.func)
    if name not in _TRANSPARENT and name not in _REDUCERS:
        return name or None
    inner = handed_on_by(call)
    if inner is None:
        return name
    inside = name_of(inner) or ast.unparse(inner)
    return inside if name in _TRANSPARENT else f"{inside}.{name}"


def _is_module(node: ast.expr) -> bool:
    """`np.mean()` without arguments: the receiver is no value."""
    return isinstance(node, ast.Name) and node.id in {"np", "numpy", "torch", "jnp", "tf"}
