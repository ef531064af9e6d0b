"""The fits of a search in another process, and what is brought home of them beside the scores.

A worker imports this and nothing more of ours, which takes 2 ms.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nbtrack.base.guard import guarded
from nbtrack.base.imported import imported
from nbtrack.hooks.sklearn.inner_estimators import deciding_estimator
from nbtrack.hooks.unseen_frames import without_ours

Curves = Mapping[tuple[str, str], Sequence[float]]  # by data and metric

NOTE = "nbtrack"  # in the dict of scikit-learn's results
GOES_ON = ("xgb_model", "init_model")  # with these the first iteration is not the model's first
_LIBRARIES = ("xgboost", "lightgbm", "catboost")
home: set[int] = set()  # the process that wants the notes; a worker imports this anew, or is a fork


class SplitNote(NamedTuple):
    candidate: int  # of those that are evaluated together
    split: int
    splits: int
    library: str
    curves: Curves


def fit_and_score(estimator: Any, *args: Any, **kwargs: Any) -> Any:
    """scikit-learn's function for one split, which fits the very estimator that it is given."""
    original = imported("sklearn.model_selection._validation", "_fit_and_score")
    try:
        result = original(estimator, *args, **kwargs)
    except BaseException as exc:
        exc.__traceback__ = without_ours(exc.__traceback__)
        raise
    with guarded("note the iterations of a candidate"):
        # A search of this process may go on when nobody takes notes out of its results any more.
        note = None if os.getpid() in home else _note(estimator, kwargs)
        if note is not None:
            result[NOTE] = note
    return result


def _note(estimator: Any, kwargs: Mapping[str, Any]) -> SplitNote | None:
    booster = deciding_estimator(estimator)
    library = library_of(booster)
    given = [name.rpartition("__")[2] for name in kwargs.get("fit_params") or ()]
    if library is None or any(name in GOES_ON for name in given):
        return None
    (candidate, _), (split, splits) = kwargs["candidate_progress"], kwargs["split_progress"]
    return SplitNote(candidate, split, splits, library, curves_of(booster))


def library_of(estimator: Any) -> str | None:
    """Also of what users derive from its estimators."""
    modules = (kind.__module__.partition(".")[0] for kind in type(estimator).__mro__)
    return next((name for name in modules if name in _LIBRARIES), None)


def curves_of(estimator: Any) -> Curves:
    found = getattr(estimator, "evals_result_", None) or {}
    return {
        (data, metric): array("d", values)
        for data, metrics in found.items()
        for metric, values in metrics.items()
    }
