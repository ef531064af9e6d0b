"""The log loss of a linear classifier after each iteration, computed for many at once."""

from __future__ import annotations

from typing import Any

from nbtrack.hooks.data.rows import random_rows, take_rows
from nbtrack.hooks.sklearn.classification_scores import Coded

MOST_ROWS = 2000
MOST_NUMBERS = 500_000  # of a matrix of rows x features, and of what is computed at once
MOST_KEPT = 1_000_000  # coefficients that wait to be computed with
SECONDS_PER_NUMBER = 2e-8  # of a matrix of rows x classes, measured


def can_follow(fitted: Any) -> bool:
    """Whether its probabilities are the softmax of a linear function."""
    return (
        hasattr(fitted, "classes_")
        and getattr(getattr(fitted, "coef_", None), "ndim", 0) == 2
        and hasattr(fitted, "intercept_")
        and type(fitted).__module__.startswith("sklearn.linear_model")
    )


class LinearLosses:
    def __init__(self, fitted: Any, X: Any, y: Any) -> None:
        import numpy as np

        rows, features = X.shape
        wanted = max(1, min(rows, MOST_ROWS, MOST_NUMBERS // max(features, 1)))
        if wanted < rows:
            places = random_rows(rows, wanted)
            X, y = take_rows(X, places), y[places]
        self._X = X
        labels = np.asarray(y)
        self._codes = Coded(labels, labels, classes=fitted.classes_).true
        self._waiting: list[tuple[int, Any]] = []
        self._most_waiting = max(2, MOST_KEPT // fitted.coef_.size)

    def add(self, step: int, fitted: Any) -> None:
        """Keep *fitted*, whose coefficients are a copy already. Called in every iteration."""
        self._waiting.append((step, fitted))
        if len(self._waiting) > self._most_waiting:
            del self._waiting[::2]

    def take(self, *, seconds: float) -> list[tuple[int, float]]:
        """(step, loss) of what was added since: as many steps as can be computed in *seconds*."""
        import numpy as np

        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        per_step = len(self._codes) * len(waiting[0][1].coef_)
        affordable = max(1, int(seconds / SECONDS_PER_NUMBER / per_step))
        if affordable < len(waiting):  # the last one always
            places = np.linspace(len(waiting) - 1, 0, affordable).astype(int)[::-1]
            waiting = [waiting[place] for place in places.tolist()]
        at_once = max(1, MOST_NUMBERS // per_step)
        parts = (waiting[i : i + at_once] for i in range(0, len(waiting), at_once))
        return [point for part in parts for point in self._losses(part)]

    def _losses(self, part: list[tuple[int, Any]]) -> list[tuple[int, float]]:
        import numpy as np

        coef = np.concatenate([fitted.coef_ for _, fitted in part])
        intercept = np.concatenate([np.atleast_1d(fitted.intercept_) for _, fitted in part])
        decisions = np.asarray(self._X @ coef.T + intercept)
        decisions = decisions.reshape(len(self._codes), len(part), -1)
        steps = [step for step, _ in part]
        return list(zip(steps, self._mean_losses(decisions).tolist()))

    def _mean_losses(self, decisions: Any) -> Any:
        """*decisions*: rows x iterations x classes, or x 1 for the second of two classes."""
        import numpy as np

        if decisions.shape[2] == 1:
            signs = np.where(self._codes == 1, -1.0, 1.0)[:, None]
            return np.logaddexp(0, signs * decisions[:, :, 0]).mean(axis=0)
        highest = decisions.max(axis=2, keepdims=True)
        totals = np.log(np.exp(decisions - highest).sum(axis=2)) + highest[:, :, 0]
        own = decisions[np.arange(len(self._codes)), :, self._codes]
        return (totals - own).mean(axis=0)
