"""Where code asks for files in ways of which no audit hook tells: `os.path.exists(p)`, `p.stat()`.

Others have such words, too. So a word counts where it is said of a module or a path, or is called
of what nobody knows before the code runs.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import PurePath
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from nbtrack.provenance.executions.own_modules import own_module
from nbtrack.provenance.executions.patches import dotted_name, held, steps_of
from nbtrack.provenance.executions.safe_access import bases_of, dict_slot, in_class, is_a

_WORDS = frozenset({"exists", "lexists", "isfile", "isdir", "is_file", "is_dir", "stat", "lstat",
                    "getsize", "getmtime", "islink", "access"})  # fmt: skip
_MODULES = frozenset({"os", "posix", "nt", "posixpath", "ntpath", "genericpath", "pathlib"})


class Question(NamedTuple):
    """*of* is dotted, "" of a plain name, and None of what only the running code knows."""

    of: str | None
    word: str
    is_called: bool


def asked_by(node: ast.AST, *, is_called: bool) -> Question | None:
    """*node* is a name or an attribute."""
    match node:
        case ast.Name(id=word) if word in _WORDS:
            return Question("", word, is_called)
        case ast.Attribute(value=of, attr=word) if word in _WORDS:
            return Question(dotted_name(of), word, is_called)
    return None


@lru_cache(maxsize=4096)
def asked_in(code: CodeType) -> frozenset[Question]:
    """Also in functions that are nested in it."""
    found = set(_asked_in(code)) if _WORDS.intersection(code.co_names) else set()
    for each in code.co_consts:
        if type(each) is CodeType:
            found |= asked_in(each)
    return frozenset(found)


def _asked_in(code: CodeType) -> Iterator[Question]:
    dotted: str | None = None  # what is loaded
    for step in steps_of(code):
        is_name = step.does in ("LOAD_GLOBAL", "LOAD_NAME")
        is_attribute = step.does in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM")
        if step.name in _WORDS and (is_name or is_attribute):
            yield Question("" if is_name else dotted, step.name, step.is_called)
        if is_name or step.does == "IMPORT_NAME":
            dotted = step.name
        else:
            dotted = f"{dotted}.{step.name}" if is_attribute and dotted else None


def asks_for_files(questions: Iterable[Question], namespace: Mapping[str, Any]) -> bool:
    return any(_is_for_files(each, namespace) for each in questions)


def _is_for_files(question: Question, namespace: Mapping[str, Any]) -> bool:
    if question.of is None:
        return question.is_called
    if not question.of:
        return _module_of(namespace.get(question.word)) in _MODULES
    root, *rest = question.of.split(".")
    if root not in namespace:
        return question.is_called or root in _MODULES  # a function imported it, or it is gone
    value = namespace[root]
    for name in rest:
        inside = held(value)
        if name not in inside:
            return question.is_called  # an attribute of an object
        value = inside[name]
    is_another = _is_own(value) or not _has(value, question.word)
    return _is_of_files(value) or (question.is_called and is_another)


def _is_of_files(value: Any) -> bool:
    if type(value) is ModuleType:
        return value.__dict__.get("__name__") in _MODULES
    if is_a(value, type):
        return any(base is PurePath for base in bases_of(value))
    return is_a(value, PurePath) or is_a(value, os.DirEntry)


def _has(value: Any, word: str) -> bool:
    """If not, a variable of a comprehension has the same name as *value*."""
    slot = dict_slot(type(value))
    own = held(value) if slot is None or is_a(value, type) else slot.__get__(value)
    return word in own or in_class(type(value), word) is not None


def _is_own(value: Any) -> bool:
    return type(value) is ModuleType and own_module(value.__dict__) is not None


def _module_of(value: Any) -> object:
    return value.__module__ if type(value) in (FunctionType, BuiltinFunctionType) else None
