"""Whether a message, as JSON, is what its TypedDict says."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from functools import cache
from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)


def misfits(value: Any, hint: Any, *, at: str) -> Iterator[str]:
    """Where *value*, as JSON, is not of the type *hint*, in words."""
    if is_typeddict(hint):
        yield from _misfits_of_shape(value, hint, at=at)
    elif get_origin(hint) in (Union, types.UnionType):
        yield from _misfits_of_union(value, get_args(hint), at=at)
    elif get_origin(hint) is Literal:
        if value not in get_args(hint):
            yield f"{at} is {value!r}, none of {get_args(hint)}"
    elif get_origin(hint) is list or get_origin(hint) is dict or get_origin(hint) is tuple:
        yield from _misfits_inside(value, hint, at=at)
    elif not _is_of(value, hint):
        yield f"{at} is {value!r}, no {hint}"


def _is_of(value: Any, hint: Any) -> bool:
    if hint is Any:
        return True
    if hint is None or hint is type(None):
        return value is None
    if hint in (int, float):
        return isinstance(value, hint | int) and not isinstance(value, bool)
    return isinstance(value, hint)


def _misfits_of_shape(value: Any, shape: Any, *, at: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{at} is {value!r}, no {shape.__name__}"
        return
    hints = _hints(shape)
    for name in value.keys() - hints.keys():
        yield f"{at} has {name}, which {shape.__name__} has not"
    for name in _required(shape) - value.keys():
        yield f"{at} is without {name}, which {shape.__name__} has"
    for name in hints.keys() & value.keys():
        yield from misfits(value[name], hints[name], at=f"{at}.{name}")


@cache
def _hints(shape: Any) -> dict[str, Any]:
    return get_type_hints(shape)


@cache
def _required(shape: Any) -> set[str]:
    """`__required_keys__` does not see NotRequired in annotations that are text."""
    hints = get_type_hints(shape, include_extras=True)
    return {name for name, hint in hints.items() if get_origin(hint) is not NotRequired}


def _misfits_of_union(value: Any, kinds: tuple[Any, ...], *, at: str) -> Iterator[str]:
    found = [list(misfits(value, kind, at=at)) for kind in kinds]
    if all(found):
        yield from min(found, key=len)  # of the one that is most like it


def _misfits_inside(value: Any, hint: Any, *, at: str) -> Iterator[str]:
    origin, arguments = get_origin(hint), get_args(hint)
    if not isinstance(value, dict if origin is dict else list | tuple):
        yield f"{at} is {value!r}, no {hint}"
    elif origin is dict:
        for key, each in value.items():
            yield from misfits(each, arguments[1], at=f"{at}[{key!r}]")
    elif origin is list:
        for n, each in enumerate(value):
            yield from misfits(each, arguments[0], at=f"{at}[{n}]")
    elif len(value) != len(arguments):
        yield f"{at} is {value!r}, no {hint}"
    else:
        for n, (each, kind) in enumerate(zip(value, arguments)):
            yield from misfits(each, kind, at=f"{at}[{n}]")
