"""What code puts into libraries: `json.dumps = mine`, `setattr(fractions.Fraction, "limit", mine)`.

Nobody walks over all that a library holds. So the code is asked: in whose attributes it stores.
"""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Any

from nbtrack.provenance.executions.safe_access import class_dict, is_a, module_of

_SETTERS = frozenset({"setattr", "delattr"})
_STORES = frozenset({"STORE_ATTR", "DELETE_ATTR"})
_IMPORTED = "import "  # before the name of a module that a function imports for itself
_SKIPPED = frozenset({"CACHE", "PRECALL", "RESUME", "EXTENDED_ARG", "PUSH_NULL"})


def dotted_name(node: ast.AST) -> str | None:
    """`a.b` as it is written; None of what is not made of names alone."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else None


@lru_cache(maxsize=4096)
def patched_in(code: CodeType) -> frozenset[str]:
    """Dotted, as a function names them, those in whose attributes it stores."""
    found = set(_stored_in(code))
    for each in code.co_consts:
        if type(each) is CodeType:
            found |= patched_in(each)
    return frozenset(found)


def _stored_in(code: CodeType) -> Iterator[str]:
    """By the instructions: what is loaded last before a store is whose attribute it is."""
    sets = bool(_SETTERS.intersection(code.co_names))
    if not sets and not any(step.opname in _STORES for step in dis.get_instructions(code)):
        return
    modules: dict[object, str] = {}  # by the variables that hold them
    loaded, imported = "", ""
    for step in dis.get_instructions(code):
        if step.opname in _SKIPPED:
            continue
        if step.opname in _STORES and loaded:
            yield loaded
        if step.opname == "STORE_FAST" and imported:
            modules[step.argval] = _IMPORTED + imported
        imported = str(step.argval) if step.opname == "IMPORT_NAME" else ""
        loaded = _now_loaded(step, loaded, modules)
        if sets and loaded:
            yield loaded


def _now_loaded(step: dis.Instruction, loaded: str, modules: Mapping[object, str]) -> str:
    if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
        return str(step.argval)
    if step.opname.startswith("LOAD_FAST"):
        return modules.get(step.argval, "")
    if step.opname in ("LOAD_ATTR", "LOAD_METHOD") and loaded:
        return f"{loaded}.{step.argval}"
    return ""


def patched_libraries(owners: Iterable[str], namespace: Mapping[str, Any]) -> set[str]:
    """The top-level names of the libraries to which those of *owners* belong that are modules or
    classes of one."""
    found = {_library_of(owner, namespace) for owner in owners}
    return {name for name in found if name not in ("", "__main__")}


def _library_of(owner: str, namespace: Mapping[str, Any]) -> str:
    if owner.startswith(_IMPORTED):
        return owner.removeprefix(_IMPORTED).partition(".")[0]
    root, *rest = owner.split(".")
    value = namespace.get(root)
    for name in rest:
        value = _held(value).get(name)
    if type(value) is ModuleType:
        return str(value.__dict__.get("__name__", "")).partition(".")[0]
    return module_of(value).partition(".")[0] if is_a(value, type) else ""  # type: ignore[arg-type] # a class


def _held(value: object) -> Mapping[str, Any]:
    """By a module or a class; of other things nothing is asked."""
    if type(value) is ModuleType:
        return value.__dict__
    return class_dict(value) if is_a(value, type) else {}  # type: ignore[arg-type] # a class
