"""Around functions of `sklearn.metrics`: what they say of a model's predictions is its metric."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.measured.callers import users_frame
from nbtrack.hooks.measured.leaks import tell_measured
from nbtrack.hooks.measured.metric_tables import is_curve
from nbtrack.hooks.measured.prediction_store import Prediction
from nbtrack.hooks.measured.predictions import UNKNOWN_DATA, only_one, owner_of, predictions
from nbtrack.hooks.measured.users_call import UsersCall
from nbtrack.hooks.sklearn.later_metrics import Measured, log_for_model, log_for_nobody
from nbtrack.hooks.sklearn.metric_names import Roles, roles_of


def around_metric(
    original: Callable[..., Any], _instance: None, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    result = original(*args, **kwargs)
    with guarded(f"record {original.__name__}"):
        if (frame := users_frame()) is not None:
            _record(UsersCall(frame, original, args, kwargs), result)
    return result


def _record(call: UsersCall, result: Any) -> None:
    roles = roles_of(call.function, call.parameters)
    owner = _owner(call, roles)
    text = call.text(call.function)
    if owner is None or owner.run is None or owner.run.is_deleted:
        data = _name_of_measured(call, roles)
        log_for_nobody(Measured(call.function, result, call, text, data))
        return
    log_for_model(owner.run, Measured(call.function, result, call, text, owner.data))
    tell_measured(owner.run, owner.data, call.given.get("y_true"))
    if is_curve(call.function):  # auc(fpr, tpr) is the model's, too
        predictions.remember_arrays(result, owner._replace(rows=None))


def _owner(call: UsersCall, roles: Roles) -> Prediction | None:
    """Whose predictions are measured: what is sure goes before what looks the same."""
    predicted = [name for name in roles.predicted if name in call.given]
    found = only_one([owner_of(call, name) for name in predicted])
    if found is not None or roles.is_symmetric:
        return found
    others = [owner_of(call, name) for name in roles.true if name in call.given]
    other = only_one(others)
    look_alike = only_one([_apparently_of(call, name) for name in predicted])
    if look_alike is None or other is None:
        return look_alike or other
    # accuracy_score(first_predictions, list(second_predictions)): of which one?
    return look_alike if look_alike.is_of_same_run(other) else None


def _apparently_of(call: UsersCall, parameter: str) -> Prediction | None:
    value = call.given[parameter]
    if any(value is other for name, other in call.given.items() if name != parameter):
        return None  # accuracy_score(y, y): nobody predicted that
    return predictions.recognized(value)


def _name_of_measured(call: UsersCall, roles: Roles) -> str:
    for parameter in (*roles.predicted, *roles.true):
        if parameter in call.given and (found := call.name(parameter)) is not None:
            return found.name
    return UNKNOWN_DATA
