"""What a fitted estimator says about its own training rows: asked once, shared by all who need it.

On many rows that may take long. Then a sample of rows is used, and `note` says so.
"""

from __future__ import annotations

import time
import weakref
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.capture.value_digest import is_sparse
from nbtrack.hooks.data.rows import random_rows, row_count, take_rows
from nbtrack.hooks.quiet import unnoticed
from nbtrack.hooks.sklearn.classification_scores import Coded, Thresholds
from nbtrack.hooks.sklearn.inner_estimators import deciding_estimator, may_change_input
from nbtrack.hooks.sklearn.row_budget import affordable_rows

if TYPE_CHECKING:
    from nbtrack.hooks.sklearn.fit_call import FitCall

LEAST_SECONDS = 1.0  # may always be spent on predicting
SHARE_OF_FIT = 0.1
UNTIMED_ROWS = 1000
_SEMI_SUPERVISED = "sklearn.semi_supervised"
PASSES = 2  # over the rows: labels, and probabilities or a score

_known: dict[int, tuple[weakref.ref[FitCall], FitPredictions]] = {}


def predictions_of(call: FitCall) -> FitPredictions:
    """The one that all recording steps of *call* share; it is gone when *call* is."""
    key = id(call)
    if key in _known and _known[key][0]() is call:
        return _known[key][1]
    made = FitPredictions(call)
    _known[key] = (weakref.ref(call, lambda _: _known.pop(key, None)), made)
    made.choose_rows(call)
    return made


class FitPredictions:
    """*X*, *y* and *weights* are the rows that are looked at; *y* is an array, or None."""

    def __init__(self, call: FitCall) -> None:
        self.estimator = call.estimator
        self.total_rows = row_count(call.X)
        self.is_sample = False
        self.note: str | None = None  # what the record should say about how this was found
        self.coded: Coded | None = None  # what metrics and plots compute of it, once
        self.thresholds: Thresholds | None = None
        # Until an answer is there: a failure is met, and told, by the first step that asks.
        self._has_failed = True
        self._seconds = max(LEAST_SECONDS, SHARE_OF_FIT * call.seconds)
        self._speaker = _without_printing(call.estimator)

    def choose_rows(self, call: FitCall) -> None:
        """All of them, or those that can be predicted in time."""
        import numpy as np

        self._is_whole = self._can_be_read_again() if call.y is not None else False
        places = self._places(call) if self._is_whole else None
        if self._is_whole and type(call.estimator).__module__.startswith(_SEMI_SUPERVISED):
            places = self._labelled(call, places)
        self.is_sample = places is not None
        self.X = call.X if places is None else take_rows(call.X, places)
        self.y = _targets(call.y, places)
        weights = call.sample_weight
        self.weights = None if weights is None else np.asarray(weights)[_all(places)]
        self._has_failed = False

    def _labelled(self, call: FitCall, places: Any) -> Any:
        """Those of *places* that have a label: -1 is none, and no prediction is wrong there."""
        import numpy as np

        labels = _targets(call.y, None)
        has_label = labels != -1
        if labels.ndim > 1 or has_label.all() or not has_label.any():
            return places
        self.note = f"on the {np.count_nonzero(has_label):,} rows that have a label"
        labelled = np.flatnonzero(has_label)
        return labelled if places is None else np.intersect1d(labelled, places)

    @property
    def can_be_asked(self) -> bool:
        """Whether there are targets, and the rows are still what it was trained on."""
        return not self._has_failed and self._is_whole

    def _can_be_read_again(self) -> bool:
        if self.total_rows is None:
            self.note = "none: the training data could be read only once"
        elif may_change_input(self.estimator):
            self.note = "none: with copy=False the estimator may have changed the training data"
        return self.note is None

    @cached_property
    def kind(self) -> str:
        """ "classifier", "regressor", or "other"."""
        from sklearn.base import is_classifier, is_regressor

        if is_classifier(self.estimator):
            return "classifier"
        return "regressor" if is_regressor(self.estimator) else "other"

    @property
    def predicted(self) -> Any:
        """An array; None when the estimator has no `predict`."""
        return self._answers[0]

    @property
    def probabilities(self) -> Any:
        """An array of a column per class (or label); None when there is none such."""
        return self._answers[1]

    @property
    def decisions(self) -> Any:
        """What `decision_function` returns, asked only where there are no probabilities."""
        return self._answers[2]

    @cached_property
    def _answers(self) -> tuple[Any, Any, Any]:
        # Together, because looking after the generators costs more than a small prediction.
        with unnoticed(self.estimator):
            start, self._has_failed = time.perf_counter(), True
            if _predicts_most_probable(self.estimator):
                probabilities = self._speaker.predict_proba(self.X)
                self._has_failed = False
                return _most_probable(self.estimator, probabilities), probabilities, None
            predicted = self._predicted()
            spent, self._has_failed = time.perf_counter() - start, False
            if predicted is None or self.kind != "classifier":
                return predicted, None, None
            if spent > self._seconds:
                self.note = f"without probabilities: predicting took {spent:.1f} s"
                return predicted, None, None
            probabilities = self._asked("predict_proba")
            decisions = None if probabilities is not None else self._asked("decision_function")
            return predicted, probabilities, decisions

    def _predicted(self) -> Any:
        import numpy as np

        if not hasattr(self._speaker, "predict"):
            return None
        answer = self._speaker.predict(self.X)
        return np.asarray(answer.toarray() if is_sparse(answer) else answer)

    def _asked(self, method: str) -> Any:
        """An array; None also where the estimator fails, which costs these numbers only."""
        answer: Any = None
        with guarded(f"call {method} on the training rows"):
            answer = getattr(self._speaker, method, lambda _: None)(self.X)
        return answer if hasattr(answer, "ndim") else None

    def score(self) -> Any:
        """The estimator's own score on the rows."""
        with unnoticed(self.estimator):
            return self._speaker.score(self.X, self.y, *self._score_weights())

    def _score_weights(self) -> tuple[Any, ...]:
        from inspect import signature

        names = list(signature(self.estimator.score).parameters)
        is_third = names[2:3] == ["sample_weight"]
        return (self.weights,) if is_third and self.weights is not None else ()

    def _places(self, call: FitCall) -> Any:
        """Which rows to look at; None is all of them."""
        count = self.total_rows or 0
        if count <= UNTIMED_ROWS or not hasattr(self._speaker, "predict"):
            return None
        with unnoticed(self.estimator):
            affordable = affordable_rows(
                count, lambda rows: self._seconds_for(call, rows), seconds=self._seconds / PASSES
            )
        if affordable >= count:
            return None
        self.note = f"on {affordable:,} of {count:,} rows, because predicting all takes long"
        return random_rows(count, affordable)

    def _seconds_for(self, call: FitCall, rows: int) -> float:
        sample = take_rows(call.X, random_rows(self.total_rows or 0, rows))
        start = time.perf_counter()
        self._speaker.predict(sample)
        return time.perf_counter() - start


def _predicts_most_probable(estimator: Any) -> bool:
    """Whether the label that `predict` gives is the most probable one: then one of them will do."""
    deciding = deciding_estimator(estimator)
    places = {_place_of(deciding, name) for name in ("predict", "predict_proba")}
    return places in _BY_PROBABILITY and getattr(deciding, "n_outputs_", 1) == 1


def _place_of(estimator: Any, method: str) -> tuple[str, str]:
    found = getattr(type(estimator), method, None)
    return getattr(found, "__module__", ""), getattr(found, "__qualname__", "")


def _methods(module: str, kind: str) -> set[tuple[str, str]]:
    return {(module, f"{kind}.predict"), (module, f"{kind}.predict_proba")}


_BY_PROBABILITY = (
    _methods("sklearn.ensemble._forest", "ForestClassifier"),
    _methods("sklearn.ensemble._bagging", "BaggingClassifier"),
    {  # by the highest decision, which both of them ask for
        ("sklearn.linear_model._base", "LinearClassifierMixin.predict"),
        ("sklearn.linear_model._logistic", "LogisticRegression.predict_proba"),
    },
)


def _most_probable(estimator: Any, probabilities: Any) -> Any:
    return estimator.classes_.take(probabilities.argmax(axis=1), axis=0)


def _without_printing(estimator: Any) -> Any:
    """scikit-learn's forests print when they predict: then a shallow copy that does not."""
    if not getattr(estimator, "verbose", 0) or not type(estimator).__module__.startswith("sklearn"):
        return estimator
    from copy import copy

    silent = copy(estimator)
    silent.verbose = 0
    return silent


def _targets(y: Any, places: Any) -> Any:
    """As an array of one column or, when there are several, a matrix."""
    import numpy as np

    if y is None:
        return None
    if is_sparse(y):
        y = y.toarray()
    array = np.asarray(y)
    array = array.ravel() if array.ndim == 2 and array.shape[1] == 1 else array
    return array[_all(places)]


def _all(places: Any) -> Any:
    return slice(None) if places is None else places
