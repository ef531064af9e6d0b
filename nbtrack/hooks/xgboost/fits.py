"""Around `fit` of XGBoost's scikit-learn estimators."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.base.imported import is_instance
from nbtrack.hooks.sklearn.fits import FitRecord
from nbtrack.hooks.sklearn.foreign_estimators import around_fit_of
from nbtrack.hooks.training.loop import Loop
from nbtrack.hooks.xgboost.callback import LoopCallback, importances_of, newest
from nbtrack.hooks.xgboost.hook import Flags, library
from nbtrack.models.flavours import xgboost as flavour

_FORESTS = ("XGBRFClassifier", "XGBRFRegressor")


@contextmanager
def _following(record: FitRecord) -> Iterator[None]:
    """By a callback, which is the estimator's own for the time of the fit."""
    estimator, loop = record.estimator, Loop(record.run, training_sets=_training_sets(record))
    is_forest = any(is_instance(estimator, "xgboost.sklearn", name) for name in _FORESTS)
    own = estimator.callbacks
    if not is_forest:  # which takes no callbacks, and has one iteration
        with guarded("tell how long a fit will be"):
            is_limited = estimator.early_stopping_rounds is not None
            rounds = estimator.get_num_boosting_rounds()
            loop.expects(rounds, may_end_early=is_limited or bool(own))
        estimator.callbacks = [LoopCallback(loop), *(own or ())]
    try:
        yield
        if is_forest:
            with guarded("follow the iterations of a forest"):
                loop.add(0, newest(vars(estimator).get("evals_result_") or {}))
    finally:
        estimator.callbacks = own
        loop.close()


def _training_sets(record: FitRecord) -> Collection[str]:
    """XGBoost numbers what it evaluates."""
    sets = record.kwargs.get("eval_set") or ()
    return [f"validation_{i}" for i, pair in enumerate(sets) if pair[0] is record.given.X.value]


def _importances(estimator: Any, flags: Flags) -> Mapping[str, Mapping[str, float]]:
    return importances_of(estimator.get_booster(), flags.importance_types)


around_fit = around_fit_of(library, flavour, following=_following, importances=_importances)
