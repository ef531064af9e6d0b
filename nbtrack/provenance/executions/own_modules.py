"""Modules of the project: what they hold is the notebook's as much as its own names are."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import islice
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from nbtrack.provenance.executions.files import is_of_interest
from nbtrack.provenance.executions.safe_access import is_a

MOST_NAMES = 1_000  # of one module or class, that are looked at
_CODE = (FunctionType, BuiltinFunctionType, ModuleType, classmethod, staticmethod, property)


def module_with(name: str) -> ModuleType | None:
    """The module of the project that has this name."""
    module = sys.modules.get(name)
    return own_module(module.__dict__) if type(module) is ModuleType else None


def own_module(facts: Mapping[str, Any]) -> ModuleType | None:
    """The module that has these globals, if its source is the user's and no library's."""
    path = facts.get("__file__")
    if type(path) is not str or not path.endswith(".py") or not is_of_interest(path):
        return None
    module = sys.modules.get(str(facts.get("__name__")))
    is_it = type(module) is ModuleType and module.__dict__ is facts
    return module if is_it and module.__name__ != "__main__" else None  # type: ignore[union-attr] # a module


def data_of(facts: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """What is no code: state, that its code may change; and whether that is all of it. A key that
    is no text is no name."""
    named = ((n, v) for n, v in list(facts.items()) if type(n) is str and not n.startswith("__"))
    data = ((n, v) for n, v in named if type(v) not in _CODE and not is_a(v, type))
    found = dict(islice(data, MOST_NAMES))
    return found, next(data, None) is None
