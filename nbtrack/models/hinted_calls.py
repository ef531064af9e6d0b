"""Calls of `predict` with the input checked against its type hint."""

from __future__ import annotations

import functools
from collections.abc import Callable
from inspect import Signature, signature
from typing import Any

from nbtrack.base.guard import advise
from nbtrack.errors import InvalidValue
from nbtrack.models.hinted_data import as_hinted
from nbtrack.models.type_hints import hints_of, schema_of_input


def checking_as_written(function: Callable[..., Any]) -> Callable[..., Any]:
    """`checking`, for the place where the function is: a hint that is of no use is said there."""
    try:
        schema_of_input(hints_of(function).input)
    except InvalidValue as exc:
        advise(
            "Type hint used in the model's predict function is not supported, so the input is "
            f"not checked: {exc}"
        )
    return checking(function)


def checking(function: Callable[..., Any]) -> Callable[..., Any]:
    """*function* with its input checked against the type hint, if a signature is made of that."""
    hint = hints_of(function).input
    if getattr(function, "checks_its_input", False) or not _is_checked(hint):
        return function
    shape = signature(function)
    (name, *_) = [n for n in shape.parameters if n not in ("self", "context", "params")]

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        return function(*_with_checked(shape, name, hint, args, kwargs), **kwargs)

    checked.checks_its_input = True  # type: ignore[attr-defined]  # so that it is not done twice
    return checked


def _is_checked(hint: Any) -> bool:
    try:
        return schema_of_input(hint) is not None
    except InvalidValue:
        return False


def _with_checked(
    shape: Signature, name: str, hint: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[Any]:
    """*args* with the input checked; where it is given by name, it is replaced in *kwargs*."""
    if name in kwargs:
        kwargs[name] = as_hinted(kwargs[name], hint)
        return list(args)
    place = list(shape.parameters).index(name)
    if place >= len(args):
        return list(args)
    return [*args[:place], as_hinted(args[place], hint), *args[place + 1 :]]
