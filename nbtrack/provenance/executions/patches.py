"""What code puts into libraries: `json.dumps = mine`, `setattr(fractions.Fraction, "limit", mine)`.

Nobody walks over all that a library holds. So the code is asked: in whose attributes it stores.
"""

from __future__ import annotations

import ast
import dis
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Any, NamedTuple

from nbtrack.base.imported import imported
from nbtrack.provenance.executions.safe_access import class_dict, is_a, module_of

_SETTERS = frozenset({"setattr", "delattr"})
_STORES = frozenset({"STORE_ATTR", "DELETE_ATTR"})
_GLOBALS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})
_VARIABLES = frozenset({"LOAD_FAST", "LOAD_DEREF"})
_BINDING = frozenset({"STORE_FAST", "STORE_DEREF"})
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_IMPORTED = "import "  # before the name of a module that a function imports for itself
_SKIPPED = frozenset({"CACHE", "PRECALL", "RESUME", "EXTENDED_ARG", "PUSH_NULL", "NOP"})
_OF_VARIABLE = re.compile("LOAD_FAST|STORE_FAST")  # several are done in one instruction


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


class Step(NamedTuple):
    does: str
    name: str
    is_called: bool  # what it loads is called, with what is loaded next


def steps_of(code: CodeType) -> Iterator[Step]:
    for each in dis.get_instructions(code):
        if each.opname in _SKIPPED:
            continue
        names = each.argval if isinstance(each.argval, tuple) else (each.argval,)
        kinds = _OF_VARIABLE.findall(each.opname) or [each.opname]
        is_called = each.opname == "LOAD_METHOD" or " + " in each.argrepr  # "NULL + setattr"
        for does, name in zip(kinds, names):
            yield Step(does, str(name), is_called)


def _stored_in(code: CodeType) -> Iterator[str]:
    if _SETTERS.intersection(code.co_names) or any(
        step.opname in _STORES for step in dis.get_instructions(code)
    ):
        looking = _Looking()
        for step in steps_of(code):
            yield from looking.owners(step)


class _Looking:
    """Goes over the instructions: what is loaded last before a store is whose attribute it is, and
    what is loaded first after `setattr`."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}  # what variables of the function hold
        self._loaded = ""
        self._copied = ""  # before `a.b += 1` loads the attribute
        self._module = ""  # of which names are being imported
        self._is_first = False  # what is loaded, of the arguments of a setter
        self._before = ""

    def owners(self, step: Step) -> Iterator[str]:
        was, self._loaded = self._loaded, self._now_loaded(step)
        if step.does in _STORES:
            yield from filter(None, [was or (self._copied if self._before == "SWAP" else "")])
        elif step.does in _BINDING and was:
            self._known[step.name] = was
        elif step.does == "COPY":
            self._copied = self._loaded = was
        if self._is_first and was and not self._goes_on(step):
            yield was
        self._note_argument(step)
        self._before = step.does

    def _goes_on(self, step: Step) -> bool:
        return step.does in _ATTRIBUTES or step.does == "COPY"

    def _note_argument(self, step: Step) -> None:
        """Whether what is loaded from now on is the first one."""
        if step.is_called and step.name in _SETTERS:
            self._is_first, self._loaded = True, ""
        else:
            self._is_first &= bool(self._loaded) and not step.is_called

    def _now_loaded(self, step: Step) -> str:
        match step.does:
            case "IMPORT_NAME":
                self._module = _IMPORTED + step.name
                return self._module
            case "IMPORT_FROM":
                return self._module
        if step.does in _GLOBALS:
            return step.name
        if step.does in _VARIABLES:
            return self._known.get(step.name, "")
        return f"{self._loaded}.{step.name}" if step.does in _ATTRIBUTES and self._loaded else ""


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
        value = held(value).get(name)
    return _top_level(value)


def _top_level(value: object) -> str:
    """Of a library's module or class; of anything else there is none."""
    if type(value) is ModuleType:
        return str(value.__dict__.get("__name__", "")).partition(".")[0]
    return module_of(value).partition(".")[0] if is_a(value, type) else ""  # type: ignore[arg-type] # a class


def started_mocks() -> frozenset[tuple[str, int]]:
    """What `unittest.mock.patch(…).start()` has put into libraries and nobody has stopped: the
    top-level name of each one's library, and which patch it is."""
    kind = imported("unittest.mock", "_patch")
    started = getattr(kind, "_active_patches", ())
    owners = ((patch, getattr(patch, "target", None)) for patch in started)
    return frozenset((_top_level(owner), id(patch)) for patch, owner in owners)


def held(value: object) -> Mapping[str, Any]:
    """By a module or a class; of other things nothing is asked."""
    if type(value) is ModuleType:
        return value.__dict__
    return class_dict(value) if is_a(value, type) else {}  # type: ignore[arg-type] # a class
