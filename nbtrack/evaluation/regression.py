"""Scores of numbers against numbers, by MLflow's names."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def regression_scores(y: Any, predicted: Any, weights: Floats | None) -> dict[str, float]:
    """Both of shape (rows,)."""
    target, guess = np.asarray(y, dtype=float), np.asarray(predicted, dtype=float)
    off = target - guess
    size, squares = np.abs(off), off * off
    mean_square = float(np.average(squares, weights=weights))
    tiny = np.finfo(np.float64).eps
    total = float((target * weights).sum() if weights is not None else target.sum())
    return {
        "example_count": len(target),
        "mean_absolute_error": float(np.average(size, weights=weights)),
        "mean_squared_error": mean_square,
        "root_mean_squared_error": mean_square**0.5,
        "sum_on_target": total,
        "mean_on_target": total / len(target),
        "r2_score": _explained(target, squares, weights),
        "max_error": float(size.max()),
        "mean_absolute_percentage_error": float(
            np.average(size / np.maximum(np.abs(target), tiny), weights=weights)
        ),
    }


def _explained(target: Floats, squares: Floats, weights: Floats | None) -> float:
    """R²; 1 of a constant that is met, 0 of one that is not; NaN of one row."""
    if len(target) < 2:
        return float("nan")
    each = np.ones(len(target)) if weights is None else weights
    spread = target - np.average(target, weights=weights)
    below, above = float((each * spread * spread).sum()), float((each * squares).sum())
    if below == 0:
        return 1.0 if above == 0 else 0.0
    return 1.0 - above / below
