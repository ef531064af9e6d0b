"""Whose call of a metric or of `predict` this is."""

from __future__ import annotations

import sys
from types import FrameType

from nbtrack.hooks.nesting import calling_frame, is_inside_recorded_call

_SCORERS = "sklearn.metrics._scorer"


def users_frame() -> FrameType | None:
    """The frame of the user's code that calls the patched function; None if it is not his call.

    What a scorer calls is not his either, though the scorer may be: its value goes to its caller.
    """
    if is_inside_recorded_call():
        return None
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == _SCORERS:
            return None
        frame = frame.f_back
    return calling_frame()
