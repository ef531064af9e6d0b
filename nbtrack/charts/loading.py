"""Altair in a third of its time."""

from __future__ import annotations

import importlib
import sys
import threading
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_GRAMMAR = "rfc3987_syntax"  # comes with JupyterLab
_loading = threading.Lock()


def load_altair() -> None:
    """Import Altair, but not the grammar of IRIs that jsonschema compiles on the way: 1 s of 1.5.

    jsonschema has a check of IRIs from it all the same; the grammar is compiled when somebody
    first uses that check, which Altair never does.
    https://github.com/python-jsonschema/jsonschema/blob/main/jsonschema/_format.py
    """
    with _loading:
        if "jsonschema" in sys.modules or _GRAMMAR in sys.modules or find_spec(_GRAMMAR) is None:
            importlib.import_module("altair")
            return
        stand_in = ModuleType(_GRAMMAR)
        stand_in.__getattr__ = _of_the_real_one  # type: ignore[method-assign]
        stand_in.is_valid_syntax = _is_valid_syntax  # type: ignore[attr-defined]
        sys.modules[_GRAMMAR] = stand_in
        try:
            importlib.import_module("altair")
        finally:
            if sys.modules.get(_GRAMMAR) is stand_in:
                del sys.modules[_GRAMMAR]


def _is_valid_syntax(*given: Any, **named: Any) -> Any:
    return _of_the_real_one("is_valid_syntax")(*given, **named)


def _of_the_real_one(name: str) -> Any:
    if name.startswith("__"):  # the import system asks for __path__
        raise AttributeError(name)
    if getattr(sys.modules.get(_GRAMMAR), "__spec__", None) is None:  # the stand-in
        sys.modules.pop(_GRAMMAR, None)
    return getattr(importlib.import_module(_GRAMMAR), name)
