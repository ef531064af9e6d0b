"""Which module the value of an expression comes from, without running anything."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType


def home_of(node: ast.expr, namespace: Mapping[str, object]) -> str:
    """`random` for `random.random()`, `_io` for `open(p).write(t)`; "" if it cannot be known.

    Of an object's methods and attributes it is the module of the object's class. Only modules
    are looked into: a look at the user's objects could run their code.
    """
    names = _path(node)
    if not names:
        return ""
    found = namespace.get(names[0], vars(builtins).get(names[0]))
    for name in names[1:]:
        if not isinstance(found, ModuleType) or name not in vars(found):
            break
        found = vars(found)[name]
    return "" if found is None else _module_of(found)


def is_constant_of_module(node: ast.expr, namespace: Mapping[str, object]) -> bool:
    """Whether it is like `math.pi`."""
    names = _path(node) if isinstance(node, ast.Attribute) else []
    return len(names) == 2 and isinstance(namespace.get(names[0]), ModuleType)


def _path(node: ast.expr) -> list[str]:
    """["np", "random", "rand"] of `np.random.rand(3)[0]`; [] if it begins with no name."""
    names: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript | ast.Await):
            node = node.value
        else:
            return []
    return [node.id, *reversed(names)]


def _module_of(found: object) -> str:
    if isinstance(found, ModuleType):
        return found.__name__
    owner = getattr(found, "__self__", None) if isinstance(found, BuiltinFunctionType) else None
    if owner is not None and not isinstance(owner, ModuleType):
        found = owner  # random.random is a method of a hidden object
    is_code = isinstance(found, type | FunctionType | BuiltinFunctionType | MethodType)
    module = getattr(found if is_code else type(found), "__module__", None)
    return module if isinstance(module, str) else ""
