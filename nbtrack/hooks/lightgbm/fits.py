"""Around `fit` of LightGBM's scikit-learn estimators."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.lightgbm.callback import callbacks_of, importances_of, tell_best
from nbtrack.hooks.lightgbm.hook import library
from nbtrack.hooks.sklearn.fits import FitRecord
from nbtrack.hooks.sklearn.foreign_estimators import around_fit_of
from nbtrack.hooks.training.loop import Loop
from nbtrack.models.flavours import lightgbm as flavour


@contextmanager
def _following(record: FitRecord) -> Iterator[None]:
    loop = Loop(record.run, training_sets=_training_sets(record))
    own = record.kwargs.get("callbacks") or ()
    record.kwargs = {**record.kwargs, "callbacks": [*callbacks_of(loop, own), *own]}
    try:
        yield
        with guarded("tell the best iteration"):
            tell_best(loop, record.estimator.booster_)
    finally:
        loop.close()


def _training_sets(record: FitRecord) -> Collection[str]:
    """LightGBM calls the training data "training", if the user has no name for it."""
    names, X = record.kwargs.get("eval_names") or (), record.given.X.value
    return [name for name, each in zip(names, _evaluated(record.kwargs)) if each is X]


def _evaluated(given: Mapping[str, Any]) -> Iterator[Any]:
    """The features of each set."""
    yield from (X for X, _ in _listed(given.get("eval_set")))
    yield from _listed(given.get("eval_X"))


def _listed(sets: Any) -> list[Any]:
    """`fit` takes a single one as well: a frame, or a pair of X and y."""
    if sets is None:
        return []
    is_pair = isinstance(sets, tuple) and len(sets) == 2 and not isinstance(sets[0], tuple)
    return list(sets) if isinstance(sets, list | tuple) and not is_pair else [sets]


def _importances(estimator: Any, _flags: Any) -> Mapping[str, Mapping[str, float]]:
    return importances_of(estimator.booster_)


around_fit = around_fit_of(library, flavour, following=_following, importances=_importances)
