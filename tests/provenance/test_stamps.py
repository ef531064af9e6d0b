"""Stamps of single objects: what counts as a change, and that none of their code is run."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import numpy as np
import pytest

from nbtrack.provenance.executions.own_modules import MOST_NAMES
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


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module of the user's, with a class."""
    (tmp_path / "of_mine.py").write_text("class Own: v = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("of_mine")
    del sys.modules["of_mine"]


@pytest.mark.parametrize("of_class", [False, True])
@pytest.mark.parametrize(("count", "is_whole"), [(300, True), (MOST_NAMES + 1, False)])
def test_what_is_not_seen_of_many_names_is_said(
    project: Any, count: int, is_whole: bool, of_class: bool
) -> None:
    place = project.Own if of_class else project
    for number in range(count):
        setattr(place, f"v{number}", number)
    before = kind_of(place).parts(place)
    setattr(place, f"v{count - 1}", "another")
    after = kind_of(place).parts(place)

    assert before.is_whole is after.is_whole is is_whole
    assert (before.stamp != after.stamp) is is_whole


def test_a_name_of_a_module_need_not_be_text(project: Any) -> None:
    project.__dict__[3] = 4
    before = looked_at(project)
    project.x = 5

    assert looked_at(project) != before


class Masked(np.ma.MaskedArray):
    """Of the user's, with an attribute."""

    unit = "m"


def _mask(value: Any) -> None:
    value[0] = np.ma.masked


READS: dict[str, Callable[[Any], object]] = {
    "filled": lambda value: value.filled(),
    "its value": lambda value: value.fill_value,
    "text": str,
    "sum": lambda value: value.sum(),
    "view": lambda value: value[1:].view(),
    "copy": lambda value: value.copy(),
    "comparison": lambda value: value == value,
    "pickled": lambda value: value.__reduce__(),
}
CHANGES: dict[str, Callable[[Any], object]] = {
    "mask": _mask,
    "whole mask": lambda value: setattr(value, "mask", True),
    "hard": lambda value: value.harden_mask(),
    "data": lambda value: value.__setitem__(0, 9.0),
    "value that fills": lambda value: setattr(value, "fill_value", -1),
    "attribute": lambda value: setattr(value, "unit", "km"),
}


@pytest.mark.parametrize("kind", [np.ma.MaskedArray, Masked])
@pytest.mark.parametrize("name", [*READS, *CHANGES])
def test_what_changes_a_masked_array(kind: Any, name: str) -> None:
    """Not to read it, which makes it note things."""
    value = kind([1.0, 2.0, 3.0], mask=[0, 1, 0])
    before = looked_at(value)
    (READS | CHANGES)[name](value)

    assert (looked_at(value) != before) == (name in CHANGES)


def test_rows_with_masks_are_only_read() -> None:
    mask: Any = [(0, 1)]
    value: Any = np.ma.array([(1, 2.0)], mask=mask, dtype=[("a", int), ("b", float)])
    before = looked_at(value)
    value["a"], value.filled(), str(value), value[0]

    assert looked_at(value) == before
