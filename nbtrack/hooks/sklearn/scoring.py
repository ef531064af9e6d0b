"""Around `score`: `model.score(X_test, y_test)` is the metric `{Class}_score_X_test`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.measured.callers import users_frame
from nbtrack.hooks.measured.known_models import known_models
from nbtrack.hooks.measured.leaks import tell_measured
from nbtrack.hooks.measured.predictions import data_name, log_eval_data
from nbtrack.hooks.measured.users_call import UsersCall
from nbtrack.hooks.sklearn.later_metrics import Measured, log_for_model, log_for_nobody


def around_score(
    original: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    result = original(instance, *args, **kwargs)
    with guarded(f"record the score of {type(instance).__name__}"):
        if (frame := users_frame()) is not None:
            _record(UsersCall(frame, original, args, kwargs), instance, result)
    return result


def _record(call: UsersCall, model: Any, result: Any) -> None:
    kind = type(model).__name__
    run = known_models.run_of(model)
    run = None if run is not None and run.is_deleted else run
    data = data_name(call, run)
    measured = Measured(f"{kind}_score", result, call, call.text(f"{kind}.score"), data)
    if run is None:
        log_for_nobody(measured)
    else:
        log_for_model(run, measured)
        log_eval_data(run, model, None if call.first is None else call.given[call.first], data)
        tell_measured(run, data, call.given.get("y"))
