"""Around `predict` and `forecast` of results: what is measured of it goes to the run of the fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.measured.callers import users_frame
from nbtrack.hooks.measured.predictions import remember
from nbtrack.hooks.measured.users_call import UsersCall


def around_predict(
    original: Callable[..., Any], results: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    result = original(results, *args, **kwargs)
    with guarded("remember which model made a prediction"):
        if (frame := users_frame()) is not None:
            call = UsersCall(frame, original, args, kwargs)
            first = None if call.first is None else call.given[call.first]
            is_data = hasattr(first, "shape")  # models of time are asked about steps
            remember(call, results, result, asked_about=first if is_data else None)
    return result
