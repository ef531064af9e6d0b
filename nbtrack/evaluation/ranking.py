"""What one sort of a column of scores tells: ROC, precision and recall, and areas below them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_POINTS = 300  # of a curve that is drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Curves as they are drawn, and areas of all their points. NaN, of one class only."""

    false_rates: Floats
    true_rates: Floats
    recall: Floats
    precision: Floats
    roc_auc: float
    average_precision: float


def ranking_of(is_positive: NDArray[np.bool_], scores: Floats, weights: Floats | None) -> Ranking:
    """All of shape (rows,)."""
    order = np.argsort(scores)[::-1]
    ranked, hits = scores[order], is_positive[order].astype(float)
    amounts = np.ones(len(hits)) if weights is None else weights[order]
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # of equal scores
    found = np.cumsum(hits * amounts)[ends]
    false = np.cumsum((1 - hits) * amounts)[ends]
    with np.errstate(invalid="ignore", divide="ignore"):
        true_rates, false_rates = found / found[-1], false / false[-1]
        precision = found / (found + false)
    steps = np.diff(true_rates, prepend=0.0)
    true_rates, false_rates = np.append(0.0, true_rates), np.append(0.0, false_rates)
    kept = _kept(len(true_rates))
    return Ranking(
        false_rates=false_rates[kept],
        true_rates=true_rates[kept],
        recall=true_rates[kept],
        precision=np.append(1.0, precision)[kept],
        roc_auc=_area(false_rates, true_rates),
        average_precision=float((steps * precision).sum()),
    )


def _area(x: Floats, y: Floats) -> float:
    return float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum())


def _kept(count: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).astype(np.int64))


def log_loss(true_places: NDArray[np.int64], shares: Floats, weights: Floats | None) -> float:
    """*shares* are (rows, classes), and *true_places* the columns that are right."""
    if shares.dtype.kind != "f":
        shares = shares.astype(float)
    tiny = np.finfo(shares.dtype).eps
    right = np.clip(shares[np.arange(len(shares)), true_places], tiny, 1 - tiny)
    return float(np.average(-np.log(right), weights=weights))
