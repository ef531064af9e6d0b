"""Frames of ours that neither warnings nor tracebacks show."""

from __future__ import annotations

from types import FunctionType, TracebackType
from typing import Any

# `warnings` looks past frames of the import system when it counts `stacklevel`, and knows them by
# these two words (`_is_internal_frame`, CPython 3.5 and later).
_UNCOUNTED = "nbtrack/hooks (uncounted by warnings, as importlib._bootstrap is)"
_OURS = "nbtrack.hooks."


def uncounted(function: Any, *, known: dict[str, Any] | None = None) -> Any:
    """A copy of *function* whose frame `warnings` does not count; others are returned as such.

    *known* are its globals, if not those it has."""
    if not isinstance(function, FunctionType):
        return function
    code = function.__code__.replace(co_filename=_UNCOUNTED)
    copy = FunctionType(
        code,
        function.__globals__ if known is None else known,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def without_ours(traceback: TracebackType | None) -> TracebackType | None:
    """What the user would see without us; everything, if nothing else is left."""
    place = traceback
    while place is not None and _is_ours(place):
        place = place.tb_next
    return place or traceback


def _is_ours(place: TracebackType) -> bool:
    return str(place.tb_frame.f_globals.get("__name__")).startswith(_OURS)
