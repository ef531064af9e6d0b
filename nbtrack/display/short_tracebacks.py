"""Our errors in a notebook: the user's line and our sentence, and no frame of ours.

IPython asks an exception for its `_render_traceback_`; from `enable` to `disable` ours have one.
The exception is left as it is, so that `except`, `%debug` and `sys.last_value` see all of it, and
`%xmode Verbose` shows all of it. What the user's own code raised looks as it does without us.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from nbtrack.errors import NbtrackError

_HOOK = "_render_traceback_"
_LIBRARIES = ("site-packages", "dist-packages", sysconfig.get_path("stdlib"), "<frozen ")


def enable(shell: Any) -> None:
    """Twice is once."""

    def shown(error: NbtrackError) -> list[str]:
        formatter = shell.InteractiveTB
        lines = _formatted(formatter, error)
        formatter.tb = error.__traceback__  # where %debug begins
        return lines

    setattr(NbtrackError, _HOOK, shown)


def disable() -> None:
    if _HOOK in vars(NbtrackError):
        delattr(NbtrackError, _HOOK)


def _formatted(formatter: Any, error: NbtrackError) -> list[str]:
    kind, traceback = type(error), error.__traceback__
    if formatter.mode == "Verbose":
        lines: list[str] = formatter.structured_traceback(kind, error, traceback)
    elif places := _users_places(traceback):
        told = _Told(error)
        lines = formatter.structured_traceback(kind, told, _chained(places), tb_offset=0)
    else:  # raised while a panel was drawn
        lines = formatter.get_exception_only(kind, error)
    return lines


class _Told(Exception):
    """Stands in for an error while it is shown, with less behind it."""

    def __init__(self, error: NbtrackError) -> None:
        super().__init__(str(error))
        self.__dict__.update(error.__dict__)  # what `add_note` added
        self.__context__ = _users_cause(error)


def _users_cause(error: BaseException) -> BaseException | None:
    """What the user's code raised before, or what it raised when we called it."""
    cause = _cause(error)
    while cause is not None and not _users_places(cause.__traceback__):
        cause = _cause(cause)
    return cause


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _users_places(traceback: TracebackType | None) -> list[TracebackType]:
    """From the user's outermost frame on, without our frames and those of libraries we call."""
    kept: list[TracebackType] = []
    is_below_ours = True  # IPython, which runs the cell, is no more the user's than we are
    for place in _places(traceback):
        is_ours = _room(place) == "nbtrack"
        if is_ours or (is_below_ours and _is_library(place)):
            is_below_ours = True
        else:
            is_below_ours = False
            kept.append(place)
    return kept


def _places(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _room(place: TracebackType) -> str:
    return str(place.tb_frame.f_globals.get("__name__")).partition(".")[0]


def _is_library(place: TracebackType) -> bool:
    return any(part in place.tb_frame.f_code.co_filename for part in _LIBRARIES)


def _chained(places: Sequence[TracebackType]) -> TracebackType | None:
    """A traceback of these places; their own go on as they do."""
    following: TracebackType | None = None
    for place in reversed(places):
        following = TracebackType(following, place.tb_frame, place.tb_lasti, place.tb_lineno)
    return following
