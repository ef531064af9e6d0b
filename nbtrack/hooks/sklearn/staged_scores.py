"""How an ensemble grew better with each estimator, from its staged predictions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from nbtrack.hooks.data.rows import random_rows, row_count, take_rows
from nbtrack.hooks.quiet import unnoticed
from nbtrack.hooks.sklearn import classification_scores
from nbtrack.hooks.sklearn.fit_predictions import FitPredictions, predictions_of
from nbtrack.hooks.sklearn.inner_estimators import is_pipeline, is_search
from nbtrack.hooks.sklearn.regression_scores import regression_scores

if TYPE_CHECKING:
    from nbtrack.hooks.sklearn.fit_call import FitCall

MOST_ROWS = 1000  # a random choice, the same each time
LEAST_SECONDS = 0.02  # may always be spent; or SHARE of the fit. Else there is no such curve.
SHARE_OF_FIT = 0.05


def staged_series(estimator: Any, call: FitCall) -> dict[str, tuple[int, list[float]]]:
    """{metric: (first step, value per stage)}; {} where it cannot be had, or takes too long.

    *estimator* is the one that works within that of *call*.
    """
    asked = predictions_of(call)
    if not asked.can_be_asked or asked.y.ndim > 1 or asked.kind == "other":
        return {}
    with unnoticed(call.estimator):
        X, y, weights = _some_rows(asked)
        X = _before(estimator, asked.estimator, X)
        if X is None:
            return {}
        name, rate = _rating(estimator, y, weights)
        seconds = max(LEAST_SECONDS, SHARE_OF_FIT * call.seconds)
        per_stage = seconds / _stage_count(estimator)
        values = _rated(_stages(estimator, name, X), rate, seconds=seconds, per_stage=per_stage)
    return {name: (1, values)} if values else {}


def _some_rows(asked: FitPredictions) -> tuple[Any, Any, Any]:
    X, y, weights = asked.X, asked.y, asked.weights
    count = row_count(X) or 0
    if count <= MOST_ROWS:
        return X, y, weights
    places = random_rows(count, MOST_ROWS)
    return take_rows(X, places), y[places], None if weights is None else weights[places]


def _before(estimator: Any, outer: Any, X: Any) -> Any:
    """What reaches *estimator* when *outer* is given X; None if that is not known."""
    if outer is estimator:
        return X
    if is_search(outer):
        return _before(estimator, outer.best_estimator_, X)
    if is_pipeline(outer):
        last = outer.steps[-1][1]
        return _before(estimator, last, outer[:-1].transform(X) if len(outer.steps) > 1 else X)
    return None


def _rating(estimator: Any, y: Any, weights: Any) -> tuple[str, Callable[[Any], float | None]]:
    """The metric, and how one stage's prediction becomes its value."""
    if hasattr(estimator, "staged_predict_proba") and _keeps_loss(estimator):
        coded = classification_scores.Coded(y, y, classes=estimator.classes_)
        if coded.has_only_known_classes:
            loss = classification_scores.log_loss
            return "train_loss", lambda found: loss(coded.true, found, weights)
    if hasattr(estimator, "classes_"):
        return "train_score", lambda found: _accuracy(y, found, weights)
    return "train_score", lambda found: _r2(y, found, weights)


def _keeps_loss(estimator: Any) -> bool:
    """AdaBoost minimises no log loss: its probabilities grow worse while it grows better."""
    return not hasattr(estimator, "estimator_weights_")


def _stages(estimator: Any, metric: str, X: Any) -> Iterator[Any]:
    by_metric = {"train_loss": "staged_predict_proba", "train_score": "staged_predict"}
    stages: Iterator[Any] = getattr(estimator, by_metric[metric])(X)
    return stages


def _accuracy(y: Any, predicted: Any, weights: Any) -> float:
    import numpy as np

    return float(np.average(y == predicted, weights=weights))


def _r2(y: Any, predicted: Any, weights: Any) -> float | None:
    return regression_scores(y, predicted, weights=weights).get("r2_score")


def _stage_count(estimator: Any) -> int:
    return max(1, len(getattr(estimator, "estimators_", ())) or estimator.n_iter_)


def _rated(
    stages: Iterator[Any],
    rate: Callable[[Any], float | None],
    *,
    seconds: float,
    per_stage: float,
) -> list[float]:
    """[] as soon as it is seen that *seconds* will not do: half a curve would look like a whole."""
    begin, values = time.perf_counter(), []
    for count, stage in enumerate(stages, start=1):
        value = rate(stage)
        # The first stage may be slow because it is the first.
        allowed = seconds / 5 if count == 1 else per_stage * (count + 5)
        if value is None or time.perf_counter() - begin > min(allowed, seconds):
            return []
        values.append(value)
    return values
