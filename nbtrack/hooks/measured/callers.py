"""Whose call of a metric or of `predict` this is."""

from __future__ import annotations

from types import FrameType

from nbtrack.hooks.nesting import calling_frame, is_inside_recorded_call


def users_frame() -> FrameType | None:
    """The frame of the user's code that calls the patched function; None if it is not his call.

    A scorer that he calls, `get_scorer("accuracy")(model, X, y)`, makes its calls for him.
    """
    return None if is_inside_recorded_call() else calling_frame()
