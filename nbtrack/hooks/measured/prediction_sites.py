"""What each `model.predict(...)` in the user's source returned when it was executed last."""

from __future__ import annotations

import ast
import weakref
from collections import OrderedDict
from threading import RLock
from types import FrameType
from typing import Any, NamedTuple

from nbtrack.capture.call_expressions import CallText, Span, span_of
from nbtrack.hooks.measured.prediction_store import Prediction

MOST_SITES = 512
_OPTIMIZED = 0x01  # inspect.CO_OPTIMIZED: the code of a function


class _Site(NamedTuple):
    model: weakref.ref[Any]
    prediction: Prediction


class PredictionSites:
    def __init__(self) -> None:
        self._sites: OrderedDict[tuple[object, Span], _Site] = OrderedDict()
        self._lock = RLock()

    def note(self, frame: FrameType, call: CallText, *, model: Any, made: Prediction) -> None:
        if call.span is None:
            return
        key = (_scope(frame), call.span)
        with self._lock:
            self._sites[key] = _Site(weakref.ref(model), made)
            self._sites.move_to_end(key)
            if len(self._sites) > MOST_SITES:
                self._sites.popitem(last=False)

    def last_at(self, frame: FrameType, call: ast.Call, receiver: Any) -> Prediction | None:
        """None unless it was *receiver* that was asked there: the text may be of another time."""
        site = self._sites.get((_scope(frame), span_of(call)))
        return site.prediction if site is not None and site.model() is receiver else None


def _scope(frame: FrameType) -> object:
    """Calls of a function, which may run in two threads or in itself, are told apart.

    The statements of a notebook cell have each their own frame, but one file.
    """
    is_function = frame.f_code.co_flags & _OPTIMIZED
    return id(frame) if is_function else frame.f_code.co_filename
