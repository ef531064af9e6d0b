"""Whose prediction is it: what models return is remembered, and looked up by what is measured."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.data.datasets import log_dataset
from nbtrack.hooks.measured.derivations import Origins
from nbtrack.hooks.measured.known_models import known_models
from nbtrack.hooks.measured.leaks import look_at_tested
from nbtrack.hooks.measured.metric_log import metric_log_of
from nbtrack.hooks.measured.prediction_sites import PredictionSites
from nbtrack.hooks.measured.prediction_store import Prediction, PredictionStore, row_count
from nbtrack.hooks.measured.users_call import UsersCall

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

UNKNOWN_DATA = "unknown_dataset"  # MLflow's word

predictions = PredictionStore()
_sites = PredictionSites()


def remember(call: UsersCall, model: Any, result: Any, *, asked_about: Any) -> None:
    """*result* is what *model* made of the rows *asked_about*; None: they cannot be had."""
    run = known_models.run_of(model)
    X = None if call.first is None else call.given[call.first]
    made = Prediction(run, data_name(call, run), row_count(result))
    predictions.remember(result, made, made_from=X)
    note_site(call, model, made)
    if asked_about is not None:
        log_eval_data(run, model, asked_about, made.data)


def note_site(call: UsersCall, receiver: Any, made: Prediction) -> None:
    """That the call, a method of *receiver*, returned that."""
    if call.text_of_call is not None:
        _sites.note(call.frame, call.text_of_call, model=receiver, made=made)


def log_eval_data(run: ActiveRun | None, model: Any, X: Any, name: str) -> None:
    """Record once what the model of *run* was asked about."""
    if run is None or run.is_deleted or not known_models.wants_data(model):
        return
    if metric_log_of(run).is_first_use(name):
        with guarded("record the data of a prediction"):
            found = log_dataset(run, X, name=name, context="eval")
            if name != UNKNOWN_DATA:
                look_at_tested(run, model, X, found, name)


def owner_of(call: UsersCall, parameter: str) -> Prediction | None:
    """The prediction that an argument of the user's call surely is, or is made of."""
    value, node = call.given[parameter], call.node(parameter)
    found = predictions.identified(value)
    if found is None and node is not None:
        origins = Origins(
            call.frame,
            of_array=predictions.identified,
            of_call=lambda site, model: (
                _sites.last_at(call.frame, site, model) or _called(site, model)
            ),
        )
        found = only_one(list(origins.of(node)))
    return None if found is None else _of_its_rows(found, value)


def _called(call: ast.Call, model: Any) -> Prediction | None:
    """What a trained model returns that is a function, as torch's are: `model(X)`."""
    run = known_models.run_of(model) if isinstance(call.func, ast.Name) else None
    if run is None:
        return None
    match call.args[:1]:
        case [ast.Name(id=name)]:
            return Prediction(run, name)
    return Prediction(run, UNKNOWN_DATA)


def only_one(found: Sequence[Prediction | None]) -> Prediction | None:
    """The prediction, if all that are known are of one run."""
    known = [each for each in found if each is not None]
    if not known or not all(each.is_of_same_run(known[0]) for each in known):
        return None
    return known[0]


def data_name(call: UsersCall, run: ActiveRun | None) -> str:
    """What the user calls the data that a method is given, numbered as in MLflow."""
    found = None if call.first is None else call.name(call.first)
    if found is None or call.first is None:
        return UNKNOWN_DATA
    if run is None or not found.is_variable:
        return found.name
    return metric_log_of(run).data_name(found.name, call.given[call.first])


def _of_its_rows(prediction: Prediction, value: Any) -> Prediction:
    """Of a part of the rows, the name says how many there are: it is not all of the data."""
    rows = row_count(value)
    if prediction.rows is None or rows is None or rows == prediction.rows:
        return prediction
    return prediction._replace(data=f"{prediction.data}_{rows}_rows")
