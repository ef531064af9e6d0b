"""Around `fit` and `predict` of CatBoost's models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.base.imported import is_instance
from nbtrack.hooks.catboost.hook import library
from nbtrack.hooks.catboost.stopping import listening
from nbtrack.hooks.catboost.training_file import foretelling
from nbtrack.hooks.measured.callers import users_frame
from nbtrack.hooks.measured.predictions import remember
from nbtrack.hooks.measured.users_call import UsersCall
from nbtrack.hooks.sklearn.fit_call import NOT_GIVEN, FitArguments
from nbtrack.hooks.sklearn.fits import FitRecord
from nbtrack.hooks.sklearn.foreign_estimators import around_fit_of
from nbtrack.hooks.training.loop import Loop
from nbtrack.hooks.training.param_texts import param_text
from nbtrack.hooks.training.storable_keys import storable_keys
from nbtrack.models.flavours import catboost as flavour
from nbtrack.records.origins import Origin

# What may end a training before its last iteration.
_ENDING = ("early_stopping_rounds", "od_type", "od_wait", "od_pval", "callbacks")
_IMPORTANCE = "PredictionValuesChange"


@contextmanager
def _following(record: FitRecord) -> Iterator[None]:
    """The curves are read when it is over; until then its file tells how it goes."""
    loop, model = Loop(record.run), record.estimator
    if _is_pool(record.given.X.value):  # which gives nothing back of what it was made of
        record.given = FitArguments(NOT_GIVEN, NOT_GIVEN, NOT_GIVEN)
    with guarded("count the iterations that a model has already"):
        loop.first_step = _tree_count(record.kwargs.get("init_model"))
    settings = {**model.get_params(), **record.kwargs}
    following = foretelling(loop, settings, may_end_early=_may_end_early(settings))
    try:
        with following, listening(record, loop, settings):
            yield
        with guarded("record the iterations of a fit"):
            _add_curves(loop, model)
        with guarded("record the params of a fit"):
            _write_defaults(record)
    finally:
        loop.close()


def _may_end_early(settings: Mapping[str, Any]) -> bool:
    return any(settings.get(name) is not None for name in _ENDING)


def _add_curves(loop: Loop, model: Any) -> None:
    curves = {
        (data, metric): values
        for data, metrics in model.get_evals_result().items()
        for metric, values in metrics.items()
    }
    for step in range(max(map(len, curves.values()), default=0)):
        newest = ((*names, each[step]) for names, each in curves.items() if step < len(each))
        loop.add(loop.first_step + step, newest)
    best = model.get_best_iteration()
    loop.best_iteration = None if best is None else loop.first_step + int(best)


def _write_defaults(record: FitRecord) -> None:
    """What CatBoost has chosen for what nobody said: it is known after the fit."""
    given = record.estimator.get_params()
    chosen = {k: v for k, v in record.estimator.get_all_params().items() if k not in given}
    keys = storable_keys(chosen)
    texts = {keys[name]: param_text(value) for name, value in chosen.items()}
    record.write(texts, {}, dict.fromkeys(texts, Origin.DEFAULT))


def _tree_count(model: Any) -> int:
    return int(getattr(model, "tree_count_", None) or 0)


def _importances(model: Any, _flags: Any) -> Mapping[str, Mapping[str, float]]:
    numbers = model.get_feature_importance(type=_IMPORTANCE)
    return {_IMPORTANCE: dict(zip(model.feature_names_, map(float, numbers)))}


def _is_pool(data: Any) -> bool:
    return is_instance(data, "catboost.core", "Pool")


around_fit = around_fit_of(library, flavour, following=_following, importances=_importances)


def around_predict(
    original: Callable[..., Any], model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """As `around_predict` of estimators, but for what a Pool was made of."""
    result = original(model, *args, **kwargs)
    with guarded("remember which model made a prediction"):
        if (frame := users_frame()) is not None:
            call = UsersCall(frame, original, args, kwargs)
            X = None if call.first is None else call.given[call.first]
            remember(call, model, result, asked_about=None if _is_pool(X) else X)
    return result
