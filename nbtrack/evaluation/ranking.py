"""What one column of scores tells: ROC, precision and recall, and areas below them.

Scores of positive and of other rows are sorted apart, and merged by search: what is summed up are
the few that are positive, and a curve is computed only where it is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
POINTS_OF_EACH = 150  # thresholds of a curve that is drawn: scores of positive rows, of others


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Curves as they are drawn, and areas of all their points. NaN, of one class only; with no
    positive row, average precision is 0."""

    false_rates: Floats
    true_rates: Floats
    recall: Floats
    precision: Floats
    roc_auc: float
    average_precision: float


def ranking_of(is_positive: NDArray[np.bool_], scores: Floats, weights: Floats | None) -> Ranking:
    """All of shape (rows,). Rows of weight 0 are no thresholds either, as in scikit-learn."""
    if weights is not None:
        counts = weights != 0
        is_positive, scores, weights = is_positive[counts], scores[counts], weights[counts]
    hits, others = (
        _Sorted(scores[rows], None if weights is None else weights[rows])
        for rows in (is_positive, ~is_positive)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, false_rates, precision = _curves(hits, others)
        return Ranking(
            false_rates=false_rates,
            true_rates=recall,
            recall=recall,
            precision=precision,
            roc_auc=_roc_auc(hits, others),
            average_precision=_average_precision(hits, others),
        )


class _Sorted:
    """Scores of some rows, ascending, and the weights of those from a score upwards."""

    def __init__(self, scores: Floats, weights: Floats | None) -> None:
        if weights is None:
            self.scores = np.sort(scores)
            self._upwards = np.arange(len(scores), -1, -1, dtype=float)
        else:
            order = np.argsort(scores)
            self.scores = scores[order]
            self._upwards = np.append(np.cumsum(weights[order][::-1])[::-1], 0.0)
        self.total = self._upwards[0]  # not a float of Python's: a division by 0 is NaN
        is_first = np.append(True, self.scores[1:] != self.scores[:-1])[: len(scores)]
        firsts = np.flatnonzero(is_first)
        self.distinct = self.scores[firsts]
        self.weights = -np.diff(self._upwards[firsts], append=0.0)  # of each distinct score

    def reaching(self, scores: Floats) -> Floats:
        return np.asarray(self._upwards[np.searchsorted(self.scores, scores, side="left")])

    def above(self, scores: Floats) -> Floats:
        return np.asarray(self._upwards[np.searchsorted(self.scores, scores, side="right")])

    def spread(self) -> Floats:
        """A few of the scores, with the lowest and the highest."""
        places = np.linspace(0, len(self.scores) - 1, min(len(self.scores), POINTS_OF_EACH))
        return self.scores[places.astype(np.int64)]


def _roc_auc(hits: _Sorted, others: _Sorted) -> float:
    """How often a positive row is above another one; equal counts half."""
    reaching, above = others.reaching(hits.distinct), others.above(hits.distinct)
    won = (hits.weights * (others.total - (reaching + above) / 2)).sum()
    return float(won / (hits.total * others.total))


def _average_precision(hits: _Sorted, others: _Sorted) -> float:
    if not hits.total:
        return 0.0
    found = hits.reaching(hits.distinct)
    precision = found / (found + others.reaching(hits.distinct))
    return float((hits.weights * precision).sum() / hits.total)


def _curves(hits: _Sorted, others: _Sorted) -> tuple[Floats, Floats, Floats]:
    """Recall, false positive rate and precision, from the highest score down."""
    shown = np.unique(np.append(hits.spread(), others.spread()))[::-1]
    found, false = hits.reaching(shown), others.reaching(shown)
    return (
        np.append(0.0, found / hits.total),
        np.append(0.0, false / others.total),
        np.append(1.0, found / (found + false)),
    )


def log_loss(true_places: NDArray[np.int64], shares: Floats, weights: Floats | None) -> float:
    """*shares* are (rows, classes), and *true_places* the columns that are right."""
    if shares.dtype.kind != "f":
        shares = shares.astype(float)
    tiny = np.finfo(shares.dtype).eps
    right = np.clip(shares[np.arange(len(shares)), true_places], tiny, 1 - tiny)
    return float(np.average(-np.log(right), weights=weights))
