"""Which libraries a function puts something into, as its instructions say."""
# ruff: noqa: B010 - written as notebooks write it

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nbtrack.provenance.executions.patches import patched_in, patched_libraries

anything: Any = np
other: Any = json


def own_first(o: Any) -> object:
    setattr(o, "x", np.zeros(1))
    return json.dumps(1)


def of_a_call() -> object:
    setattr(type(anything), "x", json)
    setattr(np.random.default_rng(0), "x", 1)
    other.loads("1").x = json
    return np


def mentioned(o: Any) -> object:
    o.x = json.dumps
    found = setattr
    return np, found


def first() -> None:
    setattr(anything.linalg, "x", {"a": lambda: json})


def deleted() -> None:
    delattr(anything, str(json))


def by_builtins() -> None:
    import builtins

    builtins.setattr(anything, "x", json)


def attribute() -> None:
    anything.linalg.x = json.dumps


def added() -> None:
    anything.x += len(json.dumps(1))


def imported() -> None:
    import json as j

    j.x = np  # type: ignore[attr-defined] # as notebooks do


def imported_from() -> None:
    from json import decoder, encoder

    encoder.x = decoder.x = np  # type: ignore[attr-defined] # as notebooks do


def imported_class() -> None:
    from json.encoder import JSONEncoder as Own

    Own.x = np  # type: ignore[attr-defined] # as notebooks do


def by_another_name() -> None:
    g = anything.linalg
    g.norm = json.dumps


def by_a_name_that_is_set() -> None:
    g = anything
    setattr(g.linalg, "norm", json)


def within() -> Callable[[], None]:
    def inner() -> None:
        g = other.encoder
        g.x = np

    return inner


def in_a_cell() -> Callable[[], object]:
    g = other
    g.x = np
    return lambda: g


PATCHED: dict[Callable[..., object], set[str]] = {
    own_first: set(),
    of_a_call: set(),
    mentioned: set(),
    first: {"numpy"},
    deleted: {"numpy"},
    by_builtins: {"numpy"},
    attribute: {"numpy"},
    added: {"numpy"},
    imported: {"json"},
    imported_from: {"json"},
    imported_class: {"json"},
    by_another_name: {"numpy"},
    by_a_name_that_is_set: {"numpy"},
    within: {"json"},
    in_a_cell: {"json"},
}


@pytest.mark.parametrize("function", PATCHED, ids=lambda function: function.__name__)
def test_what_a_function_patches(function: Any) -> None:
    assert patched_libraries(patched_in(function.__code__), globals()) == PATCHED[function]
