"""Regression metrics on arrays: the numbers of `sklearn.metrics`, outputs averaged evenly."""

from __future__ import annotations

from math import sqrt
from typing import Any


def regression_scores(y: Any, predicted: Any, *, weights: Any = None) -> dict[str, float]:
    """{} where the two do not fit together, as when a target is missing."""
    import numpy as np

    kind = _common_float(y, predicted, weights)
    y, predicted = _columns(y, kind), _columns(predicted, kind)
    if y.shape != predicted.shape or not (np.isfinite(y).all() and np.isfinite(predicted).all()):
        return {}
    errors = y - predicted
    squared = float(np.average(errors**2, axis=0, weights=weights).mean())
    return {
        "r2_score": _r2(y, errors, weights),
        # Of the mean over all outputs, as in MLflow; scikit-learn takes the root of each first.
        "root_mean_squared_error": sqrt(squared),
        "mean_absolute_error": float(np.average(abs(errors), axis=0, weights=weights).mean()),
        "mean_squared_error": squared,
    }


def _common_float(*arrays: Any) -> Any:
    """scikit-learn computes in float32 when that is all it is given."""
    import numpy as np

    floats = [each.dtype for each in arrays if each is not None and each.dtype.kind == "f"]
    return np.result_type(*floats) if floats else np.dtype(float)


def _columns(values: Any, kind: Any) -> Any:
    values = values.astype(kind, copy=False)
    return values.reshape(-1, 1) if values.ndim == 1 else values


def _r2(y: Any, errors: Any, weights: Any) -> float:
    """1 for a perfect prediction and 0 for any other of a target that does not vary."""
    import numpy as np

    if len(y) < 2:
        return float("nan")
    weight = 1.0 if weights is None else weights[:, None]
    unexplained = (weight * errors**2).sum(axis=0)
    total = (weight * (y - np.average(y, axis=0, weights=weights)) ** 2).sum(axis=0)
    scores = np.where(unexplained == 0, 1.0, 0.0).astype(total.dtype)
    both = (total != 0) & (unexplained != 0)
    scores[both] = 1 - unexplained[both] / total[both]
    return float(scores.mean())
