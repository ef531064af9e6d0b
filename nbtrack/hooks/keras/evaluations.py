"""Around `evaluate`: `model.evaluate(X_test, y_test)` is `Sequential_loss_X_test`,
`Sequential_accuracy_X_test` and so on, on the run of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.measured.callers import users_frame
from nbtrack.hooks.measured.known_models import known_models
from nbtrack.hooks.measured.leaks import tell_measured
from nbtrack.hooks.measured.predictions import data_name, log_eval_data
from nbtrack.hooks.measured.users_call import UsersCall
from nbtrack.hooks.sklearn.later_metrics import Measured, log_for_model, log_for_nobody


def around_evaluate(
    original: Callable[..., Any], model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    result = original(model, *args, **kwargs)
    with guarded(f"record the evaluation of {type(model).__name__}"):
        if (frame := users_frame()) is not None:
            _record(UsersCall(frame, original, args, kwargs), model, result)
    return result


def _record(call: UsersCall, model: Any, result: Any) -> None:
    kind = type(model).__name__
    run = known_models.run_of(model)
    run = None if run is not None and run.is_deleted else run
    data, text = data_name(call, run), call.text(f"{kind}.evaluate")
    for metric, value in _named(model, result):
        measured = Measured(f"{kind}_{metric}", value, call, text, data)
        if run is None:
            log_for_nobody(measured)
        else:
            log_for_model(run, measured)
    if run is not None:
        log_eval_data(run, model, call.given.get("x"), data)
        tell_measured(run, data, call.given.get("y"))


def _named(model: Any, result: Any) -> Iterator[tuple[str, float]]:
    """It is a dict, if the user asks for one; a list, if there are several values; or the loss."""
    if isinstance(result, dict):
        yield from result.items()
        return
    values = result if isinstance(result, list) else [result]
    # Keras puts them in an order of its own, which it does with names as well.
    names = model._flatten_metrics_in_order({name: name for name in model.get_metrics_result()})
    yield from zip(names if isinstance(names, list) else [names], values, strict=False)
