"""What estimators predict, in methods of their own and in their fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.measured.callers import users_frame
from nbtrack.hooks.measured.metric_log import metric_log_of
from nbtrack.hooks.measured.prediction_store import Prediction
from nbtrack.hooks.measured.predictions import UNKNOWN_DATA, predictions, remember
from nbtrack.hooks.measured.users_call import UsersCall

if TYPE_CHECKING:
    from nbtrack.hooks.sklearn.fit_call import FitCall
    from nbtrack.hooks.sklearn.flags import Flags
    from nbtrack.recording.active_run import ActiveRun

# What `fit` leaves in the estimator of what `fit_predict` or `fit_transform` would return.
_RESULTS_OF_FIT = ("labels_", "embedding_")


def around_predict(
    original: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Around predict, predict_proba, decision_function, transform and the like."""
    result = original(instance, *args, **kwargs)
    with guarded("remember which model made a prediction"):
        if (frame := users_frame()) is not None:
            call = UsersCall(frame, original, args, kwargs)
            X = None if call.first is None else call.given[call.first]
            remember(call, instance, result, asked_about=X)
    return result


def note_fit_results(run: ActiveRun, call: FitCall, _flags: Flags) -> None:
    """A recording step of a fit: what `fit_predict` returned, and `labels_` after `fit`."""
    results = [] if call.result is call.estimator else [call.result]
    results += [vars(call.estimator).get(name) for name in _RESULTS_OF_FIT]
    results = [result for result in results if result is not None]
    if results:
        data = UNKNOWN_DATA
        if call.X_name is not None:
            data = metric_log_of(run).data_name(call.X_name, call.X)
        for result in results:
            predictions.remember(result, Prediction(run, data), made_from=call.X)
