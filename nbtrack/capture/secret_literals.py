"""Literals in a syntax tree that are given to a name which holds secrets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

from nbtrack.capture.expressions import callee_name, constant_text
from nbtrack.capture.secret_names import is_secret_name
from nbtrack.capture.words import word_set

MASK = "***"

# Calls of which the result is as secret as the argument.
_WRAPPERS = word_set(
    "str bytes bytearray b64decode b64encode urlsafe_b64decode decode encode quote quote_plus "
    "strip fromhex unhexlify SecretStr SecretBytes Field default"
)
# Calls that take a name and then its value: os.environ.get("API_KEY", "abc").
_PAIR_TAKERS = word_set(
    "get getenv setenv putenv setdefault setattr getattr pop set put add_header set_key "
    "add_argument set_password add_option option"
)
_DEFAULTS = word_set("default value const")
_STRING = re.compile(r"([A-Za-z]*)('''|\"\"\"|'|\")")
_LINE_END = re.compile(r"\r\n|\r|\n")


def secret_literals(statements: Iterable[ast.stmt]) -> Iterator[ast.expr]:
    """Strings and numbers assigned to, compared with, or passed as something secret."""
    for node in chain.from_iterable(map(ast.walk, statements)):
        match node:
            case ast.Assign():
                for target in node.targets:
                    yield from _given(target, node.value)
            case ast.AnnAssign() | ast.AugAssign() | ast.NamedExpr() if node.value:
                yield from _given(node.target, node.value)
            case ast.keyword(arg=str(name)) if is_secret_name(name):
                yield from _literals(node.value)
            case ast.Dict():
                yield from _of_dict(node)
            case ast.Compare():
                yield from _compared([node.left, *node.comparators])
            case ast.arguments():
                yield from _defaults(node)
            case ast.Call():
                yield from _of_call(node)
            case ast.List() | ast.Tuple():
                yield from _after_flags(node.elts)


def text_literals(statements: Iterable[ast.stmt]) -> Iterator[ast.expr]:
    """Strings, f-strings as a whole, in which a text may speak of secrets."""
    waiting: list[ast.AST] = [*statements]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.JoinedStr):
            yield node
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str | bytes):
                yield node
        else:
            waiting.extend(ast.iter_child_nodes(node))


def masked_literal(literal: str) -> str:
    """The source of a literal with `***` for what it says, on as many lines as before."""
    string = _STRING.match(literal)
    ends = "".join(_LINE_END.findall(literal))
    prefix, quote = (string.group(1), string.group(2)) if string else ("", "'")
    if ends:
        quote = "'''"
    return f"{prefix}{quote}{MASK}{ends}{quote}"


def _given(target: ast.expr, value: ast.expr) -> Iterator[ast.expr]:
    if not isinstance(target, ast.Tuple | ast.List):
        if _is_secret(target):
            yield from _literals(value)
        return
    if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
        for part, part_value in zip(target.elts, value.elts):
            yield from _given(part, part_value)
    elif any(_is_secret(part) for part in target.elts):
        yield from _literals(value)


def _is_secret(target: ast.expr) -> bool:
    """Whether `name`, `a.name` or `d["name"]` has a secret name."""
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return is_secret_name(name)
        case ast.Subscript(slice=index, value=owner):
            name = constant_text(index) or ""
            return is_secret_name(name) or (not name and _is_secret(owner))
        case ast.Starred(value=inner):
            return _is_secret(inner)
    return False


def _literals(value: ast.expr | None) -> Iterator[ast.expr]:
    """The literals of which *value* is made, not the ones that only help to find it."""
    match value:
        case ast.Constant(value=str() | bytes() as text) if text:
            yield value
        case ast.Constant(value=int() | float() | complex() as number) if number is not True:
            if number is not False:
                yield value
        case ast.JoinedStr() if any(isinstance(part, ast.Constant) for part in value.values):
            yield value
        case ast.UnaryOp(operand=ast.Constant(value=int() | float())):
            yield value
        case None | ast.Constant() | ast.JoinedStr():
            return
        case _:
            for part in _parts(value):
                yield from _literals(part)


def _parts(value: ast.expr) -> Iterable[ast.expr | None]:
    match value:
        case ast.List() | ast.Tuple() | ast.Set():
            return value.elts
        case ast.Dict() | ast.BoolOp():
            return value.values
        case ast.BinOp():
            return (value.left, value.right)
        case ast.IfExp():
            return (value.body, value.orelse)
        case ast.Starred() | ast.NamedExpr() | ast.Await():
            return (value.value,)
        case ast.Subscript(value=ast.Constant()):
            return (value.value,)
        case ast.Call():
            return _call_parts(value)
    return ()


def _call_parts(call: ast.Call) -> list[ast.expr]:
    """`"abc".encode()` and `SecretStr("abc")` are as secret as what they hold."""
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    parts: list[ast.expr] = [receiver] if isinstance(receiver, ast.Constant | ast.Call) else []
    if callee_name(call.func) in _WRAPPERS:
        parts += call.args
        parts += [keyword.value for keyword in call.keywords if keyword.arg in _DEFAULTS]
    return parts


def _of_dict(node: ast.Dict) -> Iterator[ast.expr]:
    for key, value in zip(node.keys, node.values):
        if key is not None and is_secret_name(constant_text(key) or ""):
            yield from _literals(value)


def _compared(sides: list[ast.expr]) -> Iterator[ast.expr]:
    if any(_is_secret(side) for side in sides):
        for side in sides:
            yield from _literals(side)


def _defaults(node: ast.arguments) -> Iterator[ast.expr]:
    positional = [*node.posonlyargs, *node.args]
    with_default = positional[len(positional) - len(node.defaults) :]
    pairs = [*zip(with_default, node.defaults), *zip(node.kwonlyargs, node.kw_defaults)]
    for arg, default in pairs:
        if is_secret_name(arg.arg):
            yield from _literals(default)


def _of_call(call: ast.Call) -> Iterator[ast.expr]:
    name = callee_name(call.func)
    if is_secret_name(name):
        # set_api_key("abc"); numbers stay, because PRNGKey(0) is a seed.
        yield from (arg for arg in call.args if isinstance(arg, ast.Constant) and _is_text(arg))
    if name in _PAIR_TAKERS:
        yield from _after_name(call)
    yield from _after_flags(call.args)


def _is_text(constant: ast.Constant) -> bool:
    return isinstance(constant.value, str | bytes) and bool(constant.value)


def _after_name(call: ast.Call) -> Iterator[ast.expr]:
    for name, value in pairwise(call.args):
        if is_secret_name(constant_text(name) or ""):
            yield from _literals(value)
    if any(is_secret_name(constant_text(arg) or "") for arg in call.args):
        for keyword in call.keywords:
            if keyword.arg in _DEFAULTS:
                yield from _literals(keyword.value)


def _after_flags(elements: list[ast.expr]) -> Iterator[ast.expr]:
    """`["--password", "abc"]`, the arguments of a program."""
    for flag, value in pairwise(elements):
        name = constant_text(flag) or ""
        if name.startswith("--") and is_secret_name(name):
            yield from _literals(value)
