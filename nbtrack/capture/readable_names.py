"""A name for the value of an expression that is legal in a metric key: `X[:50]` is `X_:50`.

Texts given to functions never get into a name: they may be queries, or secrets.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import lru_cache

from nbtrack.capture.words import valid_key

MOST_CHARACTERS = 80
MOST_TEXT = 32  # of one column's name
_WORDS: dict[type[ast.AST], str] = {
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.In: "in",
    ast.NotIn: "not_in",
    ast.Is: "is",
    ast.IsNot: "is_not",
    ast.Add: "plus",
    ast.Sub: "minus",
    ast.Mult: "times",
    ast.Div: "over",
    ast.FloorDiv: "over",
    ast.Mod: "mod",
    ast.Pow: "to",
    ast.MatMult: "at",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
    ast.And: "and",
    ast.Or: "or",
    ast.Not: "not",
    ast.Invert: "not",
}


@lru_cache(maxsize=1024)
def readable_name(text: str) -> str | None:
    """None for what names nothing, such as a literal."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    if not any(isinstance(each, ast.Name) for each in ast.walk(node)):
        return None
    # "/" would make folders of it, "-" is what stands before a number: accuracy_score-2.
    name = _name(node).replace("/", "_").replace("-", "_")
    return valid_key(name[:MOST_CHARACTERS]) or None


def _name(node: ast.expr | None) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return ".".join(filter(None, (_name(value), attr)))
        case ast.Subscript(value=value, slice=index):
            return _joined((_name(value), _index(index)))
        case ast.Call(func=func, args=args):
            return _joined([_name(func), *map(_name, args)])
        case ast.Constant(value=bool() | int() | float() as number):
            return str(number)
        case ast.Slice(lower=None, upper=None, step=None):
            return ""  # all of it
        case ast.Slice(lower=lower, upper=upper, step=step):
            ends = [_name(lower), _name(upper), *([_name(step)] if step else [])]
            return ":".join(ends)
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return _joined(map(_name, parts))
    return _operation(node)


def _operation(node: ast.expr | None) -> str:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"minus_{_name(operand)}"
        case ast.UnaryOp(op=op, operand=operand):
            return _joined((_WORDS.get(type(op), ""), _name(operand)))
        case ast.BinOp(left=left, op=op, right=right):
            return _joined((_index(left), _WORDS.get(type(op), ""), _index(right)))
        case ast.BoolOp(op=op, values=values):
            return f"_{_WORDS[type(op)]}_".join(map(_name, values))
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = zip(ops, others)
            words = (_joined((_WORDS[type(op)], _index(other))) for op, other in sides)
            return _joined([_index(left), *words])
    return ""


def _index(node: ast.expr) -> str:
    """Here short texts are names of columns, or labels that are compared with."""
    match node:
        case ast.Constant(value=str() as text):
            return text if len(text) <= MOST_TEXT else ""
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return _joined(map(_index, parts))
    return _name(node)


def _joined(parts: Iterable[str]) -> str:
    return "_".join(filter(None, parts))
