"""Scores of classes from one table of counts: rows are the true classes, columns the predicted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class ClassCounts:
    """*labels* in order; *counts* of rows, *weighted* of their weights: both (classes, classes)."""

    def __init__(self, y: Any, predicted: Any, labels: Any, weights: Floats | None) -> None:
        self.labels = np.asarray(labels)
        order = np.argsort(self.labels, kind="stable")
        places = [order[np.searchsorted(self.labels[order], each)] for each in (y, predicted)]
        self.true_places, self.predicted_places = places
        pairs = places[0] * len(order) + places[1]
        shape = (len(order), len(order))
        self.counts = np.bincount(pairs, minlength=len(order) ** 2).reshape(shape)
        weighted = np.bincount(pairs, weights, minlength=len(order) ** 2).reshape(shape)
        self.weighted: Floats = weighted.astype(float)

    @property
    def hits(self) -> Floats:
        return np.diagonal(self.weighted)

    @property
    def support(self) -> Floats:
        return np.asarray(self.weighted.sum(axis=1))

    @property
    def total(self) -> float:
        return float(self.weighted.sum())

    def by_class(self) -> dict[str, Floats]:
        """Recall, precision and F1 of each; 0 where there is nothing to divide by."""
        predicted = self.weighted.sum(axis=0)
        return {
            "recall_score": _shares(self.hits, self.support),
            "precision_score": _shares(self.hits, predicted),
            "f1_score": _shares(2 * self.hits, self.support + predicted),
        }

    def scores(self, average: str, positive: int | None = None) -> dict[str, float]:
        """*average*: binary (of the class at *positive*), weighted, macro or micro."""
        accuracy = float(self.hits.sum()) / self.total
        found = {"accuracy_score": accuracy}
        for name, values in self.by_class().items():
            if average == "micro":
                found[name] = accuracy
            elif positive is not None:
                found[name] = float(values[positive])
            else:
                found[name] = self._mean(values, average)
        return found

    def _mean(self, values: Floats, average: str) -> float:
        if average == "weighted":
            return float(np.average(values, weights=self.support))
        is_there = (self.counts.sum(axis=0) + self.counts.sum(axis=1)) > 0
        return float(values[is_there].mean())

    def one_against_all(self, place: int) -> dict[str, float]:
        """Of the class at *place*: rows, not weights, for the four counts, as MLflow has them."""
        hit = int(self.counts[place, place])
        missed = int(self.counts[place].sum()) - hit
        false = int(self.counts[:, place].sum()) - hit
        return {
            "true_negatives": int(self.counts.sum()) - hit - missed - false,
            "false_positives": false,
            "false_negatives": missed,
            "true_positives": hit,
        }

    def accuracy_of(self, place: int) -> float:
        """Of telling that class from all others."""
        hit = self.weighted[place, place]
        off = self.support[place] + self.weighted[:, place].sum() - 2 * hit
        return float((self.total - off) / self.total)


def _shares(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
