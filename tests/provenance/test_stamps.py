"""Stamps of single objects: what counts as a change, and that none of their code is run."""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest

from nbtrack.provenance.executions.stamps import kind_of


class _Told(AssertionError):
    """Code of the user's was run."""


def _tell(*_: object) -> NoReturn:
    raise _Told


def looked_at(value: object) -> object:
    """Its stamp, with those of its parts."""
    parts = kind_of(value).parts(value)
    return parts.stamp, [kind_of(part).parts(part).stamp for part in parts.children]


SUBCLASSES: dict[str, Callable[[type], object]] = {
    "partial": lambda kind: kind(len, [1]),
    "property": lambda kind: kind(len),
    "staticmethod": lambda kind: kind(len),
    "classmethod": lambda kind: kind(len),
    "map": lambda kind: kind(len, []),
    "zip": lambda kind: kind([]),
    "enumerate": lambda kind: kind([]),
    "filter": lambda kind: kind(len, []),
    "reversed": lambda kind: kind([]),
    "list": lambda kind: kind([]),
    "dict": lambda kind: kind(),
    "module": lambda kind: kind("own"),
}
KINDS = {
    kind.__name__: kind
    for kind in (
        *(functools.partial, property, staticmethod, classmethod, map, zip, enumerate, filter),
        *(reversed, list, dict, ModuleType),
    )
}


@pytest.mark.parametrize("name", SUBCLASSES)
def test_no_code_of_a_subclass_is_run(name: str) -> None:
    body = {each: _tell for each in ("__getattribute__", "__reduce__", "__iter__")}
    kind = type("Own", (KINDS[name],), body)

    looked_at(SUBCLASSES[name](kind))


def test_a_cached_function_is_not_asked_for_what_was_put_into_it() -> None:
    cached: Any = functools.lru_cache(len)
    cached.cache_info = cached.__wrapped__ = _tell

    looked_at(cached)


@pytest.fixture
def lazy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module that is executed when it is first asked for anything."""
    (tmp_path / "of_later.py").write_text("raise SystemExit('it was imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    spec = importlib.util.find_spec("of_later")
    assert spec
    assert spec.loader
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "of_later", module)
    spec.loader.exec_module(module)
    yield module
    object.__setattr__(module, "__class__", ModuleType)


def test_a_lazy_module_is_not_imported(lazy: Any) -> None:
    looked_at(lazy)

    assert type(lazy) is not ModuleType
