"""Tracking must not break training: the one place where an exception of ours is swallowed.

What nbtrack has to say goes to the standard logger "nbtrack": one line on stderr by default,
and the user's own handlers if there are any.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

_said: set[str] = set()


@contextmanager
def guarded(
    action: str,
    *,
    on_fault: Callable[[], object] | None = None,
    outcome: str = "this was not stored",
) -> Iterator[None]:
    """Run our own code beside the user's: a fault becomes one line of warning, never an error."""
    try:
        yield
    except Exception as exc:  # noqa: BLE001 - the one broad except: see the module's docstring
        warn_once(f"nbtrack could not {action}: {exc!r}. Your code goes on; {outcome}.")
        if on_fault is not None:
            on_fault()


class Guard:
    """`guarded` for what runs thousands of times a second: made once, it costs a fifth. Where even
    a `with` is felt, an `except Exception` of its own tells this."""

    __slots__ = ("_action",)

    def __init__(self, action: str) -> None:
        self._action = action

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        if not isinstance(error, Exception):
            return False
        self.tell(error)
        return True

    def tell(self, error: Exception) -> None:
        with guarded(self._action):
            raise error


def tried(call: Callable[[], T], *, on_fault: Callable[[Exception], T]) -> T:
    """What *call* returns, or what *on_fault* makes of its fault; nothing is said.

    For who has a place of its own to show a fault: a panel.
    """
    try:
        return call()
    except Exception as exc:  # noqa: BLE001 - as above
        return on_fault(exc)


def warn_once(message: str) -> None:
    """Say *message* once per process."""
    if message not in _said:
        _said.add(message)
        warn(message)


def warn(message: str) -> None:
    import logging  # 5 ms that a process which never warns does not pay

    logging.getLogger("nbtrack").warning(message)


def advise(message: str) -> None:
    """What the user's code had better do otherwise, as Python's own warning at the line of it."""
    import warnings

    warnings.warn(f"nbtrack: {message}", UserWarning, stacklevel=_frames_of_ours())


def _frames_of_ours() -> int:
    frame, depth = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("nbtrack."):
        frame, depth = frame.f_back, depth + 1
    return depth
