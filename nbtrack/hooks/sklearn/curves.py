"""Learning curves that fitted estimators carry with them, as metric series.

A step is the number of iterations, epochs or trees done: step 1 is after the first one.

| metric                  | what it is                            | of estimators                  |
|-------------------------|---------------------------------------|--------------------------------|
| train_loss              | loss on the training rows             | MLP, gradient boosting; live,  |
|                         |                                       | on much data (`callbacks.py`)  |
| train_score             | score on the training rows            | HistGradientBoosting, AdaBoost |
| validation_loss         | loss on rows held out                 | HistGradientBoosting           |
| validation_score        | score on rows held out                | HistGradientBoosting, MLP      |
| oob_loss                | loss on the rows left out of a tree   | gradient boosting, subsample<1 |
| estimator_error         | weighted error of each estimator      | AdaBoost                       |
| lower_bound             | of the log likelihood per row         | Gaussian mixtures              |
| reconstruction_error    | what is minimised                     | dictionary learning            |
| log_marginal_likelihood | with compute_score=True               | Bayesian ridge, ARD            |
| n_iter                  | how many it took: one number          | all that have `n_iter_`        |

Losses fall, scores rise. HistGradientBoosting keeps none unless it stops early: then it is asked
for its staged predictions, and so is AdaBoost (`staged_scores.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from nbtrack.hooks.sklearn.inner_estimators import deciding_estimator
from nbtrack.hooks.sklearn.noted_origins import note_metrics
from nbtrack.hooks.sklearn.staged_scores import staged_series
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import Metric

if TYPE_CHECKING:
    from nbtrack.hooks.sklearn.fit_call import FitCall
    from nbtrack.hooks.sklearn.flags import Flags
    from nbtrack.recording.active_run import ActiveRun

MOST_POINTS = 5000  # of one series; of a longer one evenly spaced points, first and last included

Series: TypeAlias = dict[str, tuple[int, Any]]  # by metric: the first step, and the values


def log_curves(run: ActiveRun, call: FitCall, flags: Flags) -> None:  # noqa: ARG001
    """In one batch; nothing for an estimator that does not iterate."""
    points = [Metric(*point) for point in _points(call)]
    if points:
        run.log_batch(metrics=points)
        note_metrics(run, {point.key for point in points})


def _points(call: FitCall) -> Iterator[tuple[str, float, int, int]]:
    estimator = deciding_estimator(call.estimator)
    now = now_us() // 1000
    for metric, (first_step, values) in _series_of(estimator, call).items():
        for place, value in _kept(values):
            yield metric, value, now, first_step + place
    if (taken := _iterations(estimator)) is not None:
        yield "n_iter", float(taken), now, 0


def _series_of(estimator: Any, call: FitCall) -> Series:
    for kind in type(estimator).__mro__:
        read = _READERS.get(kind.__name__)
        if read is not None and kind.__module__.startswith("sklearn."):
            return read(estimator, call)
    return {}


def _kept(values: Any) -> list[tuple[int, float]]:
    import numpy as np

    array = np.asarray(values, dtype=float).ravel()
    if len(array) <= MOST_POINTS:
        return list(enumerate(array.tolist()))
    places = np.linspace(0, len(array) - 1, MOST_POINTS).astype(int)
    return list(zip(places.tolist(), array[places].tolist()))


def _iterations(estimator: Any) -> float | None:
    """The most, where there is a number for each class or target."""
    import numpy as np

    found = getattr(estimator, "n_iter_", None)
    if found is None:
        return None
    numbers = np.asarray(found)
    if numbers.dtype.kind not in "iuf" or not numbers.size:
        return None
    return float(numbers.max())


def _attributes(
    estimator: Any,
    call: FitCall,  # noqa: ARG001 - as all readers
    *,
    metrics: Mapping[str, str],
) -> Series:
    """Attributes that hold a value per iteration, those that were filled."""
    found = {metric: getattr(estimator, name, None) for name, metric in metrics.items()}
    return {metric: (1, values) for metric, values in found.items() if _has_values(values)}


def _has_values(values: Any) -> bool:
    return values is not None and getattr(values, "ndim", 1) == 1 and len(values) > 0


def _hist_gradient_boosting(estimator: Any, call: FitCall) -> Series:
    """Scores from before the first tree on; of losses it keeps the negative."""
    found: Series = {}
    for part in ("train", "validation"):
        values: Any = getattr(estimator, f"{part}_score_", None)
        if not _has_values(values):
            continue
        if estimator.scoring == "loss":
            found[f"{part}_loss"] = (0, -values)
        else:
            found[f"{part}_score"] = (0, values)
    return found or staged_series(estimator, call)


def _ada_boost(estimator: Any, call: FitCall) -> Series:
    errors = _attributes(estimator, call, metrics={"estimator_errors_": "estimator_error"})
    return {**errors, **staged_series(estimator, call)}


def _of(**metrics: str) -> Callable[[Any, Any], Series]:
    return partial(_attributes, metrics=metrics)


# By the class that sets them: other classes use the same names for other things.
_READERS: dict[str, Callable[[Any, Any], Series]] = {
    "BaseMultilayerPerceptron": _of(
        loss_curve_="train_loss", validation_scores_="validation_score"
    ),
    "BaseGradientBoosting": _of(train_score_="train_loss", oob_scores_="oob_loss"),
    "BaseHistGradientBoosting": _hist_gradient_boosting,
    "BaseWeightBoosting": _ada_boost,
    "BaseMixture": _of(lower_bounds_="lower_bound"),
    "DictionaryLearning": _of(error_="reconstruction_error"),
    "BayesianRidge": _of(scores_="log_marginal_likelihood"),
    "ARDRegression": _of(scores_="log_marginal_likelihood"),
}
